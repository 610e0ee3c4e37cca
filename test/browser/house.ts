import { randomBytes } from 'node:crypto'
import { toBase64, utf8 } from '../../src/base/bytes.ts'
import { canonical } from '../../src/base/canonical.ts'
import { newId } from '../../src/base/id.ts'
import { done, refuse } from '../../src/base/outcome.ts'
import type { CallAnswer, Hint } from '../../src/contract/console.ts'
import type { Act, Desk, JournalItem, Viewer } from '../../src/desk/desk.ts'
import type { Entry } from '../../src/journal/entry.ts'
import { EMPTY_FRONTIER, extend, rootOf } from '../../src/log/frontier.ts'
import { leafHash } from '../../src/log/leaf.ts'
import { refusal } from '../../src/model/refusal.ts'
import { CHANGES, DRAFTS, ENTRIES, LINK, PEOPLE, PILOT, REFUSED, SESSIONS } from './house-data.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Change = Mutable<CallAnswer<'decideChange'>> & { readonly person: string }
type Session = Mutable<CallAnswer<'sessions'>['sessions'][number]> & { readonly person: string }

export type House = Desk & {
  /** What the ports did, in order: a refusal test looks here for what must not have happened. */
  readonly acts: readonly string[]
  readonly entries: readonly JournalItem[]
  readonly record: (entry: Entry) => void
  readonly propose: (change: Change) => void
  /** Moves the house's clock on. */
  readonly pass: (seconds: number) => void
}

