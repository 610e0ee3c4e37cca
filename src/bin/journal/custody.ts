import { logOperationEntry } from '../../events/log-operation.ts'
import { openJournal } from '../../journal/open.ts'
import type { Receipt, Record } from '../../journal/record.ts'
import { vaulted } from '../../journal/vault/vaulted.ts'
import { Fault } from '../../model/fault.ts'
import { secret } from '../../store/cluster/secrets.ts'
import { visitCluster } from '../../store/cluster/visit.ts'
import { PROCESS_ROLES } from '../../store/grants.ts'
import { journalStore } from '../../store/journal-store.ts'
import { openStorePool } from '../../store/open-pool.ts'
import { newRandom } from '../parts/house.ts'
import { masterKeyFrom, openHouseVault, VAULT_KEY } from '../parts/vault.ts'

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

/** A database role that may append, and the vault's master key where there is one: without it, nobody's name or words may stand in the journal. */
export type CustodyPlace = { readonly url: string; readonly master: string | null }

/** A pilot's folder, or DATABASE_URL and perhaps GATEHOUSE_VAULT_KEY. Fault `config_invalid` where none is named. */
export function custodyPlace(data: string | undefined): CustodyPlace {
  if (data !== undefined) return { url: visitCluster(data, 'gatehouse', PROCESS_ROLES.gate, 'db-gate'), master: secret(data, 'vault') }
  const url = process.env['DATABASE_URL']
  if (url) return { url, master: process.env[VAULT_KEY] || null }
  throw new Fault(
    'config_invalid',
    'an export is itself an entry of the journal, and DATABASE_URL is not set',
    'set DATABASE_URL to the journal with a role that may append (the gate’s), or say --no-custody-entry, which the export will then tell',
  )
}

/**
 * Records that entries were handed out: durable once it resolves. With the vault, by whom (a pseudonym) and why (sealed); without, only which case: who and why
 * then stand in the case itself, under the manifest whose digest is recorded. Faults `postgres_unreachable`: then nothing may be handed out.
 */
export async function recordHanding({ url, master }: CustodyPlace, { name, reason, by, ...what }: Handing): Promise<Receipt> {
  const pool = openStorePool({ connectionString: url, max: 2, connectionTimeoutMillis: 5000 })
  let trouble: unknown = null
  const onTrouble = (cause: unknown): void => void (trouble = cause)
  const journal = openJournal({ store: journalStore({ pool }), clock: Date.now, node: 'export', onTrouble })
  try {
    const recorded = await tell(journal.record)
    if (recorded.ok) return recorded.value
    const why = trouble instanceof Error ? trouble.message : recorded.refusal.detail
    throw new Fault(
      'postgres_unreachable',
      `the export cannot be recorded in the journal, so nothing was handed out: ${why}`,
      'use a database role that may append to the journal',
    )
  } finally {
    await journal.drain()
    await pool.end()
  }

  async function tell(record: Record): ReturnType<Record> {
    if (master === null) {
      const { person: _, ...entry } = logOperationEntry('journal.exported', '', { ...what, why: `case ${name}` })
      return record(entry)
    }
    const { vault } = await openHouseVault(pool, masterKeyFrom(master))
    const person = await vault.subjects.pseudonym(`person:${by}`)
    return vaulted({ record, vault, random: newRandom, onTrouble })(logOperationEntry('journal.exported', person, { ...what, why: `case ${name}: ${reason}` }))
  }
}
