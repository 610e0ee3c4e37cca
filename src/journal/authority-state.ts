import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { fromBase64, sameBytes, toBase64 } from '../base/bytes.ts'
import { hmac } from '../base/digest.ts'
import { type Frontier, frontierBytes, parseFrontier } from '../log/frontier.ts'
import type { Held } from './authority-fold.ts'
import { writeDurably } from './durable-file.ts'

/** What was learnt of the first `tree.size` entries. */
export type AuthorityState = { readonly tree: Frontier; readonly held: readonly Held[] }

/** A port: what a gate knows across a restart, kept where nobody who can write the database can. Null: nothing that is ours, so all is read again. */
export type AuthorityMemory = {
  readonly load: () => Promise<AuthorityState | null>
  /** Durable on return. */
  readonly save: (state: AuthorityState) => Promise<void>
}

const file = z.strictObject({
  v: z.literal(1),
  size: z.int().nonnegative(),
  frontier: z.string(),
  held: z.array(z.tuple([z.string(), z.int(), z.string().nullable(), z.number().nullable(), z.array(z.tuple([z.string(), z.int()]))])),
})

/**
 * The memory in one file of the gate's (mode 0600): its HMAC on the first line, then JSON. A file that another key made, or that was altered, is none.
 * Whoever can put an older one in its place reads the gate's keys as well, and what was learnt since is learnt again.
 */
export const authorityFile = (path: string, key: Uint8Array): AuthorityMemory => ({
  async load() {
    const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return null
      throw cause
    })
    return text === null ? null : parseState(text, key)
  },
  async save({ tree, held }) {
    const rows = held.map(({ subject, n, state, until, of }) => [subject, n, state, until, of])
    const body = JSON.stringify({ v: 1, size: tree.size, frontier: toBase64(frontierBytes(tree)), held: rows })
    await writeDurably(path, `${toBase64(hmac(key, body))}\n${body}`)
  },
})

function parseState(text: string, key: Uint8Array): AuthorityState | null {
  const end = text.indexOf('\n')
  const mac = fromBase64(text.slice(0, Math.max(0, end)))
  const body = text.slice(end + 1)
  if (!mac || !sameBytes(mac, hmac(key, body))) return null
  const state = file.safeParse(JSON.parse(body)).data
  const bytes = state && fromBase64(state.frontier)
  const tree = bytes && parseFrontier(bytes, state.size)
  return tree ? { tree, held: state.held.map(([subject, n, digest, until, of]) => ({ subject, n, state: digest, until, of })) } : null
}
