import { posix } from 'node:path'
import { isCode, isTest, lineAt, type Source } from './syntax.ts'

type TextBan = { readonly why: string; readonly where: (path: string) => boolean; readonly pattern: RegExp }

/** Bans in text of every kind, code or not. */
const TEXT_BANS: readonly TextBan[] = [
  { why: 'trailing white space', where: () => true, pattern: /[ \t\r]+$/gm },
  { why: 'the file does not end with one line feed', where: () => true, pattern: /(?<!\n)(?![\s\S])|\n\n(?![\s\S])/g },
  {
    why: 'a path of one machine helps nobody on another',
    where: (path) => !isTest(path) && !path.startsWith('test/'),
    pattern: /(?<![\w.~-])\/(?:work|Users)\/\w/g,
  },
  {
    why: 'a path of one machine helps nobody on another',
    where: (path) => !isTest(path) && !path.startsWith('test/') && !path.endsWith('.md'),
    pattern: /(?<![\w.~-])\/home\/\w/g,
  },
  { why: 'a note to oneself is read by nobody: do it, or open an issue', where: (path) => !isCode(path), pattern: /\b(?:TODO|FIXME|XXX)\b/g },
]

export const untidyText = ({ path, text }: Source): readonly string[] => [
  ...TEXT_BANS.filter(({ where }) => where(path)).flatMap(({ why, pattern }) =>
    [...text.matchAll(pattern)].map(({ index }) => `${path}:${lineAt(text, index)}: ${why}`),
  ),
  ...untidyName(path),
]

const NAMELESS = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'manager', 'service'])

/** A file is named by its one noun or verb. */
function untidyName(path: string): readonly string[] {
  const words = posix.basename(path).split(/[.-]/)
  if (!isCode(path)) return []
  if (words[0] === 'index' && path.startsWith('src/')) return [`${path}: an index file is a barrel or hides its noun; name it by what it holds`]
  const vague = words.find((word) => NAMELESS.has(word))
  return vague === undefined ? [] : [`${path}: \`${vague}\` is where things without a name gather; what has no noun has no room yet`]
}
