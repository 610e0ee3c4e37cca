import type { CallAnswer } from '../../src/contract/console.ts'
import type { Entry } from '../../src/journal/entry.ts'

type Change = CallAnswer<'decideChange'> & { readonly person: string }
type Session = CallAnswer<'sessions'>['sessions'][number] & { readonly person: string }

const AGENT = { name: 'Claude Desktop', version: '1.4.2' }

/** Who is in the house of these tests. Passphrases are for tests alone. */
type Person = { readonly person: string; readonly name: string; readonly groups: readonly string[]; readonly passphrase: string | null }
export const ANNA = 'correct horse battery'
export const ERIK = 'staple gun and twine'
export const PEOPLE: readonly Person[] = [
  { person: 'anna', name: 'Anna Berg', groups: ['support'], passphrase: ANNA },
  { person: 'erik', name: 'Erik Lund', groups: ['approvers'], passphrase: ERIK },
  { person: 'mira', name: 'Mira Osei', groups: ['support'], passphrase: null },
]

export const PILOT: CallAnswer<'pilot'> = {
  controls: [
    { control: 'masked_view', on: true, why: 'agents read eight operations over a read-only role; names, phones and prices are covered' },
    { control: 'sandbox', on: false, why: 'nothing yet confines the agent on its desktop; it can read what its user can' },
    { control: 'attested_sessions', on: false, why: 'sessions last an hour at most, but the device vouches for itself' },
    { control: 'human_approval', on: true, why: 'every status change waits for a person who is not its own' },
  ],
}

const BASE = {
  version: 1,
  state: 'proposed',
  operation: 'proposeStatusChange',
  system: 'tms',
  account: 'ACME',
  useCase: 'customer-care',
  personName: 'Anna Berg',
  person: 'anna',
  agent: AGENT,
  reversibility: 'reversible',
  mayNot: null,
  decided: null,
  outcome: null,
} as const satisfies Partial<Change>

export const CHANGES = (now: number): Change[] => [
  {
    ...BASE,
    id: 'chg-7k2m',
    digest: 'q1YvB0mN3',
    title: 'Shipment SH-004213',
    reason: 'Carrier confirmed delivery by phone at 14:05; proof of delivery is attached to the event.',
    fields: [
      { field: 'status', label: 'Status', before: 'in_transit', after: 'delivered' },
      { field: 'deliveredAt', label: 'Delivered', before: null, after: '2026-11-23T14:05:00Z' },
    ],
    proposedAt: now - 25 * 60_000,
  },
  {
    ...BASE,
    id: 'chg-9w4x',
    version: 2,
    digest: 'Zk8sT2pQ7',
    title: 'Shipment SH-004388',
    reason: 'Customer asked to hold at the depot until Thursday.',
    reversibility: 'compensable',
    fields: [
      { field: 'status', label: 'Status', before: 'out_for_delivery', after: 'on_hold' },
      { field: 'note', label: 'Note', before: 'Ring the bell twice.', after: 'Hold at depot until Thursday 26 November, then deliver before noon.' },
    ],
    proposedAt: now - 8 * 60_000,
  },
  {
    ...BASE,
    id: 'chg-b3rt',
    digest: 'Hh4nW9eL2',
    person: 'erik',
    personName: 'Erik Lund',
    title: 'Shipment SH-004401',
    reason: 'Cancelled by the shipper before pick-up.',
    reversibility: 'final',
    fields: [{ field: 'status', label: 'Status', before: 'booked', after: 'cancelled' }],
    proposedAt: now - 3 * 60_000,
  },
  {
    ...BASE,
    id: 'chg-1aaa',
    digest: 'Aa0',
    state: 'applied',
    title: 'Shipment SH-003990',
    reason: 'Delivered to the neighbour, as agreed.',
    fields: [{ field: 'status', label: 'Status', before: 'in_transit', after: 'delivered' }],
    proposedAt: now - 3 * 3_600_000,
    decided: { byName: 'Erik Lund', at: now - 2.5 * 3_600_000, reason: 'Seen the signature.' },
    outcome: 'read back as approved',
  },
]

export const SESSIONS = (now: number): Session[] => [
  {
    id: 'ses-1',
    person: 'anna',
    personName: 'Anna Berg',
    deviceName: 'ANNA-LT-07',
    agent: AGENT,
    useCase: 'customer-care',
    accounts: ['ACME', 'NORDIC'],
    posture: 'self',
    admittedAt: now - 20 * 60_000,
    endsAt: now + 40 * 60_000,
    mayRevoke: true,
    revoked: null,
  },
  {
    id: 'ses-0',
    person: 'erik',
    personName: 'Erik Lund',
    deviceName: 'SHIFT-PC-2',
    agent: { name: 'Cursor', version: '2.1.0' },
    useCase: 'exceptions',
    accounts: ['NORDIC'],
    posture: 'self',
    admittedAt: now - 50 * 60_000,
    endsAt: now + 10 * 60_000,
    mayRevoke: false,
    revoked: { byName: 'Anna Berg', at: now - 30 * 60_000, why: 'left the desk unlocked' },
  },
  {
    id: 'ses-2',
    person: 'anna',
    personName: 'Anna Berg',
    deviceName: 'ANNA-LT-07',
    agent: AGENT,
    useCase: 'customer-care',
    accounts: ['ACME'],
    posture: 'self',
    admittedAt: now - 90 * 60_000,
    endsAt: now - 30 * 60_000,
    mayRevoke: true,
    revoked: null,
  },
]

