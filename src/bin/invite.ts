import { needed } from '../config/environment.ts'
import { invite } from '../identity/invite.ts'
import { openJournal } from '../journal/open.ts'
import { Fault } from '../model/fault.ts'
import { journalStore } from '../store/journal-store.ts'
import { openStorePool } from '../store/open-pool.ts'
import { personStore } from '../store/person-store.ts'
import { keptSecret } from './kept-secret.ts'
import { newRandom } from './parts/house.ts'
import { readConfig } from './read-config.ts'
import { roleUrl } from './start-house.ts'

/** A one-time link for a person of the configuration to set a passphrase with, journalled as the administrator's act. */
export async function invitePerson(id: string, configFile: string): Promise<string> {
  const config = readConfig(configFile)
  const person = config.people.find((one) => one.id === id)
  if (!person) throw new Fault('config_invalid', `the configuration has no person \`${id}\``, 'add the person under `people`, with name and groups')
  const adminUrl = needed(process.env, 'DATABASE_URL', "the administrator's URL that `gatehouse serve` runs with")
  const pool = openStorePool({ connectionString: roleUrl(adminUrl, 'gate', keptSecret(config.keys, 'db-gate')), max: 2, connectionTimeoutMillis: 5000 })
  const journal = openJournal({ store: journalStore({ pool }), clock: Date.now, node: 'enrol' })
  try {
    const people = personStore(pool)
    const there = await people.put(person)
    const invited = there.ok
      ? await invite(
          { people, tell: journal.record, clock: Date.now, random: newRandom },
          { person: id, purpose: 'sign-in', by: 'administrator', correlation: 'enrol' },
        )
      : there
    if (!invited.ok) throw new Fault('postgres_unreachable', invited.refusal.detail, 'start `gatehouse serve` once with this configuration, then invite')
    return `${person.name} sets a passphrase at ${config.deskUrl}/welcome?code=${encodeURIComponent(invited.value.code)}\nThe link works once, until ${new Date(invited.value.expiresAt).toISOString()}.\n`
  } finally {
    await journal.drain()
    await pool.end()
  }
}
