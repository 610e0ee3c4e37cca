import { describe, expect, it } from 'vitest'
import { ENTRY_SAMPLES } from '../../test/support/entry-samples.ts'
import { type OcsfEvent, openOcsf } from '../../test/support/ocsf.ts'
import type { Json } from '../base/canonical.ts'
import { canonical } from '../base/canonical.ts'
import { ENTRY_KINDS, type Entry } from '../journal/entry.ts'
import { REFUSAL_CODES } from '../model/refusal.ts'
import { CONNECTION_FORMS, connectionEntry, exchangeEntry } from './connection.ts'
import { FILE_FORMS, fileEntry } from './file-touched.ts'
import { FINDING_FORMS, findingEntry } from './finding.ts'
import type { EntryOf, Forms } from './form.ts'
import { FORMS } from './forms.ts'
import { reader } from './from-event.ts'
import { LOG_OPERATION_FORMS, logOperationEntry } from './log-operation.ts'
import { speller } from './spell.ts'
import type { Stamp } from './tell.ts'

const judge = openOcsf()
const STAMP: Stamp = { at: 1_790_000_000_000, node: 'gate' }
const wrong = (event: OcsfEvent): string | null => (judge ? judge(event) : null)

/** The entry, then without each of its parts in turn, then with none of them. */
function* poorer<Kind extends string>(entry: EntryOf<Kind>): Generator<EntryOf<Kind>> {
  const { kind, outcome, detail, ...fields } = entry
  yield entry
  for (const name of Object.keys(fields)) yield { kind, outcome, ...without(fields, name), ...(detail ? { detail } : {}) }
  for (const name of Object.keys(detail ?? {})) yield { kind, outcome, ...fields, detail: without(detail ?? {}, name) }
  for (const name of Object.keys(detail ?? {})) yield { kind, outcome, detail: { [name]: detail?.[name] ?? null } }
  yield { kind, outcome, ...fields }
  yield { kind, outcome, ...fields, detail: {} }
  yield { kind, outcome }
}

const asJson = (stamped: unknown): Json => JSON.parse(JSON.stringify(stamped))
const written =
  <Kind extends string>(forms: Forms<Kind>) =>
  (entry: EntryOf<Kind>): OcsfEvent =>
    JSON.parse(speller(forms)(entry, STAMP))
const toEvent = written(FORMS)

const without = (all: { readonly [name: string]: Json }, left: string) => Object.fromEntries(Object.entries(all).filter(([name]) => name !== left))

describe.skipIf(judge === null)('an entry of each kind (skipped aloud where the schema is absent)', () => {
  it.each(ENTRY_KINDS)('is valid by OCSF 1.8.0, with and without each of its parts, done or refused: %s', (kind) => {
    const full = (['done', ...REFUSAL_CODES] as const).map((outcome) => ({ kind, outcome, ...ENTRY_SAMPLES[kind] }))
    const poor = full.slice(0, 2).flatMap((entry) => [...poorer(entry)])
    const faults = [...full, ...poor].map((entry) => ({ entry, fault: wrong(toEvent(entry)) })).filter(({ fault }) => fault !== null)
    expect(faults).toEqual([])
    expect(poor.length).toBeGreaterThan(5)
  })
})

