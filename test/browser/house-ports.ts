import { toBase64 } from '../../src/base/bytes.ts'
import { newId } from '../../src/base/id.ts'
import { done, refuse } from '../../src/base/outcome.ts'
import type { CallAnswer } from '../../src/contract/console.ts'
import type { Act, Desk, Viewer } from '../../src/desk/desk.ts'
import { rootOf } from '../../src/log/frontier.ts'
import { refusal } from '../../src/model/refusal.ts'
import type { Request, State } from './house.ts'
import { DRAFTS, LINK, PEOPLE, REFUSALS } from './house-data.ts'

type Some<K extends keyof Desk> = Pick<Desk, K>

export const peoplePorts = (state: State): Some<'signIn' | 'setPassphrase' | 'whoIs' | 'confirm' | 'signOut'> => {
  const { cookies, passphrases, invitations, did } = state
  return {
    signIn: async ({ person, passphrase, correlation }) => {
      const found = PEOPLE.find((one) => one.person === person)
      if (found === undefined || passphrases.get(person) !== passphrase) {
        did(`sign-in refused ${person}`, { kind: 'person.sign_in_refused', outcome: 'sign_in_failed', person, correlation })
        return refuse(refusal('sign_in_failed', 'name or passphrase is not right'))
      }
      const cookie = toBase64(state.random(32)).replaceAll(/[+/=]/g, 'x')
      const viewer = {
        person,
        name: found.name,
        groups: [...found.groups],
        isApprover: found.groups.includes('approvers'),
        signedInAt: state.now(),
        confirmedAt: state.now(),
      }
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
      viewer.confirmedAt = state.now()
      did('confirmed', { kind: 'person.confirmed', outcome: 'done', person: viewer.person, correlation })
      return done({ ...viewer })
    },
    signOut: async (cookie) => {
      cookies.delete(cookie)
      did('signed out', null)
      return done(null)
    },
  }
}

/** A change as this viewer sees it. */
const seen = (change: State['changes'][number], viewer: Viewer): CallAnswer<'decideChange'> => ({
  ...change,
  mayNot: change.person === viewer.person ? 'own_change' : viewer.isApprover ? null : 'not_approver',
})

export const changePorts = (state: State): Some<'changes' | 'decideChange'> => {
  const { did, hint } = state
  const visible = ({ viewer }: Act) => state.changes.filter((change) => viewer.isApprover || change.person === viewer.person)
  return {
    changes: async (act) => {
      const mine = visible(act).map((change) => seen(change, act.viewer))
      return done({ waiting: mine.filter((change) => change.state === 'proposed'), recent: mine.filter((change) => change.state !== 'proposed').toReversed() })
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
      change.decided = { byName: act.viewer.name, at: state.now(), reason }
      did(`${decision} ${id}`, {
        kind: 'change.decided',
        outcome: 'done',
        person: act.viewer.person,
        correlation: act.correlation,
        detail: { change: id, decision, proposer: change.person },
      })
      hint('changes')
      return done(seen(change, act.viewer))
    },
  }
}

export const draftPorts = (state: State): Some<'drafts' | 'showDraft'> => {
  const { did } = state
  return {
    drafts: async ({ viewer }) => done({ drafts: DRAFTS(state.now()).filter((draft) => draft.person === viewer.person) }),
    showDraft: async (id, { viewer, correlation }) => {
      const draft = DRAFTS(state.now()).find((one) => one.id === id && one.person === viewer.person)
      if (draft === undefined) return refuse(refusal('not_found', 'no such draft of yours'))
      did(`shown ${id}`, { kind: 'draft.shown', outcome: 'done', person: viewer.person, correlation, operation: draft.operation, detail: { draft: id } })
      return done(draft)
    },
  }
}

export const sessionPorts = (state: State): Some<'sessions' | 'revokeSession'> => {
  const { did, hint, sessions } = state
  return {
    sessions: async ({ viewer }) => {
      const mine = sessions.filter((one) => viewer.isApprover || one.person === viewer.person)
      const isOpen = ({ revoked, endsAt }: (typeof mine)[number]) => revoked === null && endsAt > state.now()
      return done({ sessions: mine.filter(isOpen), over: mine.filter((one) => !isOpen(one)) })
    },
    revokeSession: async ({ id, why }, { viewer, correlation }) => {
      const session = sessions.find((one) => one.id === id && (viewer.isApprover || one.person === viewer.person))
      if (session === undefined) return refuse(refusal('not_found', 'no such session'))
      session.revoked = { byName: viewer.name, at: state.now(), why }
      session.mayRevoke = false
      did(`revoked ${id}`, { kind: 'session.revoked', outcome: 'done', session: id, person: session.person, correlation, detail: { by: viewer.person, why } })
      hint('sessions')
      return done(null)
    },
  }
}

const nameOf = (id: string) => PEOPLE.find((person) => person.person === id)?.name ?? id

export const journalPorts = (state: State): Some<'journalTail' | 'receipt' | 'names'> => {
  const { entries, sessions } = state
  return {
    journalTail: async ({ from, limit }) => {
      const start = from ?? Math.max(0, entries.length - limit)
      const root = toBase64(rootOf(state.frontier()))
      const size = entries.length
      const checkpoint = { size, root, signedAt: state.now(), note: `gatehouse.example/pilot\n${size}\n${root}\n\n— gatehouse.example/pilot h5TqNxAv…` }
      const witness = { state: 'none' as const, text: 'no witness is set' }
      return done({ size, root, checkpoint, publishedSize: size, witness, items: entries.slice(start, start + limit) })
    },
    receipt: async (index) => done({ index, name: `entry-${index}.tlog-proof`, text: `c2sp.org/tlog-proof@v1\nindex ${index}\n` }),
    names: async ({ people, devices, sessions: ids }) => ({
      people: new Map(people.map((id) => [id, nameOf(id)])),
      devices: new Map(devices.map((id) => [id, sessions.find((one) => one.id === 'ses-1')?.deviceName ?? id])),
      agents: new Map(ids.flatMap((id) => sessions.filter((one) => one.id === id).map((one) => [id, one.agent.name] as const))),
    }),
  }
}

