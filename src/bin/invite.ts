import { needed } from '../config/environment.ts'
import { believedPeople } from '../identity/believed-people.ts'
import { invite } from '../identity/invite.ts'
import { checkTail } from '../journal/check-tail.ts'
import { openJournal } from '../journal/open.ts'
import { Fault } from '../model/fault.ts'
import { openStorePool } from '../store/open-pool.ts'
import { personStore } from '../store/person-store.ts'
import { sealedPeople } from '../store/sealed-people.ts'
import { keptSecret } from './kept-secret.ts'
import { openHouseAuthority } from './parts/authority.ts'
import { readGrantKey } from './parts/decision-key.ts'
import { checkReached, journalEntries, newRandom } from './parts/house.ts'
import { assignPerson } from './parts/keep-people.ts'
import { bytesOf, publishedAt } from './parts/published.ts'
import { masterKeyFrom, openHouseVault } from './parts/vault.ts'
import { readConfig } from './read-config.ts'
import { roleUrl } from './start-house.ts'

/** A one-time link for a person of the configuration to set a passphrase with, journalled as the administrator's act. */
export async function invitePerson(id: string, configFile: string): Promise<string> {
  const config = readConfig(configFile)
  const person = config.people.find((one) => one.id === id)
  if (!person) throw new Fault('config_invalid', `the configuration has no person \`${id}\``, 'add the person under `people`, with name and groups')
  const adminUrl = needed(process.env, 'DATABASE_URL', "the administrator's URL that `gatehouse serve` runs with")
  const pool = openStorePool({ connectionString: roleUrl(adminUrl, 'gate', keptSecret(config.keys, 'db-gate')), max: 2, connectionTimeoutMillis: 5000 })
  const published = publishedAt(config)
  const entries = journalEntries(pool, bytesOf(published.objects))
  const journal = openJournal({ store: entries, clock: Date.now, node: 'enrol' })
  try {
    await checkReached(pool)
    await checkTail(entries)
    const key = await readGrantKey(config)
    const authority = await openHouseAuthority({ config, entries, record: journal.record, key }, false)
    const { vault } = await openHouseVault(pool, masterKeyFrom(keptSecret(config.keys, 'vault')))
    const people = believedPeople(sealedPeople(personStore(pool), vault), authority)
    const pseudonym = await vault.subjects.pseudonym(`person:${id}`)
    const there = await assignPerson(authority, people, { ...person, id: pseudonym })
    const invited = there.ok
      ? await invite(
          { people, grant: authority.grant, clock: Date.now, random: newRandom },
          { person: pseudonym, purpose: 'sign-in', by: 'administrator', correlation: 'enrol' },
        )
      : there
    if (!invited.ok) throw new Fault('postgres_unreachable', invited.refusal.detail, 'start `gatehouse serve` once with this configuration, then invite')
    return `${person.name} sets a passphrase at ${config.deskUrl}/welcome?code=${encodeURIComponent(invited.value.code)}\nThe link works once, until ${new Date(invited.value.expiresAt).toISOString()}.\n`
  } finally {
    await journal.drain()
    await pool.end()
    published.close()
  }
}