describe('an entry as an OCSF event', () => {
  it('names who, where, what and by which rule in the places a SIEM looks', () => {
    expect(toEvent({ kind: 'ask.refused', outcome: 'forbidden', ...ENTRY_SAMPLES['ask.refused'] })).toEqual({
      action_id: 2,
      activity_id: 0,
      actor: { session: { uid: 's-0123456789abcdef' }, user: { uid: 'anna.berg' } },
      api: { operation: 'listShipmentEvents', request: { data: { shipmentId: `shp_${'h'.repeat(56)}` }, uid: 'req-0123456789abcdef' } },
      category_uid: 6,
      class_uid: 6003,
      disposition_id: 2,
      metadata: {
        correlation_uid: 'req-0123456789abcdef',
        event_code: 'ask.refused',
        log_name: 'journal',
        log_source: 'gate',
        log_version: '2',
        product: { name: 'Gatehouse' },
        profiles: ['security_control'],
        version: '1.8.0',
      },
      policy: { type: 'Cedar', uid: 'no-prices-for-agents' },
      severity_id: 2,
      src_endpoint: { uid: 'd-0123456789abcdef' },
      status_code: 'forbidden',
      status_detail: 'agents do not see what a customer pays',
      status_id: 2,
      time: 1_790_000_000_000,
      type_uid: 600300,
      unmapped: { detail: { owner: 'Head of pricing' } },
    })
  })

  it('takes at most 1,300 bytes for an answered ask of four arguments and sixteen fields', () => {
    const answered: Entry = { kind: 'ask.answered', outcome: 'done', ...ENTRY_SAMPLES['ask.answered'] }
    expect(canonical(toEvent(answered)).length).toBeLessThanOrEqual(1_300)
  })

  it.each([
    ['session.decided', { granted: true }, 300410],
    ['session.decided', { granted: false, useCase: null }, 300411],
    ['change.decided', { decision: 'approve' }, 300410],
    ['change.decided', { decision: 'reject' }, 300411],
    ['change.decided', { decision: 'abstain' }, 300400],
  ] as const)('tells a yes from a no by the type of event: %s %j', (kind, detail, type) => {
    expect(toEvent({ kind, outcome: 'done', detail })['type_uid']).toBe(type)
  })

  it.each([
    ['change.applied', 'done', 1],
    ['change.failed', 'done', 2],
    ['change.unknown_outcome', 'done', 0],
    ['ask.refused', 'not_found', 2],
  ] as const)('is a success only where the thing succeeded: %s', (kind, outcome, status) => {
    expect(toEvent({ kind, outcome })['status_id']).toBe(status)
  })
})

const BY = { person: 'anna', session: 's-1', device: 'd-1' }
const FILE = { path: '/home/anna/labels/out.pdf', sha256: 'ab'.repeat(32), bytes: 4096, program: 'claude' }
const TO = { host: 'api.example.com', ip: '203.0.113.7', port: 443, protocol: 'tcp', bytesIn: 10, bytesOut: 20, rule: 'allowed-ai' } as const
const FOUND = {
  finding: 'fnd-1',
  title: 'Mass export',
  rule: 'D1',
  ruleVersion: '2',
  severity: 'High',
  techniques: ['T1567', 'AML.T0086'],
  entries: [3, 4],
} as const

describe('entries that rooms to come will record', () => {
  /** What is not as it should be: OCSF's verdict on the entry, and every poorer one that does not come back as it was. */
  const faults = <Kind extends string>(forms: Forms<Kind>, entry: EntryOf<Kind>): readonly unknown[] => {
    const lost = [...poorer(entry)].filter((one) => canonical(asJson(reader(forms)(written(forms)(one)))) !== canonical(asJson({ entry: one, stamp: STAMP })))
    const fault = wrong(written(forms)(entry))
    return fault === null ? lost : [fault, ...lost]
  }

  it.each(['finding.raised', 'finding.closed'] as const)('are valid findings that come back: %s', (kind) => {
    expect(faults(FINDING_FORMS, findingEntry(kind, FOUND, BY))).toEqual([])
    expect(faults(FINDING_FORMS, findingEntry(kind, { ...FOUND, techniques: [] }, {}))).toEqual([])
  })

  it.each(['journal.exported', 'journal.verified', 'journal.erased', 'journal.pruned', 'journal.rekeyed'] as const)(
    'are valid operations on the log that come back: %s',
    (kind) => {
      const whole = { from: 0, to: 10, why: 'case 7', subject: 'sub_1', file: 'case-7.tar', sha256: 'ab'.repeat(32) }
      expect(faults(LOG_OPERATION_FORMS, logOperationEntry(kind, 'erik', whole))).toEqual([])
      expect(faults(LOG_OPERATION_FORMS, logOperationEntry(kind, 'erik', {}))).toEqual([])
    },
  )

  it.each(Object.keys(FILE_FORMS) as (keyof typeof FILE_FORMS)[])('are valid file activity that comes back: %s', (kind) => {
    for (const outcome of ['done', 'forbidden'] as const) {
      expect(faults(FILE_FORMS, fileEntry(kind, outcome, BY, FILE))).toEqual([])
      expect(faults(FILE_FORMS, fileEntry(kind, outcome, BY, { path: 'C:\\labels\\out.pdf' }))).toEqual([])
    }
  })

  it('are valid network and HTTP activity that come back', () => {
    for (const kind of ['connection.opened', 'connection.closed', 'connection.refused'] as const)
      for (const to of [TO, { ip: '203.0.113.7', port: 22 }]) expect(faults(CONNECTION_FORMS, connectionEntry(kind, 'done', BY, to))).toEqual([])
    for (const method of ['GET', 'POST', 'PATCH'])
      for (const outcome of ['done', 'forbidden'] as const) {
        expect(faults(CONNECTION_FORMS, exchangeEntry('exchange.made', outcome, BY, { ...TO, method, path: '/v1/messages', status: 200 }))).toEqual([])
        expect(faults(CONNECTION_FORMS, exchangeEntry('exchange.refused', outcome, {}, { host: 'api.example.com', port: 443, method, path: '/' }))).toEqual([])
      }
  })

  it('have no kind that the journal gives another form', () => {
    const later = [FINDING_FORMS, LOG_OPERATION_FORMS, FILE_FORMS, CONNECTION_FORMS].flatMap((forms) => Object.entries(forms))
    const known = new Map<string, unknown>(Object.entries(FORMS))
    expect(later.filter(([kind, form]) => known.has(kind) && known.get(kind) !== form)).toEqual([])
  })
})

