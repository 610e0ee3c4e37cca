import { toBase64 } from '../../base/bytes.ts'
import type { Outcome } from '../../base/outcome.ts'
import { logOperationEntry } from '../../events/log-operation.ts'
import { checkTail } from '../../journal/check-tail.ts'
import { openJournal } from '../../journal/open.ts'
import type { Record } from '../../journal/record.ts'
import type { Proved } from '../../journal/source-proof.ts'
import { vaulted } from '../../journal/vault/vaulted.ts'
import type { Trust } from '../../journal/verify-trust.ts'
import { leafHash } from '../../log/leaf.ts'
import { Fault } from '../../model/fault.ts'
import { secret } from '../../store/cluster/secrets.ts'
import { visitCluster } from '../../store/cluster/visit.ts'
import { PROCESS_ROLES } from '../../store/grants.ts'
import { journalStore } from '../../store/journal-store.ts'
import { checkReached, newRandom } from '../parts/house.ts'
import { masterKeyFrom, openHouseVault, VAULT_KEY } from '../parts/vault.ts'
import type { PlaceOptions } from './options.ts'
import { provedSoon } from './proved-soon.ts'
import { behindOf, type Database, openDatabase } from './sources.ts'

/** Who hands out which entries, and why; `sha256` (hexadecimal) is that of the manifest, whose name is `file`. */
export type Handing = {
  readonly name: string
  readonly reason: string
  readonly by: string
  readonly from: number
  readonly to: number
  readonly file: string
  readonly sha256: string
}

/** The entry that tells of an export, byte for byte; `leaf` is its leaf hash, base64. */
export type CustodyEntry = { readonly index: number; readonly leaf: string; readonly body: Uint8Array }

/** The journal that an export is recorded in. `sealed`: its entry says who (by pseudonym) and why (in the vault); otherwise it names the case alone. */
export type Custody = {
  readonly sealed: boolean
  /** Durable once it resolves. Faults `postgres_unreachable`: then nothing may be handed out. */
  readonly record: (handing: Handing) => Promise<CustodyEntry>
  /** The entry's receipt, once the signer has signed over it and, with a policy, its witnesses have seen it; or why there is none within a few seconds. */
  readonly prove: (trust: Trust, index: number) => Promise<Outcome<Proved, string>>
  readonly close: () => Promise<void>
}

const PROVED_WITHIN_SECONDS = 5

/**
 * In a pilot's database, or at DATABASE_URL by a role that may append, with the vault's master key where that is at hand: without it, nobody's name or words may
 * stand in the journal. As every process that writes to the journal, it looks at the server and at the journal's tail first.
 * Faults `config_invalid`, `postgres_unreachable`, `fsync_off`, `journal_broken`.
 */
export async function openCustody(options: PlaceOptions): Promise<Custody> {
  const { url, master } = custodyPlace(options.data)
  const database = openDatabase(url, { cosigned: options.policy !== undefined, behind: behindOf(options) })
  try {
    return await custodyIn(database, master)
  } catch (cause) {
    await database.close()
    throw cause
  }
}

function custodyPlace(data: string | undefined): { readonly url: string; readonly master: string | null } {
  if (data !== undefined) return { url: visitCluster(data, 'gatehouse', PROCESS_ROLES.gate, 'db-gate'), master: secret(data, 'vault') }
  const url = process.env['DATABASE_URL']
  if (url) return { url, master: process.env[VAULT_KEY] || null }
  throw new Fault(
    'config_invalid',
    'an export is itself an entry of the journal, and DATABASE_URL is not set',
    'set DATABASE_URL to the journal with a role that may append (the gate’s), or say --no-custody-entry, which the export will then tell',
  )
}

async function custodyIn({ pool, store, source, close }: Database, master: string | null): Promise<Custody> {
  await checkReached(pool)
  await checkTail(store)
  const vault = master === null ? null : (await openHouseVault(pool, masterKeyFrom(master))).vault
  let trouble: unknown = null
  const onTrouble = (cause: unknown): void => void (trouble = cause)
  const journal = openJournal({ store: journalStore({ pool }), clock: Date.now, node: 'export', onTrouble })

  async function told({ name, reason, by, ...what }: Handing): ReturnType<Record> {
    if (vault === null) {
      const { person: _, ...entry } = logOperationEntry('journal.exported', '', { ...what, why: `case ${name}` })
      return journal.record(entry)
    }
    const person = await vault.subjects.pseudonym(`person:${by}`)
    const record = vaulted({ record: journal.record, vault, random: newRandom, onTrouble })
    return record(logOperationEntry('journal.exported', person, { ...what, why: `case ${name}: ${reason}` }))
  }

  return {
    sealed: vault !== null,
    record: async (handing) => {
      const recorded = await told(handing)
      if (!recorded.ok)
        throw new Fault(
          'postgres_unreachable',
          `the export cannot be recorded in the journal, so nothing was handed out: ${trouble instanceof Error ? trouble.message : recorded.refusal.detail}`,
          'use a database role that may append to the journal',
        )
      const { index, leaf } = recorded.value
      const [stored] = await store.read(index, 1)
      // INVARIANT: what goes into the folder is what was acknowledged.
      if (!stored || toBase64(leafHash(stored.body)) !== leaf) throw new Error(`entry ${index} in the database is not the one that was recorded`)
      return { index, leaf, body: stored.body }
    },
    prove: (trust, index) => provedSoon({ source, trust }, index, PROVED_WITHIN_SECONDS),
    close: async () => {
      await journal.drain()
      await close()
    },
  }
}
