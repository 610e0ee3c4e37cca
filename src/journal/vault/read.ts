import { sameBytes, toHex } from '../../base/bytes.ts'
import { sha256 } from '../../base/digest.ts'
import { ERASED } from '../../model/erased.ts'
import type { Entry } from '../entry.ts'
import { parseRecorded } from '../recorded.ts'
import type { PayloadOf } from '../verify-payload.ts'
import { openPayload, refIn } from './payload.ts'
import { privateDetails } from './private-parts.ts'
import type { Vault } from './vault.ts'
import type { VaultStore } from './vault-store.ts'

/**
 * The entries with their sealed details in their places, for people's eyes only; `erased` where the keys are gone, or the ciphertext that the entry names is (which of
 * the two `journal verify --payloads` tells). Entries without any come back as they are.
 */
export async function unsealed<Item extends { readonly index: number; readonly entry: Entry }>(
  vault: Pick<Vault, 'toOpen'>,
  store: Pick<VaultStore, 'payloads'>,
  items: readonly Item[],
): Promise<readonly Item[]> {
  const refs = new Map(
    items.flatMap(({ index, entry }) => {
      const found = refIn(entry)
      return found ? [[index, found] as const] : []
    }),
  )
  if (refs.size === 0) return items
  const ciphertexts = new Map((await store.payloads([...refs.keys()])).map(({ index, ciphertext }) => [index, ciphertext]))
  return Promise.all(
    items.map(async (item) => {
      const { index, entry } = item
      const found = refs.get(index)
      if (found === undefined) return item
      const key = await vault.toOpen(found.ref.keyId)
      const ciphertext = ciphertexts.get(index) ?? null
      // Of entries that say the same in clear, each opens by its own digest only.
      const isOwn = ciphertext !== null && sameBytes(sha256(ciphertext), found.digest)
      const opened = key !== null && isOwn ? openPayload(entry, key, ciphertext) : null
      return { ...item, entry: opened === null ? { ...entry, detail: { ...withoutRef(entry), ...erasedDetails(entry) } } : { ...entry, ...opened } }
    }),
  )
}

const withoutRef = ({ detail }: Entry) => Object.fromEntries(Object.entries(detail ?? {}).filter(([name]) => name !== 'payload'))
const erasedDetails = ({ kind }: Entry) => Object.fromEntries(privateDetails(kind).map((name) => [name, ERASED]))

/** The ciphertexts that these entries (bodies as in the journal) name and that still are, for a store where nobody can remove them. Throws where somebody took a row away. */
export const payloadsOf =
  (store: Pick<VaultStore, 'payloads'>) =>
  async (
    first: number,
    bodies: readonly Uint8Array[],
  ): Promise<readonly { readonly digest: string; readonly class: string; readonly ciphertext: Uint8Array }[]> => {
    const digests = new Map(
      bodies.flatMap((body, i) => {
        const entry = parseRecorded(body)
        const found = entry && refIn(entry)
        return found ? [[first + i, toHex(found.digest)] as const] : []
      }),
    )
    if (digests.size === 0) return []
    const rows = new Map((await store.payloads([...digests.keys()])).map((row) => [row.index, row]))
    return [...digests].flatMap(([index, digest]) => {
      const row = rows.get(index)
      if (!row) throw new Error(`the row of the ciphertext that entry ${index} names is gone: an erasure leaves it there, empty`)
      return row.ciphertext === null ? [] : [{ digest, class: row.class, ciphertext: row.ciphertext }]
    })
  }

/** For verifying: the ciphertext that an entry names; where it was emptied, the subjects whose keys of it are destroyed; or not there. */
export const payloadOf =
  (store: Pick<VaultStore, 'payloads' | 'keys'>): PayloadOf =>
  async ({ index, keyId }) => {
    const [row] = await store.payloads([index])
    if (!row) return 'missing'
    if (row.ciphertext) return row.ciphertext
    // Whoever empties a ciphertext does not thereby destroy a key.
    const keysOf = (await store.keys(keyId.split('+'))).filter(({ wrapped }) => wrapped === null).map(({ pseudonym }) => pseudonym)
    return keysOf.length > 0 ? { keysOf: [...new Set(keysOf)] } : 'missing'
  }
