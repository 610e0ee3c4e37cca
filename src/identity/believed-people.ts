import { type Brand, mint } from '../base/brand.ts'
import type { Grant } from '../model/grant.ts'
import { type Authority, believed, believedOnce } from './authority.ts'
import { deskGrant, deskSubject, inviteGrant, inviteSubject, passphraseGrant, personGrant } from './grants.ts'
import type { Person, PersonStore } from './person-store.ts'

/** People, their codes and sign-ins, of which a row counts only where the journal has it. */
export type BelievedPeople = Brand<PersonStore, 'BelievedPeople'>

/** What grants (`byId`: groups; `countTry`: a passphrase; `takeInvite`: a code; `desk`: a sign-in) refuses `authority_mismatch` too. */
export function believedPeople(people: PersonStore, authority: Authority): BelievedPeople {
  return mint<BelievedPeople>({
    ...people,
    byId: (id) =>
      believed(
        authority,
        () => people.byId(id),
        (person) => person && { grants: groupsOf(person), mismatch: { subject: `person:${person.id}`, person: person.id } },
      ),
    // Looked for once more it counts as one more try: a try that met a passphrase in the middle of being set.
    countTry: (id, rule) =>
      believed(
        authority,
        () => people.countTry(id, rule),
        (tried) =>
          tried === null || tried.locked || tried.passphrase === null
            ? null
            : { grants: [passphraseGrant(id, tried.passphrase)], mismatch: { subject: `passphrase:${id}`, person: id } },
      ),
    async takeInvite(hash, purpose, now) {
      const taken = await people.takeInvite(hash, purpose, now)
      if (!taken.ok || taken.value === null) return taken
      const person = taken.value
      return believedOnce(authority, person, [inviteGrant(hash, { person, purpose })], { subject: inviteSubject(hash), person })
    },
    desk: (hash, now) =>
      believed(
        authority,
        () => people.desk(hash, now),
        (desk) => desk && { grants: [deskGrant(hash, desk), ...groupsOf(desk.who)], mismatch: { subject: deskSubject(hash), person: desk.person } },
      ),
  })
}

/** A row without groups grants none. */
const groupsOf = (person: Person): readonly Grant[] => (person.groups.length === 0 ? [] : [personGrant(person)])
