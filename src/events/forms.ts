import { agentAndSystem } from './agent-and-system.ts'
import { AUTHORITY_MISMATCH, WITNESS_REFUSED } from './finding.ts'
import { type Form, type JournalForms, SEVERITY, STATUS } from './form.ts'
import { LOG_OPERATION_FORMS } from './log-operation.ts'
import { choice, type Fixture, json, numeral, text, whole } from './place.ts'

const DEVICE = text('device.uid', { 'device.type_id': 0 })
const USER = text('user.uid')
const ACTOR = text('actor.user.uid')
const NOBODY: Fixture = { user: { name: 'unknown' } }
/** On the word of somebody, at the console or the command line. */
const BY = { by: ACTOR, why: text('status_detail') }

const account = (activity: number): Form => ({
  class: 3001,
  activity,
  severity: SEVERITY.informational,
  fields: { person: USER },
  detail: BY,
  otherwise: NOBODY,
})

const signIn = (activity: number, fixed: Fixture = {}): Form => ({
  class: 3002,
  activity,
  severity: SEVERITY.informational,
  profiles: ['host'],
  fixed: { ...fixed, 'service.name': 'Gatehouse' },
  fields: { person: USER, device: DEVICE },
  detail: { agent: json('unmapped.ai_agent') },
  copies: agentAndSystem,
  otherwise: NOBODY,
})

/** A session's token is given or not: to whom, for which session, on which device in which state. */
const token = (activity: number, privileges: Pick<Form, 'fixed' | 'detail' | 'otherwise'>): Form => ({
  class: 3003,
  activity,
  severity: SEVERITY.informational,
  profiles: ['host'],
  fields: { person: USER, session: text('session.uid'), device: DEVICE },
  copies: agentAndSystem,
  ...privileges,
  detail: { jkt: text('session.credential_uid'), agent: json('unmapped.ai_agent'), ...privileges.detail },
  otherwise: { ...privileges.otherwise, ...NOBODY },
})

const revoked = (what: 'session' | 'device', fields: Form['fields']): Form => ({
  class: 3005,
  activity: 2,
  severity: SEVERITY.medium,
  profiles: ['host'],
  fixed: { privileges: [what] },
  fields: { person: USER, ...fields },
  detail: BY,
  otherwise: NOBODY,
})

/** One call of an agent, or of a person at the console. Whether it was let through is said by the profile `security_control`. */
const call = (activity: number, from: string, more: Partial<Form>): Form => ({
  class: 6003,
  activity,
  severity: SEVERITY.informational,
  profiles: ['security_control'],
  fields: { person: ACTOR, session: text('actor.session.uid'), device: text('src_endpoint.uid'), operation: text('api.operation') },
  copies: ({ outcome, correlation }) => ({
    action_id: outcome === 'done' ? 1 : 2,
    disposition_id: outcome === 'done' ? 1 : 2,
    'api.request.uid': correlation ?? 'unknown',
  }),
  ...more,
  otherwise: { actor: { app_name: 'unknown' }, 'api.operation': 'unknown', src_endpoint: { name: from } },
})

const POLICY: Fixture = { 'policy.type': 'Cedar' }
const RULE = { rule: text('policy.uid', POLICY), policy: text('policy.version', POLICY), reason: text('status_detail') }
const ASKED = { ...RULE, asked: json('api.request.data') }
const ANSWER = {
  rows: whole('api.response.data.rows'),
  subjects: whole('api.response.data.subjects'),
  prices: whole('api.response.data.prices'),
}

/** What an agent's call left to wait for a person. */
const resource = (name: string, detail: Form['detail']): Pick<Form, 'fixed' | 'detail'> => ({
  fixed: { 'resources.0.name': name },
  detail: { ...ASKED, ...detail },
})

/** A draft in clear belongs to an agent's session; the person at the console is not in it. */
const drawn = call(2, 'console', {
  fixed: { 'resources.0.name': 'draft' },
  fields: { person: ACTOR, operation: text('api.operation') },
  detail: { draft: text('resources.0.uid') },
})

/** What is to be decided, or was: under the name of what it is. */
const matter = (name: string, activity: number, more: Partial<Form>): Form => ({
  class: 3004,
  activity,
  severity: SEVERITY.informational,
  fields: { person: ACTOR },
  ...more,
  fixed: { 'entity.name': name, ...more.fixed },
})

const CHANGE = { change: text('entity.uid'), version: numeral('entity.version') }

/** What became of a change. The person is the one whose agent proposed it. */
const change = (activity: number, by: string, more: Partial<Form> = {}): Form =>
  matter('change request', activity, {
    fixed: { 'actor.app_name': by },
    fields: { person: text('entity.user.uid') },
    detail: { ...CHANGE, why: text('status_detail'), before: json('entity.data.before'), after: json('entity.data.after') },
    ...more,
  })

const ACCESS = { about: text('entity.uid'), rule: text('entity.policy.uid'), asker: text('entity.user.uid') }

const house = (activity: number, name?: string): Form => ({
  class: 6002,
  activity,
  severity: SEVERITY.informational,
  fixed: { 'app.name': 'Gatehouse', ...(name === undefined ? {} : { activity_name: name }) },
  fields: {},
})

