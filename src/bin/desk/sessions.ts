import { done, refuse } from '../../base/outcome.ts'
import type { Desk, Viewer } from '../../desk/desk.ts'
import { type Admission, decideSession } from '../../gate/admit.ts'
import { meantCode } from '../../identity/code.ts'
import type { StoredSession } from '../../identity/session-store.ts'
import type { Session } from '../../model/principal.ts'
import { refusal } from '../../model/refusal.ts'
import type { Directory } from '../../policy/directory.ts'
import type { Lookup } from './lookup.ts'
import type { Behind } from './people.ts'

export type SessionsHouse = {
  readonly admission: Admission
  readonly directory: Directory
  readonly lookup: Lookup
  readonly behind: Behind
  /** When today began, for people here. */
  readonly today: () => number
  /** Revokes at once, voids what is not applied, and records both. */
  readonly revoke: (given: {
    readonly session: string
    readonly by: string
    readonly why: string
    readonly correlation: string
  }) => ReturnType<Desk['revokeSession']>
}

const OVER_MAX = 500
const UNKNOWN = refusal('code_unknown', 'this code is unknown, used or expired')

/** Sessions that live or were over today, and those that are asked for. A person sees their own; an approver all. */
export function sessionPorts(house: SessionsHouse): Pick<Desk, 'sessions' | 'revokeSession' | 'pendingSession' | 'decideSession'> {
  const { admission, directory, lookup } = house
  const mayRevoke = (viewer: Viewer, session: Session): boolean => session.person === viewer.person || directory.decides(viewer.groups, session.useCase)

  const viewOf = async (viewer: Viewer, { session, revoked }: StoredSession) => ({
    id: session.id,
    personName: await lookup.personName(session.person),
    deviceName: await lookup.deviceName(session.device),
    agent: { name: session.agent.name, version: session.agent.version },
    useCase: session.useCase,
    accounts: [...session.accounts],
    posture: session.posture.assurance,
    admittedAt: session.admittedAt,
    endsAt: session.endsAt,
    mayRevoke: mayRevoke(viewer, session),
    revoked: await revokedView(lookup, session, revoked),
  })

  return {
    async sessions({ viewer }) {
      const now = admission.clock()
      const live = await admission.sessions.live(now)
      if (!live.ok) return live
      const over = await admission.sessions.over(house.today(), now, OVER_MAX)
      if (!over.ok) return over
      const views = (some: readonly StoredSession[]) =>
        Promise.all(some.filter(({ session }) => mayRevoke(viewer, session)).map((stored) => viewOf(viewer, stored)))
      return done({ sessions: await views(live.value.map((session) => ({ session, revoked: null }))), over: await views(over.value) })
    },
    async revokeSession({ id, why }, { viewer, correlation }) {
      const found = await admission.sessions.byId(id)
      if (!found.ok) return found
      if (found.value === null || !mayRevoke(viewer, found.value.session)) return refuse(refusal('not_found', 'there is no such session for you to revoke'))
      return house.revoke({ session: id, by: viewer.person, why, correlation })
    },
    async pendingSession(userCode, { viewer }) {
      const waiting = await admission.sessions.waiting(meantCode(userCode), admission.clock())
      if (!waiting.ok) return waiting
      if (waiting.value === null) return refuse(UNKNOWN)
      const device = await admission.devices.byId(waiting.value.device)
      if (!device.ok) return device
      if (device.value?.person !== viewer.person) return refuse(UNKNOWN)
      const { agent, posture, expiresAt } = waiting.value
      const useCases = directory
        .useCasesOf(viewer.groups)
        .map(({ id, title, groups }) => ({ id, title, accounts: [...directory.accountsOf(viewer.groups.filter((group) => groups.includes(group)))] }))
      return done({
        userCode: waiting.value.userCode,
        device: device.value.id,
        deviceName: device.value.name,
        agent: { name: agent.name, version: agent.version },
        posture,
        useCases,
        expiresAt,
      })
    },
    decideSession: (given, { viewer, correlation }) =>
      decideSession(admission, house.behind(viewer), { userCode: given.userCode, useCase: given.decision === 'grant' ? given.useCase : null, correlation }),
  }
}

/** `by` is a person, or the device itself where the agent's side gave the session up. */
export const revokedView = async (lookup: Lookup, { device }: Session, revoked: StoredSession['revoked']) =>
  revoked === null ? null : { byName: revoked.by === device ? 'its own device' : await lookup.personName(revoked.by), at: revoked.at, why: revoked.why }