/** A broken event is a good one with one fault. */
const BREAKS: readonly (readonly [fault: string, path: string, value: Json | undefined])[] = [
  ['a required attribute is missing', 'time', undefined],
  ['a required object is missing', 'actor', undefined],
  ['the operation is missing', 'api.operation', undefined],
  ['the version of the schema is missing', 'metadata.version', undefined],
  ['the version of the schema is another', 'metadata.version', '1.7.0'],
  ['the product has neither name nor uid', 'metadata.product', {}],
  ['the class is none', 'class_uid', 6999],
  ['the class is another than the event', 'class_uid', 3002],
  ['the activity is none of the class', 'activity_id', 7],
  ['the type is none of the class', 'type_uid', 600_307],
  ['the category is another', 'category_uid', 3],
  ['a severity beyond the scale', 'severity_id', 9],
  ['a number where text belongs', 'status_code', 7],
  ['text where a number belongs', 'time', '1790000000000'],
  ['half a millisecond', 'time', 0.5],
  ['an attribute nobody knows', 'colour', 'red'],
  ['an attribute nobody knows, deep inside', 'actor.user.colour', 'red'],
  ['a user without a name of any kind', 'actor.user', { type_id: 1 }],
  ['a profile nobody knows', 'metadata.profiles', ['security_control', 'magic']],
  ['an attribute of a profile that is not named', 'metadata.profiles', []],
  ['a device without the profile `host`', 'device', { uid: 'd-1', type_id: 0 }],
  ['`Other` without saying what', 'activity_id', 99],
  ['an address that is none', 'src_endpoint.ip', 'gate'],
  ['a port beyond the last', 'src_endpoint.port', 65_536],
  ['a list where one belongs', 'policy', [{ uid: 'r' }]],
  ['one where a list belongs', 'resources', { uid: 'r' }],
]

describe.skipIf(judge === null)('the judge of events (skipped aloud where the schema is absent)', () => {
  const good = toEvent({ kind: 'ask.answered', outcome: 'done', ...ENTRY_SAMPLES['ask.answered'] })

  it.each(BREAKS)('turns down an event where %s', (_, path, value) => {
    expect(wrong(good)).toBeNull()
    expect(wrong(altered(good, path.split('.'), value))).not.toBeNull()
  })

  it('turns down both of two where just one may stand, and neither', () => {
    const admitted = toEvent({ kind: 'session.admitted', outcome: 'done', ...ENTRY_SAMPLES['session.admitted'] })
    expect(wrong(admitted)).toBeNull()
    expect(wrong(altered(admitted, ['privileges'], ['all']))).not.toBeNull()
    expect(wrong(altered(admitted, ['group'], undefined))).not.toBeNull()
  })
})

function altered(event: Json, [step = '', ...rest]: readonly string[], value: Json | undefined): OcsfEvent {
  const { [step]: there, ...others } = event as OcsfEvent
  const next = rest.length > 0 ? altered(there ?? {}, rest, value) : value
  return next === undefined ? others : { ...others, [step]: next }
}
