import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { toHex } from '../../base/bytes.ts'
import { sha256 } from '../../base/digest.ts'
import { writeDurably } from '../../journal/durable-file.ts'
import { parseCheckpoint } from '../../log/checkpoint.ts'
import { cosignatures } from '../../log/cosignature.ts'
import { parseNote } from '../../log/note.ts'
import { formatVkey, type WitnessKey } from '../../log/note-key.ts'

/** What a witness last cosigned of a log: the checkpoint with the log's signature and its own. `turn` rises with each; 0 before the first. */
export type Cosigned = { readonly turn: number; readonly note: string | null }

/**
 * A witness's own memory: a port, kept by `witnessFolder`. `save` is a compare-and-swap: true once the note is durable as the one after `turn`, false,
 * with nothing changed, when another process saved one after that turn first. A call that rejects has an unknown outcome.
 */
export type WitnessMemory = {
  readonly load: (origin: string) => Promise<Cosigned>
  readonly save: (origin: string, turn: number, note: string) => Promise<boolean>
}

const MARK = 'witness.vkey'
const NAME = /^([0-9a-f]{64})\.([1-9][0-9]{0,15})\.checkpoint$/
/** Older ones may go. */
const TURNS_KEPT = 2

/** The name of a log in file names and addresses. */
export const originHash = (origin: string): string => toHex(sha256(origin))

/**
 * The memory in a folder: a file for each turn of a log, of which the last few stay. What the files say was held against the witness's own key at
 * the start, so no other's state passes for it. An older copy of its own would: see docs/guide/witness.md.
 */
export function witnessFolder(folder: string): WitnessMemory {
  const at = (origin: string, turn: number) => join(folder, `${originHash(origin)}.${turn}.checkpoint`)

  async function turnsOf(origin: string): Promise<readonly number[]> {
    const names = (await readdir(folder)).map((name) => NAME.exec(name))
    return names.flatMap((name) => (name?.[1] === originHash(origin) ? [Number(name[2])] : [])).toSorted((a, b) => b - a)
  }

  return {
    load: async (origin) => {
      const [turn] = await turnsOf(origin)
      return turn === undefined ? { turn: 0, note: null } : { turn, note: await readFile(at(origin, turn), 'utf8') }
    },
    save: async (origin, turn, note) => {
      const own = at(origin, turn + 1)
      try {
        await writeDurably(own, note, { fresh: true })
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
        throw cause
      }
      // INVARIANT: a file goes only once newer ones stand. So whoever took a name that had been taken before, and is gone, sees a newer one here.
      const [newest = 0, ...older] = await turnsOf(origin)
      if (newest !== turn + 1) {
        await rm(own, { force: true })
        return false
      }
      for (const one of older.slice(TURNS_KEPT)) await rm(at(origin, one), { force: true })
      return true
    },
  }
}

/** What stands in a folder: nothing yet, this witness's own state, or why it is not that. */
export type Standing = { readonly state: 'empty' } | { readonly state: 'own' } | { readonly state: 'foreign'; readonly why: string }

/** Looks at everything in the folder: each checkpoint must bear this witness's own cosignature, where its name says it lies. */
export async function inspectWitnessFolder(folder: string, key: WitnessKey): Promise<Standing> {
  const names = (await readdir(folder).catch(absentAsNone)).filter((name) => !name.endsWith('.draft'))
  if (names.length === 0) return { state: 'empty' }
  const foreign = (why: string): Standing => ({ state: 'foreign', why })
  const mark = await readFile(join(folder, MARK), 'utf8').catch(() => null)
  if (mark === null) return foreign('it holds files, and none says that it is a witness’s state')
  if (mark.trim() !== formatVkey(key)) return foreign(`it is that of the witness \`${mark.trim().split('+')[0]}\`, or of another key of that name`)
  for (const name of names.filter((file) => file !== MARK)) {
    const [, log] = NAME.exec(name) ?? []
    if (log === undefined) return foreign(`\`${name}\` in it is nothing of a witness`)
    if (!isOwn(await readFile(join(folder, name), 'utf8'), log, key)) return foreign(`\`${name}\` in it was not cosigned by this witness`)
  }
  return { state: 'own' }
}

function isOwn(text: string, log: string, key: WitnessKey): boolean {
  const note = parseNote(text)
  const checkpoint = note && parseCheckpoint(note.text)
  if (!checkpoint || originHash(checkpoint.origin) !== log) return false
  const own = cosignatures(note, [key])
  return own.ok && own.value.length > 0
}

/** Takes away what a witness that was killed left half written. */
export async function sweepWitnessFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.endsWith('.draft')) await rm(join(folder, name), { force: true })
}

/** Makes an empty folder this witness's own. Of two who do so at once one wins; the other's call rejects with EEXIST. */
export async function claimWitnessFolder(folder: string, key: WitnessKey): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeDurably(join(folder, MARK), `${formatVkey(key)}\n`, { fresh: true })
}

function absentAsNone(cause: NodeJS.ErrnoException): readonly string[] {
  if (cause.code === 'ENOENT') return []
  throw cause
}
