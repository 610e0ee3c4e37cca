import type { Outcome } from '../../base/outcome.ts'
import { invite } from '../../identity/invite.ts'
import { openPassphrases } from '../../identity/passphrase.ts'
import { openJournal } from '../../journal/open.ts'
import { Fault } from '../../model/fault.ts'
import { nextStepOf, type Refusal } from '../../model/refusal.ts'
import { journalStore } from '../../store/journal-store.ts'
import { openStorePool } from '../../store/open-pool.ts'
import { personStore } from '../../store/person-store.ts'
import { newRandom } from '../parts/house.ts'

/** An employee with an agent, and an approver: nobody approves their own, so there have to be two. */
export const PILOT_PEOPLE = [
  { id: 'anna', name: 'Anna Lind', groups: ['customer-service', 'exception-desk'] },
  { id: 'ben', name: 'Ben Okafor', groups: ['shift-leads'] },
] as const

export type PilotPerson = { readonly id: string; readonly name: string; readonly groups: readonly string[]; readonly passphrase: string }
export type PilotPeople = { readonly employee: PilotPerson; readonly approver: PilotPerson; readonly enrolmentCode: string }

/**
 * The two people of the pilot, the same at each start, and a fresh enrolment code for the employee's device. Nobody approves
 * their own agent's change, so there have to be two. Everything is journalled like an administrator's act.
 */
export async function peoplePilot({ databaseUrl, secret }: { readonly databaseUrl: string; readonly secret: (name: string) => string }): Promise<PilotPeople> {
  const pool = openStorePool({ connectionString: databaseUrl, max: 2 })
  const journal = openJournal({ store: journalStore({ pool }), clock: Date.now, node: 'pilot' })
  const people = personStore(pool)
  const passphrases = openPassphrases({ random: newRandom })

  async function stand({ id, name, groups }: (typeof PILOT_PEOPLE)[number]): Promise<PilotPerson> {
    const passphrase = secret(`passphrase-${id}`)
    const tried = await must(people.countTry(id, { now: Date.now(), triesMax: 100, lockedUntil: Date.now() }))
    if (!(tried && !tried.locked && tried.passphrase !== null)) {
      await must(people.setPassphrase(id, await must(passphrases.hash(passphrase))))
      await must(journal.record({ kind: 'person.passphrase_set', outcome: 'done', person: id, detail: { by: 'pilot' } }))
    }
    await must(people.clearTries(id))
    return { id, name, groups, passphrase }
  }

  try {
    const employee = await stand(PILOT_PEOPLE[0])
    const approver = await stand(PILOT_PEOPLE[1])
    const invited = await must(
      invite(
        { people, tell: journal.record, clock: Date.now, random: newRandom },
        { person: employee.id, purpose: 'device', by: 'pilot', correlation: 'pilot' },
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
