import { done, type Outcome, refuse } from '../../base/outcome.ts'
import type { Desk, Viewer } from '../../desk/desk.ts'
import type { DeviceRevoked } from '../../gate/revoke.ts'
import type { DeviceStore } from '../../identity/device-store.ts'
import { invite, setPassphrase } from '../../identity/invite.ts'
import { confirm, type FrontDesk, type SignedIn, signIn, signOut, whoIs } from '../../identity/sign-in.ts'
import type { Subjects } from '../../journal/vault/subjects.ts'
import { sourceCap } from '../../limits/source-cap.ts'
import { type Refusal, refusal } from '../../model/refusal.ts'
import type { Directory } from '../../policy/directory.ts'
import { reach } from '../../store/reach.ts'

export type PeopleHouse = {
  readonly front: FrontDesk
  /** What people type as their name, and what we call them. */
  readonly names: Pick<Subjects, 'known' | 'who'>
  readonly directory: Directory
  readonly devices: Pick<DeviceStore, 'byId' | 'ofPerson'>
  readonly revokeDevice: (given: DeviceRevoked) => ReturnType<Desk['revokeDevice']>
  readonly publicUrl: string
  /** How a person calls this program on their computer. */
  readonly ourselves: string
  /** Of a certificate of our own making, for the enrolment code to carry. */
  readonly pin: string | null
  readonly clock: () => number
}

/** Who a viewer is, for what asks more than a name: kept beside the object the desk was given, for this request only. */
export type Behind = (viewer: Viewer) => SignedIn

/** Signing in and out, passphrases, and codes for devices. */
export function peoplePorts(house: PeopleHouse): {
  readonly ports: Pick<Desk, 'signIn' | 'setPassphrase' | 'whoIs' | 'confirm' | 'signOut' | 'devices' | 'revokeDevice' | 'inviteDevice'>
  readonly behind: Behind
} {
  const known = new WeakMap<Viewer, SignedIn>()
  const { front } = house
  // A passphrase costs us a tenth of a second: strangers who guess must not take the turns of those who know theirs.
  const signIns = sourceCap({ perSecond: 0.5, burst: 10 })

  function viewerOf(who: SignedIn): Viewer {
    const { person, signedInAt, confirmedAt } = who
    const isApprover = house.directory.useCases.some((useCase) => house.directory.decides(person.groups, useCase.id))
    const viewer = { person: person.id, name: person.name, groups: [...person.groups], isApprover, signedInAt, confirmedAt }
    known.set(viewer, who)
    return viewer
  }
  function behind(viewer: Viewer): SignedIn {
    const who = known.get(viewer)
    if (!who) throw new Error('a viewer whom whoIs did not give')
    return who
  }
  const seen = (found: Outcome<SignedIn, Refusal>): Outcome<Viewer, Refusal> => (found.ok ? done(viewerOf(found.value)) : found)

  const ports: ReturnType<typeof peoplePorts>['ports'] = {
    async signIn({ person, passphrase, correlation, source }) {
      const wait = signIns.knock(source, house.clock())
      if (wait > 0) return refuse(refusal('rate_limited', `too many sign-ins from this address; the next in ${wait} s`, { retryAfterSeconds: wait }))
      const called = await reach(() => house.names.known(`person:${person}`))
      if (!called.ok) return called
      const signed = await signIn(front, { person: called.value ?? NOBODY, passphrase, correlation })
      if (!signed.ok) return signed
      const { cookie, expiresAt } = signed.value
      const viewer = seen(await whoIs(front, cookie))
      return viewer.ok ? done({ cookie, maxAgeSeconds: Math.floor((expiresAt - house.clock()) / 1000), viewer: viewer.value }) : viewer
    },
    async setPassphrase({ code, passphrase, correlation }) {
      const set = await setPassphrase(front, { code, passphrase, correlation })
      if (!set.ok) return set
      return reach(async () => ({ person: await typedName(house.names, set.value.person) }))
    },
    whoIs: async (cookie) => seen(await whoIs(front, cookie)),
    async confirm({ cookie, passphrase, correlation }) {
      const who = await whoIs(front, cookie)
      return who.ok ? seen(await confirm(front, who.value, passphrase, correlation)) : who
    },
    async signOut(_cookie, { viewer, correlation }) {
      return signOut(front, behind(viewer), correlation)
    },
    async devices({ viewer }) {
      const found = await house.devices.ofPerson(viewer.person)
      if (!found.ok) return found
      return done({ devices: found.value.map(({ id, name, platform, enrolledAt, revokedAt }) => ({ id, name, platform, enrolledAt, revokedAt })) })
    },
    async revokeDevice({ id, why }, { viewer, correlation }) {
      const found = await house.devices.byId(id)
      if (!found.ok) return found
      if (found.value?.person !== viewer.person) return refuse(refusal('not_found', 'there is no such device of yours'))
      return house.revokeDevice({ device: id, by: viewer.person, why, correlation })
    },
    async inviteDevice({ viewer, correlation }) {
      const invited = await invite(front, { person: viewer.person, purpose: 'device', by: viewer.person, correlation })
      if (!invited.ok) return invited
      const code = house.pin ? `${invited.value.code}#${house.pin}` : invited.value.code
      return done({ code, command: `${house.ourselves} enrol --gate ${house.publicUrl} --code '${code}'`, expiresAt: invited.value.expiresAt })
    },
  }
  return { ports, behind }
}

/** An unknown name goes the same way, for the same time. */
const NOBODY = 'nobody'

async function typedName(names: Pick<Subjects, 'who'>, person: string): Promise<string> {
  const ref = await names.who(person)
  return ref === null || ref === 'erased' ? person : ref.slice(ref.indexOf(':') + 1)
}
