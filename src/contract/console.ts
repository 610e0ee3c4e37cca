import { z } from 'zod'
import { CHANGE_STATES } from '../model/change-state.ts'
import { REFUSAL_CODES } from '../model/refusal.ts'

/** What the console's page and its server say to each other: one row per call in CALLS, at the end. Times are milliseconds since the epoch. */
const Text = z.string().max(200)
const Time = z.number()
const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])
/** Why a person does something: shown to others and kept in the journal, so it has to say something. */
export const Reason = z.string().trim().min(3).max(500)
const Passphrase = z.string().min(1).max(200)
/** Shorter ones are turned back when a passphrase is set. */
export const PASSPHRASE_CHARS_MIN = 12

const Me = z.object({
  person: z.string(),
  name: z.string(),
  groups: z.array(z.string()),
  isApprover: z.boolean(),
  signedInAt: Time,
  /** When they last typed their passphrase. */
  confirmedAt: Time,
})

const CONTROLS = ['masked_view', 'sandbox', 'attested_sessions', 'human_approval'] as const
const Pilot = z.object({
  controls: z.array(z.object({ control: z.enum(CONTROLS), on: z.boolean(), why: z.string() })).length(CONTROLS.length),
})

const AgentNamed = z.object({ name: z.string(), version: z.string() })
const ChangeView = z.object({
  id: z.string(),
  /** What the approver saw: a decision names both, and is refused `change_moved` when either is not the present one. */
  version: z.number(),
  digest: z.string(),
  state: z.enum(CHANGE_STATES),
  /** What it would change, in words: "Shipment SH-00042". */
  title: z.string(),
  operation: z.string(),
  system: z.string(),
  account: z.string(),
  useCase: z.string(),
  personName: z.string(),
  agent: AgentNamed,
  /** The agent's, word for word: untrusted text. */
  reason: z.string(),
  reversibility: z.enum(['reversible', 'compensable', 'final']),
  fields: z.array(z.object({ field: z.string(), label: z.string(), before: Scalar, after: Scalar })),
  proposedAt: Time,
  /** Why the person looking may not decide; null when they may. The server refuses all the same. */
  mayNot: z.enum(REFUSAL_CODES).nullable(),
  decided: z.object({ byName: z.string(), at: Time, reason: z.string() }).nullable(),
  /** One sentence when something came of it: how it was applied, why it failed. */
  outcome: z.string().nullable(),
})
/** Waiting: oldest first. Recent: newest first. */
const Changes = z.object({ waiting: z.array(ChangeView), recent: z.array(ChangeView) })
const ChangeDecision = z.strictObject({
  version: z.number().int(),
  digest: z.string().max(100),
  decision: z.enum(['approve', 'reject']),
  reason: Reason,
})

/** Of a session: `byName` is a person, or says that its own device gave it up. */
const Revoked = z.object({ byName: z.string(), at: Time, why: z.string() })

const DRAFT_KINDS = ['label', 'letter'] as const
const Draft = z.object({
  id: z.string(),
  kind: z.enum(DRAFT_KINDS),
  title: z.string(),
  operation: z.string(),
  agent: AgentNamed,
  preparedAt: Time,
  /** When the session that prepared it was revoked: whoever looks should know before they use what it wrote. */
  revoked: Revoked.nullable(),
})
const Drafts = z.object({ drafts: z.array(Draft) })
/** With clear values: a label's lines, or a letter's paragraphs. */
const DraftShown = Draft.extend({ lines: z.array(z.string()) })

const SessionView = z.object({
  id: z.string(),
  personName: z.string(),
  deviceName: z.string(),
  agent: AgentNamed,
  useCase: z.string(),
  accounts: z.array(z.string()),
  /** `self`: the device said so itself, nobody checked. */
  posture: z.enum(['self', 'attested']),
  admittedAt: Time,
  endsAt: Time,
  mayRevoke: z.boolean(),
  revoked: Revoked.nullable(),
})
/** Open ones, newest first; and `over`: those that were revoked or ended today, the last to go first. */
const Sessions = z.object({ sessions: z.array(SessionView), over: z.array(SessionView) })