const enrolment = (fixed: Fixture): Form => ({
  class: 5019,
  activity: 1,
  severity: SEVERITY.informational,
  fixed,
  fields: { person: ACTOR, device: DEVICE },
  copies: agentAndSystem,
  otherwise: { device: { name: 'unknown', type_id: 0 } },
})

/** The form of each kind of entry: a kind without one does not compile. Activities and severities are numbers of the class in OCSF 1.8.0. */
export const FORMS: JournalForms = {
  'journal.exported': LOG_OPERATION_FORMS['journal.exported'],
  'journal.erasing': LOG_OPERATION_FORMS['journal.erasing'],
  'journal.erased': LOG_OPERATION_FORMS['journal.erased'],
  'journal.held': LOG_OPERATION_FORMS['journal.held'],
  'journal.released': LOG_OPERATION_FORMS['journal.released'],
  'journal.pruned': LOG_OPERATION_FORMS['journal.pruned'],
  'journal.rekeyed': LOG_OPERATION_FORMS['journal.rekeyed'],
  'house.started': house(3),
  'house.stopped': house(4),
  'house.heartbeat': house(99, 'Heartbeat'),
  'house.configured': matter('configuration', 3, { severity: SEVERITY.low, fields: {}, detail: { after: json('entity.data.after') } }),
  'person.assigned': {
    class: 3005,
    activity: 1,
    severity: SEVERITY.low,
    fixed: { privileges: ['groups'] },
    fields: { person: USER },
    otherwise: NOBODY,
  },
  'person.invited': account(4),
  'person.passphrase_set': account(3),
  'person.signed_in': signIn(1),
  'person.sign_in_refused': signIn(1),
  'person.confirmed': signIn(1, { logon_type_id: 7 }),
  'person.signed_out': signIn(2),
  'device.invited': matter('device invitation', 1, { fields: { person: text('entity.user.uid') }, detail: BY }),
  'device.enrolled': enrolment({ state_id: 2 }),
  'device.enrol_refused': enrolment({ state_id: 1 }),
  'device.revoked': revoked('device', { device: text('resources.0.uid', { 'resources.0.type': 'device' }) }),
  'session.requested': signIn(6),
  'session.decided': matter('session request', 0, {
    profiles: ['host'],
    fields: { person: ACTOR, device: DEVICE },
    detail: {
      granted: choice('activity_id', [
        [true, 10],
        [false, 11],
      ]),
      useCase: text('entity.group.uid'),
    },
  }),
  'session.admitted': token(2, {
    detail: { useCase: text('group.uid'), endsAt: whole('session.expiration_time') },
    otherwise: { group: { name: 'unknown' } },
  }),
  'session.renewed': token(1, { fixed: { privileges: ['access token'] } }),
  'session.refused': token(1, { fixed: { privileges: ['access token'] } }),
  'session.revoked': revoked('session', { session: text('resources.0.uid', { 'resources.0.type': 'session' }), device: DEVICE }),
  'ask.answered': call(2, 'unknown', { detail: { ...ASKED, ...ANSWER } }),
  'ask.refused': call(0, 'unknown', { detail: ASKED }),
  'sources.capped': {
    class: 4001,
    activity: 5,
    severity: SEVERITY.medium,
    profiles: ['security_control'],
    fixed: { action_id: 2, disposition_id: 2, 'dst_endpoint.name': 'gate' },
    fields: {},
  },
  'change.proposed': call(
    1,
    'unknown',
    resource('change request', {
      change: text('resources.0.uid'),
      version: numeral('resources.0.version'),
      before: json('resources.0.data.before'),
      after: json('resources.0.data.after'),
    }),
  ),
  'change.decided': matter('change request', 0, {
    detail: {
      ...CHANGE,
      decision: choice('activity_id', [
        ['approve', 10],
        ['reject', 11],
      ]),
      reason: text('comment'),
      proposer: text('entity.user.uid'),
    },
  }),
  'change.applying': change(3, 'applier'),
  'change.applied': change(3, 'applier'),
  'change.stale': change(12, 'applier', { severity: SEVERITY.low }),
  'change.failed': change(3, 'applier', { severity: SEVERITY.medium, status: STATUS.failure }),
  'change.unknown_outcome': change(3, 'applier', { severity: SEVERITY.high, status: STATUS.unknown }),
  'change.voided': change(11, 'Gatehouse'),
  'change.refused': matter('change request', 0, { detail: CHANGE }),
  'draft.prepared': call(1, 'unknown', resource('draft', { draft: text('resources.0.uid') })),
  'draft.shown': drawn,
  'draft.refused': drawn,
  'access.requested': matter('access request', 1, { detail: ACCESS }),
  'access.answered': matter('access request', 3, { detail: ACCESS }),
  'console.refused': call(0, 'console', {
    fields: { person: ACTOR, session: text('actor.session.uid'), device: text('src_endpoint.uid') },
    detail: { call: text('api.operation') },
  }),
  'finding.authority_mismatch': AUTHORITY_MISMATCH,
  'finding.witness_refused': WITNESS_REFUSED,
}
