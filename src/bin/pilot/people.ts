import type { Outcome } from '../../base/outcome.ts'
import type { Config } from '../../config/config.ts'
import { isBelieved } from '../../identity/authority.ts'
import { believedPeople } from '../../identity/believed-people.ts'
import { passphraseGrant } from '../../identity/grants.ts'
import { invite } from '../../identity/invite.ts'
import { openPassphrases } from '../../identity/passphrase.ts'
import { openJournal } from '../../journal/open.ts'
import { Fault } from '../../model/fault.ts'
import { nextStepOf, type Refusal } from '../../model/refusal.ts'
import { openStorePool } from '../../store/open-pool.ts'
import { personStore } from '../../store/person-store.ts'
import { openHouseAuthority } from '../parts/authority.ts'
import { readGrantKey } from '../parts/decision-key.ts'
import { journalEntries, newRandom } from '../parts/house.ts'
import { bytesOf, publishedAt } from '../parts/published.ts'
import { masterKeyFrom, openHouseVault } from '../parts/vault.ts'

/** An employee with an agent, and an approver: nobody approves their own, so there have to be two. */
export const PILOT_PEOPLE = [
  { id: 'anna', name: 'Anna Lind', groups: ['customer-service', 'exception-desk'] },
  { id: 'ben', name: 'Ben Okafor', groups: ['shift-leads'] },
] as const

/** `config`: the gate's, whose key grants. */
type Ground = { readonly databaseUrl: string; readonly secret: (name: string) => string; readonly config: Config }

/** `id`: what they type; `pseudonym`: what our store and journal call them. */
export type PilotPerson = {
  readonly id: string
  readonly pseudonym: string
  readonly name: string
  readonly groups: readonly string[]
  readonly passphrase: string
}
export type PilotPeople = { readonly employee: PilotPerson; readonly approver: PilotPerson; readonly enrolmentCode: string }

/**
 * The two people of the pilot, the same at each start, and a fresh enrolment code for the employee's device. Nobody approves
 * their own agent's change, so there have to be two. Everything is journalled like an administrator's act.
 */
export async function peoplePilot({ databaseUrl, secret, config }: Ground): Promise<PilotPeople> {
  const pool = openStorePool({ connectionString: databaseUrl, max: 2 })
  const entries = journalEntries(pool, bytesOf(publishedAt(config).objects))
  const journal = openJournal({ store: entries, clock: Date.now, node: 'pilot' })
  const key = await readGrantKey(config)
  const authority = await openHouseAuthority({ config, entries, record: journal.record, key }, false)
  const people = personStore(pool)
  const passphrases = openPassphrases({ random: newRandom })
  const { subjects } = (await openHouseVault(pool, masterKeyFrom(secret('vault')))).vault

  async function stand({ id: typed, name, groups }: (typeof PILOT_PEOPLE)[number]): Promise<PilotPerson> {
    const id = await subjects.pseudonym(`person:${typed}`)
    const passphrase = secret(`passphrase-${typed}`)
    const tried = await must(people.countTry(id, { now: Date.now(), triesMax: 100, lockedUntil: Date.now() }))
    const set = tried === null || tried.locked ? null : tried.passphrase
    if (set === null || !(await must(isBelieved(authority, [passphraseGrant(id, set)])))) {
      const hashed = await must(passphrases.hash(passphrase))
      await must(authority.grant({ kind: 'person.passphrase_set', outcome: 'done', person: id, detail: { by: 'pilot' } }, [passphraseGrant(id, hashed)]))
      await must(people.setPassphrase(id, hashed))
    }
    await must(people.clearTries(id))
    return { id: typed, pseudonym: id, name, groups, passphrase }
  }

  try {
    const employee = await stand(PILOT_PEOPLE[0])
    const approver = await stand(PILOT_PEOPLE[1])
    const invited = await must(
      invite(
        { people: believedPeople(people, authority), grant: authority.grant, clock: Date.now, random: newRandom },
        { person: employee.pseudonym, purpose: 'device', by: 'pilot', correlation: 'pilot' },
      ),
    )
    return { employee, approver, enrolmentCode: invited.code }
  } finally {
    await journal.drain()
    await pool.end()
  }
}

async function must<T>(asked: Promise<Outcome<T, Refusal>>): Promise<T> {
  const outcome = await asked
  if (!outcome.ok) throw new Fault('postgres_unreachable', outcome.refusal.detail, nextStepOf(outcome.refusal.code))
  return outcome.value
}
