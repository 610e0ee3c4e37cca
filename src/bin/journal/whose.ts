import type { EntryFilter } from '../../journal/source-filter.ts'
import { isPseudonym, parseRef, type SubjectRef } from '../../journal/vault/subject.ts'
import { openSubjects } from '../../journal/vault/subjects.ts'
import { Fault } from '../../model/fault.ts'
import { secret } from '../../store/cluster/secrets.ts'
import { visitCluster } from '../../store/cluster/visit.ts'
import { PROCESS_ROLES } from '../../store/grants.ts'
import { openStorePool } from '../../store/open-pool.ts'
import { vaultStore } from '../../store/vault-store.ts'
import { newRandom } from '../parts/house.ts'
import { masterKeyFrom, VAULT_KEY } from '../parts/vault.ts'

/**
 * The filter with the person and the subject by their pseudonyms, as entries name them. Who typed one is believed; any other name is looked up in the vault of a
 * pilot's folder, or of DATABASE_URL with GATEHOUSE_VAULT_KEY. A person who is not found there is looked for as typed, as entries from before there were pseudonyms
 * have it, and `say` says so. Faults `config_invalid`: a subject that cannot be looked up, or is nobody there.
 */
export async function byPseudonym(filter: EntryFilter, data: string | undefined, say: (line: string) => void): Promise<EntryFilter> {
  const [person, subject] = [personIn(filter), subjectIn(filter)]
  if (person === null && subject === null) return filter
  const found = await lookedUp(data, [person, subject])
  if (subject !== null && !found?.[1]) throw unknownSubject(subject, found !== null)
  if (person !== null && !found?.[0])
    say(
      found === null
        ? `entries name people by pseudonym: set DATABASE_URL and ${VAULT_KEY} to have \`${filter.person}\` looked up; it is looked for as it is written`
        : `the vault knows no \`${filter.person}\`: looked for as it is written, as entries from before there were pseudonyms have it`,
    )
  return { ...filter, person: found?.[0] ?? filter.person, subject: found?.[1] ?? filter.subject }
}

function personIn({ person }: EntryFilter): SubjectRef | null {
  if (person === undefined || isPseudonym(person)) return null
  return parseRef(person) ?? parseRef(`person:${person}`)
}

function subjectIn({ subject }: EntryFilter): SubjectRef | null {
  if (subject === undefined || isPseudonym(subject)) return null
  const ref = parseRef(subject)
  if (ref !== null) return ref
  throw new Fault('config_invalid', `\`${subject}\` is no subject`, 'write person:ID or account:NUMBER, or the pseudonym that entries have')
}

/** What each is called, null where nobody is; null for all where the vault cannot be asked. */
async function lookedUp(data: string | undefined, refs: readonly (SubjectRef | null)[]): Promise<readonly (string | null)[] | null> {
  const place = vaultPlace(data)
  if (place === null) return null
  const pool = openStorePool({ connectionString: place.url, max: 1, connectionTimeoutMillis: 5000 })
  try {
    // Nothing is made or written: any role that may read the vault may look somebody up.
    const subjects = openSubjects({ store: vaultStore(pool), master: masterKeyFrom(place.master), random: newRandom, clock: Date.now })
    return await Promise.all(refs.map(async (ref) => (ref === null ? null : subjects.known(ref))))
  } finally {
    await pool.end()
  }
}

function vaultPlace(data: string | undefined): { readonly url: string; readonly master: string } | null {
  if (data !== undefined) return { url: visitCluster(data, 'gatehouse', PROCESS_ROLES.gate, 'db-gate'), master: secret(data, 'vault') }
  const [url, master] = [process.env['DATABASE_URL'], process.env[VAULT_KEY]]
  return url && master ? { url, master } : null
}

const unknownSubject = (subject: SubjectRef, asked: boolean): Fault =>
  asked
    ? new Fault(
        'config_invalid',
        `the vault knows no \`${subject}\`: nothing was recorded about it, or it is erased`,
        'search by the pseudonym, if you have it',
      )
    : new Fault(
        'config_invalid',
        `entries name \`${subject}\` by its pseudonym, and the vault cannot be asked for it`,
        `set DATABASE_URL and ${VAULT_KEY}, name a pilot with --data, or give the pseudonym`,
      )