export const accessPorts = (state: State): Some<'refusal' | 'requestAccess' | 'requests' | 'answerRequest'> => {
  const { did, hint, requests } = state
  const ofRefusal = (correlation: string) => requests.find((one) => one.correlation === correlation) ?? null
  const refusedUnder = (correlation: string) => REFUSALS.find((one) => one.correlation === correlation)
  const seenBy = (viewer: Viewer) => (request: Request) => ({
    ...request,
    mayAnswer: request.answered === null && viewer.isApprover && request.person !== viewer.person,
  })
  return {
    refusal: async (correlation, { viewer }) => {
      const [asked, refused] = [ofRefusal(correlation), refusedUnder(correlation)]
      if (refused === undefined || !(viewer.person === 'anna' || viewer.isApprover)) return refuse(refusal('not_found', 'no such refusal of yours'))
      const mayRequest = refused.rule !== null && asked === null
      return done({ ...refused, at: state.now() - 120_000, requestedAt: asked?.askedAt ?? null, answered: asked?.answered ?? null, mayRequest })
    },
    requestAccess: async ({ about, note }, { viewer, correlation }) => {
      const refused = refusedUnder(about)
      if (refused === undefined) return refuse(refusal('not_found', 'no such refusal of yours'))
      if (ofRefusal(about) !== null) return done(null)
      const { operation, rule } = refused
      if (rule === null) return refuse(refusal('forbidden', 'there is nobody to ask about this refusal'))
      const asked = { correlation: about, person: viewer.person, personName: viewer.name, operation, useCase: 'customer-care', rule, note }
      requests.push({ id: 'acr-1', ...asked, askedAt: state.now(), mayAnswer: false, answered: null })
      const detail = { about, rule: rule.id, owner: rule.owner }
      did(`access ${about} ${note}`, { kind: 'access.requested', outcome: 'done', person: viewer.person, correlation, operation, detail })
      hint('requests')
      return done(null)
    },
    requests: async ({ viewer }) => {
      const mine = requests.filter((one) => viewer.isApprover || one.person === viewer.person).map(seenBy(viewer))
      return done({ open: mine.filter(({ answered }) => answered === null), answered: mine.filter(({ answered }) => answered !== null) })
    },
    answerRequest: async ({ id, answer }, { viewer, correlation }) => {
      const request = requests.find((one) => one.id === id && viewer.isApprover)
      if (request === undefined) return refuse(refusal('not_found', 'no such request for you'))
      if (request.answered === null) {
        request.answered = { byName: viewer.name, at: state.now(), answer }
        const detail = { about: request.correlation, rule: request.rule.id, asker: request.person }
        did(`answered ${id}`, { kind: 'access.answered', outcome: 'done', person: viewer.person, correlation, operation: request.operation, detail })
        hint('requests')
      }
      return done(seenBy(viewer)(request))
    },
  }
}

export const linkPorts = (state: State): Some<'pendingSession' | 'decideSession' | 'devices' | 'revokeDevice' | 'inviteDevice'> => {
  const { did } = state
  let decided = false
  const device = { id: 'd-anna', name: 'anna-laptop', platform: 'linux', enrolledAt: state.now() - 86_400_000, revokedAt: null as number | null }
  return {
    pendingSession: async (userCode, { viewer }) =>
      userCode === LINK.userCode && viewer.person === 'anna' && !decided
        ? done({ ...LINK, expiresAt: state.now() + 540_000 })
        : refuse(refusal('code_unknown', 'no agent of yours is waiting with this code')),
    decideSession: async (decision, { viewer, correlation }) => {
      if (decision.userCode !== LINK.userCode || decided) return refuse(refusal('code_unknown', 'no agent of yours is waiting with this code'))
      if (decision.decision === 'grant' && !LINK.useCases.some(({ id }) => id === decision.useCase))
        return refuse(refusal('use_case_not_assigned', `\`${decision.useCase}\` is not yours`))
      decided = true
      const granted = decision.decision === 'grant'
      const detail = { granted, useCase: decision.decision === 'grant' ? decision.useCase : null }
      did(`link ${granted ? 'granted' : 'denied'}`, { kind: 'session.decided', outcome: 'done', person: viewer.person, correlation, detail })
      return done(null)
    },
    devices: async ({ viewer }) => done({ devices: viewer.person === 'anna' ? [device] : [] }),
    revokeDevice: async ({ id, why }, { viewer, correlation }) => {
      if (id !== device.id || viewer.person !== 'anna') return refuse(refusal('not_found', 'no such device of yours'))
      device.revokedAt = state.now()
      did(`revoked ${id}`, { kind: 'device.revoked', outcome: 'done', device: id, person: viewer.person, correlation, detail: { by: viewer.person, why } })
      return done(null)
    },
    inviteDevice: async ({ viewer, correlation }) => {
      const code = newId('enrol', state.random)
      did('device invited', { kind: 'device.invited', outcome: 'done', person: viewer.person, correlation })
      return done({ code, command: `gatehouse enrol --gate ${state.origin()} --code ${code}`, expiresAt: state.now() + 900_000 })
    },
  }
}