/** A desk over memory, for tests of the pages and of the desk: it keeps the ports' contracts, on one process and for as long as it lives. */
export function memoryHouse(given: { readonly folder: string; readonly origin: () => string; readonly now: number }): House {
  let now = given.now
  let frontier = EMPTY_FRONTIER
  let requestedAt: number | null = null
  let linkDecided = false
  const acts: string[] = []
  const entries: JournalItem[] = []
  const cookies = new Map<string, Mutable<Viewer>>()
  const passphrases = new Map(PEOPLE.map((person) => [person.person, person.passphrase]))
  const invitations = new Map([['welcome-0123456789', 'mira']])
  const changes: Change[] = CHANGES(now)
  const sessions: Session[] = SESSIONS(now)
  const listeners = new Set<(hint: Hint) => void>()
  const random = (bytes: number) => randomBytes(bytes)
  const hint = (what: Hint) => {
    for (const listener of listeners) listener(what)
  }
  const record = (entry: Entry) => {
    entries.push({ index: entries.length, at: now, entry })
    frontier = extend(frontier, [leafHash(utf8(canonical(entry)))])
    hint('journal')
  }
  const did = (what: string, entry: Entry | null) => {
    acts.push(what)
    if (entry !== null) record(entry)
  }
  const nameOf = (id: string) => PEOPLE.find((person) => person.person === id)?.name ?? id
  for (const entry of ENTRIES) record(entry)

  /** A change as this viewer sees it. */
  const seen = (change: Change, viewer: Viewer): CallAnswer<'decideChange'> => ({
    ...change,
    mayNot: change.person === viewer.person ? 'own_change' : viewer.isApprover ? null : 'not_approver',
  })
  const visible = ({ viewer }: Act) => changes.filter((change) => viewer.isApprover || change.person === viewer.person)

  return {
    acts,
    entries,
    record,
    propose: (change) => {
      changes.push(change)
      record({ kind: 'change.proposed', outcome: 'done', person: change.person, session: 'ses-1', operation: change.operation, detail: { change: change.id } })
      hint('changes')
    },
    pass: (seconds) => {
      now += seconds * 1000
    },
    origin: given.origin,
    folder: given.folder,
    clock: () => now,
    random,

    signIn: async ({ person, passphrase, correlation }) => {
      const found = PEOPLE.find((one) => one.person === person)
      if (found === undefined || passphrases.get(person) !== passphrase) {
        did(`sign-in refused ${person}`, { kind: 'person.sign_in_refused', outcome: 'sign_in_failed', person, correlation })
        return refuse(refusal('sign_in_failed', 'name or passphrase is not right'))
      }
      const cookie = toBase64(random(32)).replaceAll(/[+/=]/g, 'x')
      const viewer = { person, name: found.name, groups: [...found.groups], isApprover: found.groups.includes('approvers'), signedInAt: now, confirmedAt: now }
      cookies.set(cookie, viewer)
      did(`signed in ${person}`, { kind: 'person.signed_in', outcome: 'done', person, correlation })
      return done({ cookie, maxAgeSeconds: 8 * 3600, viewer })
    },
    setPassphrase: async ({ code, passphrase, correlation }) => {
      const person = invitations.get(code)
      if (person === undefined) return refuse(refusal('code_unknown', 'the invitation is not valid, or was used'))
      invitations.delete(code)
      passphrases.set(person, passphrase)
      did(`passphrase set ${person}`, { kind: 'person.passphrase_set', outcome: 'done', person, correlation })
      return done({ person })
    },
    whoIs: async (cookie) => {
      const viewer = cookies.get(cookie)
      return viewer === undefined ? refuse(refusal('sign_in_required', 'nobody is signed in here')) : done({ ...viewer })
    },
    confirm: async ({ passphrase, cookie, correlation }) => {
      const viewer = cookies.get(cookie)
      if (viewer === undefined) return refuse(refusal('sign_in_required', 'nobody is signed in here'))
      if (passphrases.get(viewer.person) !== passphrase) {
        did('confirm refused', { kind: 'person.confirmed', outcome: 'sign_in_failed', person: viewer.person, correlation })
        return refuse(refusal('sign_in_failed', 'the passphrase is not right'))
      }
      viewer.confirmedAt = now
      did('confirmed', { kind: 'person.confirmed', outcome: 'done', person: viewer.person, correlation })
      return done({ ...viewer })
    },
    signOut: async (cookie) => {
      cookies.delete(cookie)
      did('signed out', null)
      return done(null)
    },

    pilot: async () => done(PILOT),
    changes: async (act) => {
      const mine = visible(act).map((change) => seen(change, act.viewer))
      return done({ waiting: mine.filter(({ state }) => state === 'proposed'), recent: mine.filter(({ state }) => state !== 'proposed').toReversed() })
    },
    decideChange: async ({ id, version, digest, decision, reason }, act) => {
      const change = visible(act).find((one) => one.id === id)
      const no = change === undefined ? 'not_found' : seen(change, act.viewer).mayNot
      if (change === undefined || no !== null) {
        did(`decide refused ${id}`, {
          kind: 'change.refused',
          outcome: no ?? 'not_found',
          person: act.viewer.person,
          correlation: act.correlation,
          detail: { change: id },
        })
        return refuse(refusal(no ?? 'not_found', no === 'own_change' ? 'your own agent proposed this change' : 'deciding is for approvers'))
      }
      if (change.state !== 'proposed') return refuse(refusal('change_not_waiting', `the change is ${change.state}`))
      if (change.version !== version || change.digest !== digest) return refuse(refusal('change_moved', 'the record has moved since you looked'))
      change.state = decision === 'approve' ? 'approved' : 'rejected'
      change.decided = { byName: act.viewer.name, at: now, reason }
      did(`${decision} ${id}`, {
        kind: 'change.decided',
        outcome: 'done',
        person: act.viewer.person,
        correlation: act.correlation,
        detail: { change: id, decision: change.state, reason },
      })
      hint('changes')
      return done(seen(change, act.viewer))
    },
    drafts: async ({ viewer }) => done({ drafts: DRAFTS(now).filter((draft) => draft.person === viewer.person) }),
    showDraft: async (id, { viewer, correlation }) => {
      const draft = DRAFTS(now).find((one) => one.id === id && one.person === viewer.person)
      if (draft === undefined) return refuse(refusal('not_found', 'no such draft of yours'))
      did(`shown ${id}`, { kind: 'draft.shown', outcome: 'done', person: viewer.person, correlation, operation: draft.operation, detail: { draft: id } })
      return done(draft)
    },
    sessions: async ({ viewer }) => done({ sessions: sessions.filter((one) => viewer.isApprover || one.person === viewer.person) }),
    revokeSession: async ({ id, why }, { viewer, correlation }) => {
      const session = sessions.find((one) => one.id === id && (viewer.isApprover || one.person === viewer.person))
      if (session === undefined) return refuse(refusal('not_found', 'no such session'))
      session.revoked = { byName: viewer.name, at: now, why }
      session.mayRevoke = false
      did(`revoked ${id}`, { kind: 'session.revoked', outcome: 'done', session: id, person: session.person, correlation, detail: { by: viewer.person, why } })
      hint('sessions')
      return done(null)
    },

    journalTail: async ({ from, limit }) => {
      const start = from ?? Math.max(0, entries.length - limit)
      const root = toBase64(rootOf(frontier))
      const size = entries.length
      const checkpoint = { size, root, signedAt: now, note: `gatehouse.example/pilot\n${size}\n${root}\n\n— gatehouse.example/pilot h5TqNxAv…` }
      return done({ size, root, checkpoint, items: entries.slice(start, start + limit) })
    },
    names: async ({ people, devices, sessions: ids }) => ({
      people: new Map(people.map((id) => [id, nameOf(id)])),
      devices: new Map(devices.map((id) => [id, sessions.find((one) => one.id === 'ses-1')?.deviceName ?? id])),
      agents: new Map(ids.flatMap((id) => sessions.filter((one) => one.id === id).map((one) => [id, one.agent.name] as const))),
    }),
    refusal: async (correlation, { viewer }) =>
      correlation === REFUSED.correlation && viewer.person === 'anna'
        ? done({ ...REFUSED, at: now - 120_000, requestedAt, mayRequest: requestedAt === null })
        : refuse(refusal('not_found', 'no such refusal of yours')),
    requestAccess: async ({ about, note }, { viewer, correlation }) => {
      if (about !== REFUSED.correlation) return refuse(refusal('not_found', 'no such refusal of yours'))
      requestedAt ??= now
      did(`access ${about} ${note}`, {
        kind: 'access.requested',
        outcome: 'done',
        person: viewer.person,
        correlation,
        operation: REFUSED.operation,
        detail: { owner: REFUSED.rule.owner },
      })
      return done(null)
    },

    pendingSession: async (userCode, { viewer }) =>
      userCode === LINK.userCode && viewer.person === 'anna' && !linkDecided
        ? done({ ...LINK, expiresAt: now + 540_000 })
        : refuse(refusal('code_unknown', 'no agent of yours is waiting with this code')),
    decideSession: async (decision, { viewer, correlation }) => {
      if (decision.userCode !== LINK.userCode || linkDecided) return refuse(refusal('code_unknown', 'no agent of yours is waiting with this code'))
      if (decision.decision === 'grant' && !LINK.useCases.some(({ id }) => id === decision.useCase))
        return refuse(refusal('use_case_not_assigned', `\`${decision.useCase}\` is not yours`))
      linkDecided = true
      const detail = decision.decision === 'grant' ? { decision: 'granted', useCase: decision.useCase } : { decision: 'denied' }
      did(`link ${detail.decision}`, { kind: 'session.decided', outcome: 'done', person: viewer.person, correlation, detail })
      return done(null)
    },
    inviteDevice: async ({ viewer, correlation }) => {
      const code = newId('enrol', random)
      did('device invited', { kind: 'device.invited', outcome: 'done', person: viewer.person, correlation })
      return done({ code, command: `gatehouse enrol --gate ${given.origin()} --code ${code}`, expiresAt: now + 900_000 })
    },

    subscribe: (_viewer, listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
