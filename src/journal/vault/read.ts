import { fromBase64url, toHex } from '../../base/bytes.ts'
import { ERASED } from '../../model/erased.ts'
import type { Entry } from '../entry.ts'
import { parseRecorded } from '../recorded.ts'
import type { PayloadOf } from '../verify-payload.ts'
import { openPayload, refIn } from './payload.ts'
import { privateDetails } from './private-parts.ts'
import type { Vault } from './vault.ts'
import type { VaultStore } from './vault-store.ts'

/** The entries with their sealed details in their places, for people's eyes only; `erased` where the keys are gone. Entries without any come back as they are. */
export async function unsealed<E extends Entry>(
  vault: Pick<Vault, 'toOpen'>,
  store: Pick<VaultStore, 'payloads'>,
  entries: readonly E[],
): Promise<readonly E[]> {
  const refs = entries.map(refIn)
  const digests = refs.flatMap((one) => (one === null ? [] : [one.digest]))
  if (digests.length === 0) return entries
  const rows = new Map((await store.payloads(digests)).map((row) => [toHex(row.digest), row]))
  return Promise.all(
    entries.map(async (entry, i) => {
      const found = refs[i] ?? null
      if (found === null) return entry
      const key = await vault.toOpen(found.ref.keyId)
      const ciphertext = rows.get(toHex(found.digest))?.ciphertext ?? null
      const opened = key === null || ciphertext === null ? null : openPayload(entry, key, ciphertext)
      return opened === null ? { ...entry, detail: { ...withoutRef(entry), ...erasedDetails(entry) } } : { ...entry, ...opened }
    }),
  )
}

const withoutRef = ({ detail }: Entry) => Object.fromEntries(Object.entries(detail ?? {}).filter(([name]) => name !== 'payload'))
const erasedDetails = ({ kind }: Entry) => Object.fromEntries(privateDetails(kind).map((name) => [name, ERASED]))

/** The ciphertexts that these entries (bodies as in the journal) name and that still are, for a store where nobody can remove them. */
export const payloadsOf =
  (store: Pick<VaultStore, 'payloads'>) =>
  async (
    _first: number,
    bodies: readonly Uint8Array[],
  ): Promise<readonly { readonly digest: string; readonly class: string; readonly ciphertext: Uint8Array }[]> => {
    const digests = bodies.flatMap((body) => {
      const entry = parseRecorded(body)
      const found = entry && refIn(entry)
      return found ? [found.digest] : []
    })
    if (digests.length === 0) return []
    return (await store.payloads(digests)).flatMap(({ digest, class: kind, ciphertext }) =>
      ciphertext === null ? [] : [{ digest: toHex(digest), class: kind, ciphertext }],
    )
  }

/** For verifying: the ciphertext that an entry names; where it was emptied, the subjects whose keys of it are destroyed; or not there. */
export const payloadOf =
  (store: Pick<VaultStore, 'payloads' | 'keys'>): PayloadOf =>
  async ({ digest, keyId }) => {
    const bytes = fromBase64url(digest)
    const [row] = bytes === null ? [] : await store.payloads([bytes])
    if (!row) return 'missing'
    if (row.ciphertext) return row.ciphertext
    // Whoever empties a ciphertext does not thereby destroy a key.
    const keysOf = (await store.keys(keyId.split('+'))).filter(({ wrapped }) => wrapped === null).map(({ pseudonym }) => pseudonym)
    return keysOf.length > 0 ? { keysOf: [...new Set(keysOf)] } : 'missing'
  }
