import { statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { annotated, bundleOf, bundleOfFiles } from '../../test/support/bundle.ts'
import { heldSession } from '../../test/support/caller.ts'
import type { Bundle } from './bundle.ts'
import { decide, judge, type Question, resourceEntities, sessionEntities, uid } from './decide.ts'

const { session } = heldSession()
const question = (over: Partial<Question> = {}): Question => ({
  action: 'findShipments',
  resource: uid('Resource', 'shipment'),
  context: { input: { status: 'held' }, limit: 50, hour: 12, weekday: 1 },
  entities: resourceEntities('tms', 'shipment'),
  ...over,
})
const ALL = 'permit (principal, action, resource);'
const NO_READING = 'forbid (principal, action in [Gatehouse::Action::"read"], resource);'
/** Overflows for a limit of two and more: validation cannot see it. */
const ERRS = 'forbid (principal, action == Gatehouse::Action::"findShipments", resource) when { context.limit * 9223372036854775807 > 0 };'

/** What the library itself says, asked without what we always ask with. */
const bare = (bundle: Bundle, withSchema: boolean) =>
  statefulIsAuthorized({
    principal: uid('Session', session.id),
    action: uid('Action', 'findShipments'),
    resource: question().resource,
    context: question().context,
    ...(withSchema ? { preparsedSchemaName: bundle.serial, validateRequest: true } : {}),
    preparsedPolicySetId: bundle.serial,
    entities: [...sessionEntities(session), ...question().entities],
  })

describe('decide', () => {
  it('denies what no rule permits', () => {
    const bundle = bundleOf({ other: 'permit (principal, action == Gatehouse::Action::"listExceptions", resource);' })
    expect(decide(bundle, session, question())).toEqual({ allow: false, rule: null })
  })

  it('names the rule that decided', () => {
    expect(decide(bundleOf({ all: ALL }), session, question())).toEqual({ allow: true, rule: { id: 'all', owner: 'Owner of all', reason: 'reason of all' } })
    expect(decide(bundleOf({ all: ALL, 'no-reading': NO_READING }), session, question())).toMatchObject({ allow: false, rule: { id: 'no-reading' } })
  })

  it('is not caught by the first trap: a forbid on a group of actions matches, where the library without a schema lets it pass', () => {
    const bundle = bundleOf({ all: ALL, 'no-reading': NO_READING })
    expect(bare(bundle, false)).toMatchObject({ type: 'success', response: { decision: 'allow' } })
    expect(decide(bundle, session, question()).allow).toBe(false)
    expect(
      decide(bundle, session, question({ action: 'prepareReturnLabel', context: { input: { shipmentId: 'S' }, limit: 1, hour: 1, weekday: 1 } })).allow,
    ).toBe(true)
  })

  it('is not caught by the second trap: a forbid that errs denies, where the library skips it and allows', () => {
    const bundle = bundleOf({ all: ALL, errs: ERRS })
    expect(bare(bundle, true)).toMatchObject({ type: 'success', response: { decision: 'allow' } })
    expect(decide(bundle, session, question())).toMatchObject({ allow: false, rule: { id: 'policy-error' } })
    expect(decide(bundle, session, question({ context: { ...question().context, limit: 1 } })).allow).toBe(false)
    expect(decide(bundle, session, question({ context: { ...question().context, limit: 0 } })).allow).toBe(true)
  })

  it.each([
    ['an operation the schema does not know', { action: 'getEverything' }],
    ['no context', { context: {} }],
    ['an attribute missing', { context: { input: {}, limit: 50, hour: 12 } }],
    ['an attribute too many', { context: { input: {}, limit: 50, hour: 12, weekday: 1, admin: true } }],
    ['an argument of another type', { context: { input: { status: 7 }, limit: 50, hour: 12, weekday: 1 } }],
    ['an argument the operation does not take', { context: { input: { all: 'yes' }, limit: 50, hour: 12, weekday: 1 } }],
    ['a resource of another kind', { resource: uid('System', 'tms') }],
  ])('denies a request with %s, though a rule permits everything', (_, over) => {
    const bundle = bundleOf({ all: ALL })
    expect(decide(bundle, session, question()).allow).toBe(true)
    expect(decide(bundle, session, question(over))).toMatchObject({ allow: false, rule: { id: 'policy-error' } })
  })

  it.each([
    [['A'], true],
    [['A', 'ACME'], false],
    [['ACME 2', 'acme'], true],
    [[], true],
  ])('knows the accounts of a session: %j', (accounts, allow) => {
    const bundle = bundleOf({ all: ALL, 'not-acme': 'forbid (principal, action, resource) when { principal.accounts.contains("ACME") };' })
    expect(decide(bundle, { ...session, accounts }, question())).toMatchObject({ allow, rule: { id: allow ? 'all' : 'not-acme' } })
  })

  it('denies a session whose attributes are not those of the schema', () => {
    const odd = { ...session, posture: { ...session.posture, diskEncrypted: 'yes' as unknown as boolean } }
    expect(decide(bundleOf({ all: ALL }), odd, question())).toMatchObject({ allow: false, rule: { id: 'policy-error' } })
  })

  it('lets a forbid beat any number of permits, in any order of files and of policies in them', () => {
    const permits = Array.from({ length: 4 }, (_, n) => annotated(`permit-${n}`, ALL))
    const forbid = annotated('forbid', NO_READING)
    fc.assert(
      fc.property(fc.shuffledSubarray(permits), fc.nat({ max: 4 }), fc.boolean(), (some, at, oneFile) => {
        const order = some.toSpliced(at, 0, forbid)
        const bundle = bundleOfFiles(oneFile ? [{ file: 'all.cedar', text: order.join('\n') }] : order.map((text, n) => ({ file: `${n}.cedar`, text })))
        expect(decide(bundle, session, question())).toMatchObject({ allow: false, rule: { id: 'forbid' } })
      }),
      { numRuns: 40 },
    )
  })
})

describe('judge', () => {
  const bundle = bundleOf({ all: ALL })
  const success = (decision: 'allow' | 'deny', reason: string[], errors: number) =>
    judge(bundle, {
      type: 'success',
      warnings: [],
      response: {
        decision,
        diagnostics: {
          reason,
          errors: Array.from({ length: errors }, () => ({ policyId: 'all', error: { message: 'm', help: null, code: null, url: null, severity: null } })),
        },
      },
    })

  it('allows only what was allowed by a rule that is known, without a single diagnostic', () => {
    expect(success('allow', ['all'], 0).allow).toBe(true)
    expect(success('allow', ['all'], 1)).toMatchObject({ allow: false, rule: { id: 'policy-error' } })
    expect(success('allow', [], 0)).toEqual({ allow: false, rule: null })
    expect(success('allow', ['unknown'], 0)).toEqual({ allow: false, rule: null })
    expect(success('deny', [], 0)).toEqual({ allow: false, rule: null })
    expect(judge(bundle, { type: 'failure', errors: [], warnings: [] })).toMatchObject({ allow: false, rule: { id: 'policy-error' } })
  })
})
