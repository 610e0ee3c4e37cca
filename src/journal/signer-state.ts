import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { fromBase64, toBase64 } from '../base/bytes.ts'
import { jsonOrNull } from '../base/json.ts'
import type { Frontier } from '../log/frontier.ts'
import { frontierBytes, parseFrontier } from '../log/frontier.ts'
import { broken } from './check-entry.ts'
import { writeDurably } from './durable-file.ts'

/**
 * The signer's own memory of the largest tree it ever signed: kept where nobody who can write the database can. A port.
 * `save` resolves only once the state survives a crash; a state is never replaced by half of another.
 */
export type SignerState = {
  /** Null before the first signature. */
  readonly load: () => Promise<Frontier | null>
  readonly save: (signed: Frontier) => Promise<void>
}

const stateFile = z.strictObject({ v: z.literal(1), size: z.int().nonnegative(), frontier: z.string() })

/** The state in one file of the signer's (mode 0600). A file that cannot be read as one throws `journal_broken`: forgetting must be a decision of a person. */
export const signerStateFile = (path: string): SignerState => ({
  load: async () => {
    const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return null
      throw cause
    })
    return text === null ? null : parseState(text)
  },
  save: (signed) => writeDurably(path, `${JSON.stringify({ v: 1, size: signed.size, frontier: toBase64(frontierBytes(signed)) })}\n`),
})

function parseState(text: string): Frontier {
  const state = stateFile.safeParse(jsonOrNull(text)).data
  const bytes = state && fromBase64(state.frontier)
  const frontier = bytes && parseFrontier(bytes, state.size)
  if (!frontier) throw broken("the signer's memory of what it signed cannot be read")
  return frontier
}