const JournalLine = z.object({
  index: z.number(),
  at: Time,
  kind: z.string(),
  outcome: z.string(),
  /** The sentence: who, through which agent, what, and what came of it. */
  text: z.string(),
  tone: z.enum(['plain', 'refused', 'alert']),
  correlation: z.string().nullable(),
  /** The entry as it was recorded. */
  entry: z.record(z.string(), z.unknown()),
})
/** How the journal stands with its witnesses, in a sentence. `none`: nobody was asked to watch. `stopped`: nothing is written until one is back. */
const WitnessLine = z.object({ state: z.enum(['none', 'fresh', 'late', 'stopped']), text: z.string() })
/** Lines newest first. `root` in base64 is that of all `size` entries (RFC 6962 §2.1). `publishedSize`: entries in the archive, null where it cannot be read. */
const Journal = z.object({
  size: z.number(),
  root: z.string(),
  checkpoint: z.object({ size: z.number(), root: z.string(), signedAt: Time, note: z.string() }).nullable(),
  publishedSize: z.number().nullable(),
  witness: WitnessLine,
  lines: z.array(JournalLine),
})
const Index = z.string().regex(/^\d{1,15}$/)
/** Without `from`: the newest. */
const JournalRange = z.strictObject({ from: Index.exactOptional(), limit: Index })
export const JOURNAL_LINES_MAX = 200
/** The `.tlog-proof` of an entry (C2SP tlog-proof), to be kept as a file of that name. */
const Receipt = z.object({ index: z.number(), name: z.string(), text: z.string() })

/** What somebody said to a request for access. It grants nothing. */
const AccessAnswer = z.object({ byName: z.string(), at: Time, answer: z.string() })
const RuleNamed = z.object({ id: z.string(), owner: z.string(), reason: z.string() })
const RefusalView = z.object({
  correlation: z.string(),
  at: Time,
  code: z.enum(REFUSAL_CODES),
  title: z.string(),
  detail: z.string(),
  next: z.string(),
  operation: z.string().nullable(),
  rule: RuleNamed.nullable(),
  /** Whether asking makes sense: a rule with an owner refused it, and it was this person's own agent. */
  mayRequest: z.boolean(),
  requestedAt: Time.nullable(),
  answered: AccessAnswer.nullable(),
})

const RequestView = z.object({
  id: z.string(),
  /** The refusal it is about. */
  correlation: z.string(),
  personName: z.string(),
  /** Empty when the refusal named none. */
  operation: z.string(),
  /** Null where it was not kept: requests of before use cases were. */
  useCase: z.string().nullable(),
  rule: z.object({ id: z.string(), owner: z.string() }),
  /** The asker's, word for word. */
  note: z.string(),
  askedAt: Time,
  mayAnswer: z.boolean(),
  answered: AccessAnswer.nullable(),
})
/** Open: oldest first. Answered: newest first. */
const Requests = z.object({ open: z.array(RequestView), answered: z.array(RequestView) })

const LinkView = z.object({
  userCode: z.string(),
  device: z.string(),
  deviceName: z.string(),
  agent: AgentNamed,
  posture: z.object({
    assurance: z.enum(['self', 'attested']),
    platform: z.string(),
    osVersion: z.string(),
    diskEncrypted: z.boolean(),
    firewallOn: z.boolean(),
  }),
  useCases: z.array(z.object({ id: z.string(), title: z.string(), accounts: z.array(z.string()) })),
  expiresAt: Time,
})

const Device = z.object({ id: z.string(), name: z.string(), platform: z.string(), enrolledAt: Time, revokedAt: Time.nullable() })
const Devices = z.object({ devices: z.array(Device) })
const DeviceInvite = z.object({ code: z.string(), command: z.string(), expiresAt: Time })

/** What changed, without saying how: the page asks again. Sent as the `data` of server-sent events at EVENTS_PATH. */
export const HINTS = ['changes', 'drafts', 'sessions', 'requests', 'journal'] as const
export type Hint = (typeof HINTS)[number]
export const EVENTS_PATH = '/desk/api/events'

/** `confirmed`: signed in, and their passphrase typed within CONFIRMED_SECONDS. Whether they may do it is for the call itself to say. */
export type Who = 'anyone' | 'person' | 'confirmed'

