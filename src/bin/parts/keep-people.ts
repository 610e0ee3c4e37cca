import { done, type Outcome } from '../../base/outcome.ts'
import type { Config } from '../../config/config.ts'
import { isBelieved } from '../../identity/authority.ts'
import { personGrant } from '../../identity/grants.ts'
import type { Person, PersonStore } from '../../identity/person-store.ts'
import type { Authority } from '../../journal/authority.ts'
import { Fault } from '../../model/fault.ts'
import type { Refusal } from '../../model/refusal.ts'

const PERSON = 'person:'

/** People are those of the configuration. Who was taken out of it keeps a name for old entries, and no group: no use case, no account, no decision. */
export async function keepPeople(config: Pick<Config, 'people'>, people: PersonStore, authority: Authority): Promise<void> {
  const isNamed = (id: string): boolean => config.people.some((person) => person.id === id)
  for (const { id, name, groups } of must(await people.all())) if (groups.length > 0 && !isNamed(id)) must(await people.put({ id, name, groups: [] }))
  for (const person of config.people) must(await assignPerson(authority, people, person))
  // Row or none: one that comes back later is worth nothing either.
  const named = new Set(config.people.map(({ id }) => `${PERSON}${id}`))
  for (const subject of authority.standing(PERSON)) if (!named.has(subject)) must(await authority.grant(UNASSIGNED, [{ ends: subject }]))
}

const UNASSIGNED = { kind: 'person.assigned', outcome: 'done', detail: { groups: [] } } as const

/** The person stands in our database with these groups, by an entry that says so: recorded when the journal does not say it yet. */
export async function assignPerson(authority: Authority, people: Pick<PersonStore, 'put'>, person: Person): Promise<Outcome<null, Refusal>> {
  const assigned = await assign(authority, person)
  return assigned.ok ? people.put(person) : assigned
}

async function assign(authority: Authority, person: Pick<Person, 'id' | 'groups'>): Promise<Outcome<null, Refusal>> {
  const grant = personGrant(person)
  const is = await isBelieved(authority, [grant])
  if (!is.ok || is.value) return is.ok ? done(null) : is
  const granted = await authority.grant({ kind: 'person.assigned', outcome: 'done', person: person.id, detail: { groups: [...person.groups] } }, [grant])
  // Another gate with the same configuration may have said so in the same moment.
  return granted.ok || authority.claim([grant])() ? done(null) : granted
}

function must<T>(outcome: Outcome<T, Refusal>): T {
  if (outcome.ok) return outcome.value
  throw new Fault('postgres_unreachable', outcome.refusal.detail, 'check that our database runs')
}
