import { existsSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Fault } from '../model/fault.ts'
import { AGENT_CLIENTS, blockFor, type ClientName, type Launch } from './agent-client.ts'
import type { Machine } from './home.ts'
import { writePrivate } from './private-file.ts'

/** What became of the client's file. `backup`: the file as it was before, beside it. */
export type Installed = { readonly title: string; readonly file: string; readonly change: 'written' | 'already there'; readonly backup: string | null }

/**
 * Enters the connector as server `gatehouse` in the client's own file, leaving everything else in it as it is. A second time it
 * changes nothing. Faults: the file is not plain JSON (comments, a slip of the pen) or has no place for servers; it is then untouched,
 * and the fault names the block to paste.
 */
export function install(name: ClientName, launch: Launch, machine: Machine, now: Date): Installed {
  const client = AGENT_CLIENTS[name]
  const listed = client.file(machine)
  // A file kept elsewhere behind a link stays there.
  const file = existsSync(listed) ? realpathSync(listed) : listed
  const block = blockFor(client, launch)
  const before = existsSync(file) ? readFileSync(file, 'utf8') : null
  const config = readConfig(file, before, block)
  const servers = config[client.member] ?? {}
  if (!isObject(servers)) throw cannotMerge(file, `\`${client.member}\` in \`${file}\` is not an object`, block)

  const entry = client.entry(launch)
  if (isDeepStrictEqual(servers['gatehouse'], entry)) return { title: client.title, file, change: 'already there', backup: null }
  const after = { ...config, [client.member]: { ...servers, gatehouse: entry } }
  const backup = before === null ? null : `${file}.${now.toISOString().replaceAll(':', '-')}.bak`
  const mode = before === null ? 0o600 : statSync(file).mode & 0o777
  try {
    mkdirSync(dirname(file), { recursive: true })
    if (backup !== null && before !== null) writePrivate(backup, before, mode)
    writePrivate(file, `${JSON.stringify(after, null, indentOf(before))}\n`, mode)
  } catch (cause) {
    throw new Fault('config_invalid', `\`${file}\` cannot be written`, pasteNext(file, block), { cause })
  }
  return { title: client.title, file, change: 'written', backup }
}

function readConfig(file: string, text: string | null, block: string): Readonly<Record<string, unknown>> {
  const plain = (text ?? '').replace(/^\uFEFF/, '')
  if (plain.trim() === '') return {}
  try {
    const config: unknown = JSON.parse(plain)
    if (isObject(config)) return config
  } catch {
    // Told below, with what to do.
  }
  throw cannotMerge(file, `\`${file}\` is not plain JSON, perhaps because of comments, and was left as it is`, block)
}

const cannotMerge = (file: string, message: string, block: string): Fault => new Fault('config_invalid', message, pasteNext(file, block))
const pasteNext = (file: string, block: string): string => `put this into \`${file}\` yourself, beside what is there:\n${block}\n`

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** As the file has it, so that a diff shows our lines alone. */
const indentOf = (text: string | null): string => /^[{[]\s*\n([ \t]+)\S/.exec(text ?? '')?.[1] ?? '  '
