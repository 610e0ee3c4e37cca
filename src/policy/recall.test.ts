import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCatalogue } from '../catalogue/parse.ts'
import type { Session } from '../model/principal.ts'
import { type Bundle, readBundle } from './bundle.ts'
import { decide, type Question, resourceEntities, uid } from './decide.ts'
import { recaller } from './recall.ts'
import { cedarSchema } from './schema.ts'

const ROOT = join(import.meta.dirname, '../..')
const textsIn = (folder: string, ending: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => ({ file: name, text: readFileSync(join(ROOT, folder, name), 'utf8') }))

const { catalogue } = parseCatalogue(textsIn('catalogue', '.yaml'))
const OURS = textsIn('policies', '.cedar')

function bundleOf(...more: readonly string[]): Bundle {
  const extra = more.map((text, i) => ({ file: `more-${i}.cedar`, text: `@id("more-${i}") @owner("IT") @reason("a test") ${text}` }))
  const { bundle, faults } = readBundle(cedarSchema(catalogue), [...OURS, ...extra])
  if (faults.length > 0) throw new Error(JSON.stringify(faults))
  return bundle
}

/** Policies that look at every kind of part, the whole included. */
const BUNDLES: readonly (readonly [string, Bundle])[] = [
  ['our own', bundleOf()],
  ['the hour', bundleOf('forbid (principal, action, resource) when { context has hour && context.hour < 8 };')],
  ['the accounts', bundleOf('forbid (principal, action, resource) when { principal.accounts.contains("B") };')],
  ['the limit', bundleOf('forbid (principal, action in [Gatehouse::Action::"read"], resource) when { context.limit > 3 };')],
  ['an argument', bundleOf('forbid (principal, action == Gatehouse::Action::"getShipmentSummary", resource) when { context.input.shipmentId like "S-1*" };')],
  ['whether an argument is there', bundleOf('forbid (principal, action == Gatehouse::Action::"findShipments", resource) when { context.input has lane };')],
  [
    'the whole input',
    bundleOf('forbid (principal, action == Gatehouse::Action::"getShipmentSummary", resource) when { context.input == {shipmentId: "S-2"} };'),
  ],
  [
    'an arithmetic that overflows',
    bundleOf('forbid (principal, action in [Gatehouse::Action::"read"], resource) when { context.limit * 4611686018427387904 > 0 };'),
  ],
]

const session = (over: Partial<Session> = {}): Session => ({
  id: 'ses-1',
  person: 'anna',
  groups: ['customer-service'],
  device: 'dev-1',
  jkt: 'k',
  agent: { name: 'a', version: '1', assurance: 'declared' },
  posture: { platform: 'linux', osVersion: '1', diskEncrypted: true, firewallOn: true, assurance: 'self' },
  useCase: 'customer-inquiry',
  accounts: ['A'],
  admittedAt: 0,
  endsAt: 1,
  ...over,
})
const SESSIONS = [
  session(),
  session({ id: 'ses-2', useCase: 'exception-desk' }),
  session({ id: 'ses-3', useCase: 'nothing' }),
  session({ id: 'ses-4', accounts: ['A', 'B'] }),
]

const value = fc.oneof(fc.constantFrom('S-1', 'S-2', 'held', 'cancelled', 'a lane'), fc.string({ unit: 'binary', maxLength: 4 }))
const number = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 8), fc.maxSafeInteger())
/** Mostly what the schema admits, sometimes what it does not. */
const odd = fc.constantFrom<string | number | boolean>(1.5, Number.MAX_VALUE, true, 'x', 7)

const question: fc.Arbitrary<Question> = fc.constantFrom(...Object.values(catalogue.operations)).chain((operation) =>
  fc
    .record({
      input: fc.record(
        Object.fromEntries(
          operation.args.map((arg) => [arg.name, fc.oneof({ arbitrary: arg.type === 'integer' ? number : value, weight: 9 }, { arbitrary: odd, weight: 1 })]),
        ),
        { requiredKeys: operation.args.filter((arg) => arg.required).map((arg) => arg.name) },
      ),
      limit: fc.oneof({ arbitrary: number, weight: 9 }, { arbitrary: odd, weight: 1 }),
      hour: number,
      weekday: number,
    })
    .map((context) => ({
      action: operation.name,
      resource: uid('Resource', operation.resource.name),
      context: { ...context },
      entities: resourceEntities(operation.system, operation.resource.name),
    })),
)

describe('recaller', () => {
  it.each(BUNDLES)('decides as if nothing were recalled, where a policy looks at %s', (_, bundle) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...SESSIONS), question), { minLength: 2, maxLength: 12 }), (asked) => {
        const recalled = recaller(bundle)
        // Twice over, so that the second time comes from memory.
        for (const [who, what] of [...asked, ...asked]) expect(recalled(who, what)).toEqual(decide(bundle, who, what))
      }),
      { numRuns: 30 },
    )
  })

  it('recalls an ask that differs in what no policy looks at, and no other', () => {
    const [, bundle] = BUNDLES[1] ?? ['', bundleOf()]
    const recalled = recaller(bundle)
    const [who = session()] = SESSIONS
    const ask = (shipmentId: string, hour: number): Question => ({
      action: 'getShipmentSummary',
      resource: uid('Resource', 'shipment'),
      context: { input: { shipmentId }, limit: 1, hour, weekday: 1 },
      entities: resourceEntities('tms', 'shipment'),
    })
    const first = recalled(who, ask('S-1', 9))
    expect(first.allow).toBe(true)
    expect(recalled(who, ask('S-2', 9))).toBe(first)
    expect(recalled(who, ask('S-1', 7))).toMatchObject({ allow: false, rule: { id: 'more-0' } })
    expect(recalled({ ...who }, ask('S-1', 9))).not.toBe(first)
  })
})
