import { posix } from 'node:path'
import { lineAt, type Source } from './syntax.ts'

const LINK = /\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)|^\[[^\]]+\]:\s+(\S+)|(?:src|href)="([^"]+)"/gm

/** Links of a Markdown file to files that do not exist. Addresses on the web and headings are not looked at, nor is anything in code. */
export const deadLinks = ({ path, text }: Source, exists: (path: string) => boolean): readonly string[] =>
  [...withoutCode(text).matchAll(LINK)].flatMap(({ index, 1: inline, 2: reference, 3: attribute }) => {
    const target = (inline ?? reference ?? attribute ?? '').replace(/[#?].*$/, '')
    if (target === '' || /^[a-z][a-z+.-]*:/i.test(target)) return []
    const file = target.startsWith('/') ? target.slice(1) : posix.join(posix.dirname(path), decodeURI(target))
    return exists(file) ? [] : [`${path}:${lineAt(text, index)}: links to \`${target}\`, which does not exist`]
  })

/** The same text, offsets and lines kept, with fenced blocks and code spans blanked. */
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```|`[^`\n]*`/gm, (code) => code.replace(/[^\n]/g, ' '))
