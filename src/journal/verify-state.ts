import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import { fromBase64, toBase64, toBase64url } from '../base/bytes.ts'
import { canonical } from '../base/canonical.ts'
import { sha256 } from '../base/digest.ts'
import { jsonOrNull } from '../base/json.ts'
import type { Frontier } from '../log/frontier.ts'
import { frontierBytes, parseFrontier } from '../log/frontier.ts'
import { Fault } from '../model/fault.ts'
import { writeDurably } from './durable-file.ts'

const stateFile = z.strictObject({
  v: z.literal(2),
  log: z.string(),
  source: z.string(),
  trust: z.string(),
  size: z.int().nonnegative(),
  frontier: z.string(),
  digest: z.string(),
})

/**
 * What a verifier remembers from one run to the next: the tree that was vouched for, by whose word (key and policy), of which log, in which source. Entries
 * after it are not in it: the next run reads them again. One file (mode 0600), whole or as it was before;
 * a digest over it shows a file that a disk or a hand garbled, but who may write it may write anything: it must be the verifier's alone.
 */
export type VerifiedState = {
  /** Null before the first run. Faults `config_invalid`: open to other users, no such file's, or of another log, source or trust. */
  readonly load: () => Promise<Frontier | null>
  readonly save: (tree: Frontier) => Promise<void>
}

/** `trust`: a digest of key and policy. */
export function verifiedState(path: string, { log, source, trust }: { readonly log: string; readonly source: string; readonly trust: string }): VerifiedState {
  const invalid = (message: string): Fault => new Fault('config_invalid', `\`${path}\` ${message}`, 'verify in full, with another file for --incremental')

  async function load(): Promise<Frontier | null> {
    const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return null
      throw invalid(`cannot be read (${cause.code ?? 'no reason given'})`)
    })
    if (text === null) return null
    if (process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0) throw invalid('is open to other users: what it says may be theirs')
    const state = stateFile.safeParse(jsonOrNull(text)).data
    const bytes = state && fromBase64(state.frontier)
    const tree = bytes && parseFrontier(bytes, state.size)
    if (!tree || digestOf(state) !== state.digest) throw invalid('is not what a verification left there')
    if (state.log !== log) throw invalid(`is of the log ${state.log}, not of ${log}`)
    if (state.source !== source) throw invalid(`is of ${state.source}, not of ${source}`)
    if (state.trust !== trust) throw invalid('was verified by another key or policy')
    return tree
  }

  return {
    load,
    save: (tree) => {
      const state = { v: 2 as const, log, source, trust, size: tree.size, frontier: toBase64(frontierBytes(tree)) }
      return writeDurably(path, `${JSON.stringify({ ...state, digest: digestOf(state) })}\n`)
    },
  }
}

const digestOf = ({ v, log, source, trust, size, frontier }: Omit<z.infer<typeof stateFile>, 'digest'>): string =>
  toBase64url(sha256(canonical({ v, log, source, trust, size, frontier })))
