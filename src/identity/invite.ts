import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { meantCode, newCode, secretHash } from './code.ts'
import { inviteGrant, inviteSubject, passphraseGrant } from './grants.ts'
import { PASSPHRASE_CHARACTERS_MIN } from './passphrase.ts'
import type { InvitePurpose } from './person-store.ts'
import type { FrontDesk } from './sign-in.ts'

const INVITE_HOURS = 24
const CODE_BYTES = 15

/** `by`: the person who invites; `administrator` at the command line, or `pilot`. */
export type Invitation = { readonly person: string; readonly purpose: InvitePurpose; readonly by: string; readonly correlation: string }

/** A code that works once, within a day, to set a passphrase or to enrol a device. Only its hash is kept: whoever gets it here has to hand it over. */
export async function invite(
  desk: Omit<FrontDesk, 'passphrases' | 'tell'>,
  { person, purpose, by, correlation }: Invitation,
): Promise<Outcome<{ readonly code: string; readonly expiresAt: number }, Refusal>> {
  const code = newCode(CODE_BYTES, desk.random)
  const hash = secretHash(code)
  const expiresAt = desk.clock() + INVITE_HOURS * 3_600_000
  const kind = purpose === 'device' ? 'device.invited' : 'person.invited'
  const told = await desk.grant({ kind, outcome: 'done', person, correlation, detail: { by } }, [
    { ...inviteGrant(hash, { person, purpose }), until: expiresAt },
  ])
  if (!told.ok) return told
  const added = await desk.people.addInvite(hash, { person, purpose, expiresAt })
  return added.ok ? done({ code, expiresAt }) : added
}

/**
 * Sets the passphrase of whoever was invited by the code, and says who that is. Refuses `invalid_input` for a passphrase that is too short,
 * before the code is used up, and `code_unknown`. A passphrase set anew ends the person's other sign-ins.
 */
export async function setPassphrase(
  desk: FrontDesk,
  given: { readonly code: string; readonly passphrase: string; readonly correlation: string },
): Promise<Outcome<{ readonly person: string }, Refusal>> {
  if ([...given.passphrase].length < PASSPHRASE_CHARACTERS_MIN) {
    return refuse(refusal('invalid_input', `a passphrase has at least ${PASSPHRASE_CHARACTERS_MIN} characters`))
  }
  const now = desk.clock()
  const hash = secretHash(meantCode(given.code))
  const person = await desk.people.takeInvite(hash, 'sign-in', now)
  if (!person.ok) return person
  if (person.value === null) return refuse(refusal('code_unknown', 'this code is unknown, used or expired'))

  const set = await setFor(desk, { person: person.value, invite: hash, ...given })
  if (set.ok) return done({ person: person.value })
  await desk.people.giveBackInvite(hash, now)
  return set
}

type Set = { readonly person: string; readonly invite: Uint8Array; readonly passphrase: string; readonly correlation: string }

async function setFor(desk: FrontDesk, given: Set): Promise<Outcome<null, Refusal>> {
  const { person, correlation } = given
  const passphrase = await desk.passphrases.hash(given.passphrase)
  if (!passphrase.ok) return passphrase
  const told = await desk.grant({ kind: 'person.passphrase_set', outcome: 'done', person, correlation }, [
    passphraseGrant(person, passphrase.value),
    { ends: inviteSubject(given.invite) },
  ])
  return told.ok ? desk.people.setPassphrase(person, passphrase.value) : told
}