type Draft = CallAnswer<'showDraft'> & { readonly person: string }
export const DRAFTS = (now: number): Draft[] => [
  {
    id: 'drf-5c1p',
    person: 'anna',
    kind: 'label',
    title: 'Return label for SH-004213',
    operation: 'prepareReturnLabel',
    agent: AGENT,
    preparedAt: now - 12 * 60_000,
    revoked: null,
    lines: ['Returns · Dock 4', 'Ingrid Solheim', 'Storgata 14', '0184 Oslo', 'Norway', 'SH-004213'],
  },
  {
    id: 'drf-8h2q',
    person: 'anna',
    kind: 'letter',
    title: 'Reply about SH-004388',
    operation: 'prepareCustomerReply',
    agent: AGENT,
    preparedAt: now - 5 * 60_000,
    revoked: { byName: 'Erik Lund', at: now - 2 * 60_000, why: 'it answered a mail nobody had asked it to' },
    lines: ['Dear Ingrid Solheim,', 'your parcel SH-004388 is held at our depot until Thursday and will be delivered before noon.', 'Kind regards, Anna Berg'],
  },
]

export const REFUSALS = [
  {
    correlation: 'cor-4d7w',
    code: 'forbidden',
    detail: 'a use case for customer care may not read `invoiceTotal`',
    operation: 'getOrderHistory',
    rule: { id: 'care.no-prices', owner: 'Petra Holm, Finance', reason: 'prices are for people who settle invoices' },
  },
  {
    correlation: 'cor-6b2s',
    code: 'exposure_exceeded',
    detail: 'a session of use case `customer-care` may be shown 30 people and 0 prices',
    operation: 'getShipmentSummary',
    rule: { id: 'exposure-budget', owner: 'Head of Care', reason: 'a session of use case `customer-care` may be shown 30 people and 0 prices' },
  },
  { correlation: 'cor-1r8e', code: 'rate_limited', detail: 'too many asks', operation: 'findShipments', rule: null },
] as const

type Request = CallAnswer<'answerRequest'> & { readonly person: string }
export const REQUESTS = (now: number): Request[] => [
  {
    id: 'acr-2m8k',
    correlation: 'cor-9k1z',
    person: 'mira',
    personName: 'Mira Osei',
    operation: 'getOrderHistory',
    useCase: 'customer-care',
    rule: { id: 'care.no-prices', owner: 'Petra Holm, Finance' },
    note: 'Two customers dispute freight charges this week; I need the totals until Friday.',
    askedAt: now - 50 * 60_000,
    mayAnswer: false,
    answered: null,
  },
]

export const LINK: Omit<CallAnswer<'link'>, 'expiresAt'> = {
  userCode: 'BKDM-7QRT',
  device: 'dev-1',
  deviceName: 'ANNA-LT-07',
  agent: AGENT,
  posture: { assurance: 'self', platform: 'windows', osVersion: '11 24H2', diskEncrypted: true, firewallOn: false },
  useCases: [
    { id: 'customer-care', title: 'Customer care', accounts: ['ACME', 'NORDIC'] },
    { id: 'exceptions', title: 'Late and short deliveries', accounts: ['ACME'] },
  ],
}

/** What the journal holds at the start. */
export const ENTRIES: readonly Entry[] = [
  { kind: 'house.started', outcome: 'done', detail: { policy: '3' } },
  { kind: 'device.enrolled', outcome: 'done', person: 'anna', device: 'dev-1' },
  { kind: 'session.admitted', outcome: 'done', person: 'anna', device: 'dev-1', session: 'ses-1', detail: { useCase: 'customer-care' } },
  {
    kind: 'ask.answered',
    outcome: 'done',
    person: 'anna',
    session: 'ses-1',
    operation: 'getShipmentSummary',
    digest: 'w3Jv0a',
    detail: { rows: 1, clear: ['status'], token: ['consignee'], partial: ['phone'], redact: ['price'] },
  },
  {
    kind: 'ask.refused',
    outcome: 'forbidden',
    person: 'anna',
    session: 'ses-1',
    operation: 'getOrderHistory',
    correlation: 'cor-4d7w',
    detail: { rule: 'care.no-prices', owner: 'Petra Holm, Finance', reason: 'prices are for people who settle invoices' },
  },
  { kind: 'sources.capped', outcome: 'source_capped', detail: { counts: { '10.0.0.7': 411, '10.0.0.9': 1 } } },
  { kind: 'change.proposed', outcome: 'done', person: 'anna', session: 'ses-1', operation: 'proposeStatusChange', detail: { change: 'chg-7k2m' } },
]
