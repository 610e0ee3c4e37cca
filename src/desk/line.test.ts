import { describe, expect, it } from 'vitest'
import { ENTRY_KINDS, type Entry } from '../journal/entry.ts'
import { REFUSAL_CODES } from '../model/refusal.ts'
import type { Names } from './desk.ts'
import { lineOf, unnamedIn } from './line.ts'

const NAMES: Names = {
  people: new Map([
    ['anna', 'Anna'],
    ['erik', 'Erik'],
  ]),
  devices: new Map([['dev-1', 'ANNA-LT-07']]),
  agents: new Map([['ses-1', 'Claude Desktop']]),
}
const say = (entry: Entry, names = NAMES) => lineOf({ index: 7, at: 1, entry }, names)

const CASES: readonly (readonly [entry: Entry, text: string])[] = [
  [
    { kind: 'house.configured', outcome: 'done', detail: { after: { limits: { costMax: 60 }, useCases: 'ab'.repeat(32) } } },
    'The gate runs by new settings: limits, use cases',
  ],
  [{ kind: 'house.configured', outcome: 'done' }, 'The gate runs by new settings'],
  [
    { kind: 'journal.pruned', outcome: 'done', detail: { from: 256, to: 768, why: 'older than 90 days', authority: 'Erik, records' } },
    'Entries below 768 left the database for the archive: “older than 90 days” on the word of Erik, records',
  ],
  [
    { kind: 'journal.rekeyed', outcome: 'done', detail: { oldKey: '01', newKey: '02', authority: 'Petra, security' } },
    'The keys of the vault are put under another master key on the word of Petra, security',
  ],
  [
    {
      kind: 'ask.answered',
      outcome: 'done',
      person: 'anna',
      session: 'ses-1',
      operation: 'getShipmentSummary',
      detail: { rows: 1, clear: ['status'], token: ['consignee'], partial: ['phone'], redact: ['price'] },
    },
    "Anna's agent Claude Desktop asked getShipmentSummary: answered, 1 row, 3 fields covered",
  ],
  [
    {
      kind: 'ask.answered',
      outcome: 'done',
      person: 'anna',
      session: 'ses-1',
      operation: 'findShipments',
      detail: { rows: 20, clear: ['status'], token: ['consignee'] },
    },
    "Anna's agent Claude Desktop asked findShipments: answered, 20 rows, 1 field covered",
  ],
  [
    {
      kind: 'ask.refused',
      outcome: 'forbidden',
      person: 'anna',
      session: 'ses-1',
      operation: 'getOrderHistory',
      detail: { rule: 'care.no-prices', owner: 'Petra', reason: 'prices' },
    },
    "Anna's agent Claude Desktop asked getOrderHistory: refused, not permitted (rule care.no-prices)",
  ],
  [{ kind: 'ask.refused', outcome: 'proof_missing' }, 'An agent asked something: refused, no DPoP proof'],
  [
    { kind: 'change.decided', outcome: 'done', person: 'erik', detail: { change: 'chg-1', decision: 'reject', proposer: 'anna' } },
    "Erik rejected change chg-1 by Anna's agent",
  ],
  [{ kind: 'change.decided', outcome: 'done', person: 'erik', detail: { change: 'chg-1', decision: 'approve' } }, 'Erik approved change chg-1'],
  [
    { kind: 'change.failed', outcome: 'done', detail: { change: 'chg-1', why: 'the record is gone' } },
    'Change chg-1 could not be applied: “the record is gone”',
  ],
  [
    { kind: 'session.revoked', outcome: 'done', person: 'anna', session: 'ses-1', device: 'dev-1', detail: { by: 'erik', why: 'left open' } },
    "The session of Anna's agent Claude Desktop was revoked by Erik: “left open”",
  ],
  [
    { kind: 'session.revoked', outcome: 'done', person: 'anna', session: 'ses-1', device: 'dev-1', detail: { by: 'dev-1', why: 'given up' } },
    "The session of Anna's agent Claude Desktop was revoked by its own device: “given up”",
  ],
  [
    { kind: 'change.refused', outcome: 'own_change', person: 'erik', detail: { change: 'chg-1' } },
    "Erik wanted to decide change chg-1: refused, nobody approves their own agent's change",
  ],
  [
    { kind: 'session.decided', outcome: 'done', person: 'anna', detail: { granted: true, useCase: 'customer-care' } },
    'Anna allowed a session for customer-care',
  ],
  [{ kind: 'session.decided', outcome: 'done', person: 'anna', detail: { granted: false, useCase: null } }, 'Anna turned down a session'],
  [{ kind: 'device.enrolled', outcome: 'done', person: 'anna', device: 'dev-1' }, 'Anna enrolled the device ANNA-LT-07'],
  [{ kind: 'device.enrolled', outcome: 'done', person: 'anna', device: 'dev-9' }, 'Anna enrolled the device dev-9'],
  [
    { kind: 'sources.capped', outcome: 'source_capped', detail: { counts: { '10.0.0.7': 411, '10.0.0.9': 1 } } },
    '412 requests from 2 addresses turned away before they were read: too many at once',
  ],
  [
    { kind: 'console.refused', outcome: 'confirmation_needed', person: 'erik', detail: { call: 'decideChange' } },
    'Erik wanted to decide a change at the console: refused, confirm that it is you',
  ],
  [
    { kind: 'console.refused', outcome: 'not_found', person: 'erik', detail: { call: null } },
    'Erik wanted to reach something at the console: refused, no such record',
  ],
  [
    { kind: 'console.refused', outcome: 'sign_in_required', detail: { counts: { '10.0.0.7': 3 } } },
    '3 requests from 1 address turned away at the console: refused, sign-in needed',
  ],
  [
    { kind: 'access.answered', outcome: 'done', person: 'erik', operation: 'getOrderHistory', detail: { about: 'cor-1', asker: 'anna' } },
    "Erik answered Anna's request for access to getOrderHistory",
  ],
]

