import { randomBytes } from 'node:crypto'
import { fromBase64, toBase64, utf8 } from '../../src/base/bytes.ts'
import { ed25519Public, ed25519Sign, ed25519Verify } from '../../src/base/ed25519.ts'
import { type Authority, type AuthorityHouse, type GrantKey, openAuthority } from '../../src/journal/authority.ts'
import type { EntryStore, Head, StoredEntry } from '../../src/journal/entry-store.ts'
import { openJournal } from '../../src/journal/open.ts'

/** A gate's key, as real as the one in its file. */
export function grantKey(seed: Uint8Array = randomBytes(32)): GrantKey {
  const publicKey = ed25519Public(seed)
  return {
    sign: (text) => toBase64(ed25519Sign(seed, utf8(text))),
    verify: (text, signature) => ed25519Verify(publicKey, utf8(text), fromBase64(signature) ?? new Uint8Array(0)),
    digests: seed,
  }
}

/** The authority of a gate without a signer beside it, unless one is given. */
export const testAuthority = (given: Pick<AuthorityHouse, 'store' | 'record' | 'clock'> & Partial<AuthorityHouse>): Promise<Authority> =>
  openAuthority({ key: grantKey(), vkey: async () => null, memory: null, ...given })

/** What was granted before a test began: the same authority over a journal in memory, so that the test's own journal is empty. */
export async function authorityOfBefore(clock: () => number): Promise<Authority> {
  const entries: StoredEntry[] = []
  let head: Head = { size: 0, frontier: new Uint8Array(0), epoch: 0 }
  const store: Pick<EntryStore, 'head' | 'read' | 'checkpoints' | 'take' | 'append'> = {
    take: async () => head,
    head: async () => head,
    read: async (from, limit) => entries.slice(from, from + limit),
    checkpoints: async () => [],
    append: async ({ bodies, leaves, frontier }) => {
      for (const [i, body] of bodies.entries()) entries.push({ index: entries.length, body, leaf: leaves[i] ?? new Uint8Array(32) })
      head = { ...head, size: entries.length, frontier }
      return 'appended'
    },
  }
  return testAuthority({ store, record: openJournal({ store, clock, node: 'before' }).record, clock })
}