export type Call<M extends 'GET' | 'POST', P extends string, W extends Who, I extends z.ZodType, A extends z.ZodType> = {
  readonly method: M
  readonly path: P
  readonly who: W
  /** A GET's query, a POST's JSON body. */
  readonly input: I
  readonly answer: A
}
type Shape = z.ZodType
const get = <P extends string, W extends Who, I extends Shape, A extends Shape>(path: P, who: W, input: I, answer: A): Call<'GET', P, W, I, A> => ({
  method: 'GET',
  path,
  who,
  input,
  answer,
})
const post = <P extends string, W extends Who, I extends Shape, A extends Shape>(path: P, who: W, input: I, answer: A): Call<'POST', P, W, I, A> => ({
  method: 'POST',
  path,
  who,
  input,
  answer,
})
const Nothing = z.strictObject({})
const SignIn = z.strictObject({ person: Text.min(1), passphrase: Passphrase })
const FirstPassphrase = z.strictObject({ code: Text.min(8), passphrase: z.string().min(PASSPHRASE_CHARS_MIN).max(200) })
const Confirm = z.strictObject({ passphrase: Passphrase })
const Revocation = z.strictObject({ why: Reason })
const AccessRequest = z.strictObject({ note: Reason })
const Answer = z.strictObject({ answer: Reason })
const Grant = z.strictObject({ useCase: Text.min(1) })

// biome-ignore format: a matrix is read by column
export const CALLS = {
  signIn:        post('/desk/api/sign-in',                       'anyone',    SignIn,          Me),
  setPassphrase: post('/desk/api/passphrase',                    'anyone',    FirstPassphrase, z.object({ person: z.string() })),
  signOut:       post('/desk/api/sign-out',                      'person',    Nothing,         Nothing),
  confirm:       post('/desk/api/confirm',                       'person',    Confirm,         Me),
  me:            get( '/desk/api/me',                            'person',    Nothing,         Me),
  pilot:         get( '/desk/api/pilot',                         'person',    Nothing,         Pilot),
  changes:       get( '/desk/api/changes',                       'person',    Nothing,         Changes),
  decideChange:  post('/desk/api/changes/:id/decide',            'confirmed', ChangeDecision,  ChangeView),
  drafts:        get( '/desk/api/drafts',                        'person',    Nothing,         Drafts),
  showDraft:     post('/desk/api/drafts/:id/show',               'confirmed', Nothing,         DraftShown),
  sessions:      get( '/desk/api/sessions',                      'person',    Nothing,         Sessions),
  revokeSession: post('/desk/api/sessions/:id/revoke',           'person',    Revocation,      Nothing),
  journal:       get( '/desk/api/journal',                       'person',    JournalRange,    Journal),
  receipt:       get( '/desk/api/receipts/:id',                  'person',    Nothing,         Receipt),
  refusal:       get( '/desk/api/refusals/:id',                  'person',    Nothing,         RefusalView),
  requestAccess: post('/desk/api/refusals/:id/request-access',   'person',    AccessRequest,   RefusalView),
  requests:      get( '/desk/api/requests',                      'person',    Nothing,         Requests),
  answerRequest: post('/desk/api/requests/:id/answer',           'person',    Answer,          RequestView),
  link:          get( '/desk/api/links/:id',                     'person',    Nothing,         LinkView),
  grantSession:  post('/desk/api/links/:id/grant',               'confirmed', Grant,           Nothing),
  denySession:   post('/desk/api/links/:id/deny',                'person',    Nothing,         Nothing),
  devices:       get( '/desk/api/devices',                       'person',    Nothing,         Devices),
  revokeDevice:  post('/desk/api/devices/:id/revoke',            'person',    Revocation,      Nothing),
  inviteDevice:  post('/desk/api/devices/invite',                'confirmed', Nothing,         DeviceInvite),
} as const

export type CallName = keyof typeof CALLS
export type CallInput<N extends CallName> = z.infer<(typeof CALLS)[N]['input']>
export type CallAnswer<N extends CallName> = z.infer<(typeof CALLS)[N]['answer']>
/** The pages: paths the server answers with the console's one HTML file. */
export const PAGES = [
  '/',
  '/sign-in',
  '/welcome',
  '/changes',
  '/drafts',
  '/drafts/:id',
  '/sessions',
  '/journal',
  '/refusals/:id',
  '/requests',
  '/link',
  '/devices',
] as const