describe('a journal line', () => {
  it.each(CASES)('of %o reads as people talk', (entry, text) => {
    expect(say(entry).text).toBe(text)
  })

  it('exists for every kind with every outcome, with and without names, and never shows a hole', () => {
    const nameless: Names = { people: new Map(), devices: new Map(), agents: new Map() }
    for (const kind of ENTRY_KINDS) {
      for (const outcome of ['done', ...REFUSAL_CODES] as const) {
        for (const entry of [
          { kind, outcome },
          { kind, outcome, person: 'anna', session: 'ses-1', device: 'dev-1', operation: 'op', detail: { change: 'chg-1' } },
        ]) {
          for (const names of [NAMES, nameless]) {
            const { text } = say(entry, names)
            expect(text).toMatch(/^[\p{Lu}\da-z].+/u)
            expect(text).not.toMatch(/undefined|null|\[object|NaN/)
          }
        }
      }
    }
  })

  it('carries the entry unchanged, and marks refusals and what someone should look at', () => {
    const entry: Entry = { kind: 'ask.refused', outcome: 'rate_limited', correlation: 'cor-1' }
    expect(say(entry)).toMatchObject({ index: 7, at: 1, tone: 'refused', correlation: 'cor-1', entry })
    expect(say({ kind: 'change.unknown_outcome', outcome: 'done' }).tone).toBe('alert')
    expect(say({ kind: 'house.started', outcome: 'done' }).tone).toBe('plain')
  })

  it('asks once for each name it will want', () => {
    const entry: Entry = { kind: 'session.revoked', outcome: 'done', person: 'anna', device: 'dev-1', session: 'ses-1', detail: { by: 'erik' } }
    expect(unnamedIn([0, 1].map((index) => ({ index, at: 1, entry })))).toEqual({ people: ['anna', 'erik'], devices: ['dev-1'], sessions: ['ses-1'] })
  })
})
