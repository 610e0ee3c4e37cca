import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bundleOf } from '../../test/support/bundle.ts'
import { callerOf, heldSession } from '../../test/support/caller.ts'
import { operationOf, PACK } from '../../test/support/pack.ts'
import { askOf } from '../../test/support/stages.ts'
import { authoriser } from './authorise.ts'
import { offerer } from './offer.ts'

const { session } = heldSession()
const A = (name: string) => `Gatehouse::Action::"${name}"`

/** Policies of every form a condition can take: on the session, on the ask, on both, in when and in unless. */
const POLICIES: Readonly<Record<string, string>> = {
  reads: `permit (principal, action in [${A('read')}], resource);`,
  'reads-by-day': `permit (principal, action in [${A('read')}], resource) when { context.hour > 6 } unless { context.weekday == 0 };`,
  drafts: `permit (principal, action in [${A('draft')}], resource) when { principal.useCase == Gatehouse::UseCase::"customer-inquiry" };`,
  proposals: `permit (principal, action == ${A('proposeStatusChange')}, resource) when { principal.useCase == Gatehouse::UseCase::"exception-desk" && context.input.status != "cancelled" };`,
  'of-group': `permit (principal, action in [${A('draft')}], resource) when { principal.person in Gatehouse::Group::"shift-leads" };`,
  'in-tms': `permit (principal, action in [${A('read')}], resource in Gatehouse::System::"tms");`,
  see: `permit (principal, action == ${A('see')}, resource);`,
  'no-declared': `forbid (principal, action in [${A('propose')}], resource) when { principal.agent.assurance == "declared" };`,
  'no-clear-disks': `forbid (principal, action, resource) unless { principal.posture.diskEncrypted };`,
  'no-nights': `forbid (principal, action in [${A('read')}], resource) when { context.hour < 6 };`,
  'no-cancelling': `forbid (principal, action == ${A('proposeStatusChange')}, resource) when { context.input.status == "cancelled" };`,
}

const ASKS = [
  ['getShipmentSummary', { shipmentId: 'S' }],
  ['findShipments', { status: 'held' }],
  ['getChangeState', { changeId: 'c' }],
  ['proposeStatusChange', { shipmentId: 'S', status: 'cancelled', reason: 'r' }],
  ['proposeStatusChange', { shipmentId: 'S', status: 'held', reason: 'r' }],
  ['prepareReturnLabel', { shipmentId: 'S' }],
  ['prepareCustomerReply', { shipmentId: 'S', subject: 's', body: 'b' }],
] as const

describe('offerer', () => {
  it('leaves nothing out that an ask of the session could be permitted', async () => {
    const sessions = fc.record({
      useCase: fc.constantFrom('customer-inquiry', 'exception-desk', 'other'),
      groups: fc.subarray(['customer-service', 'shift-leads']),
      agent: fc.record({ name: fc.constant('a'), version: fc.constant('1'), assurance: fc.constantFrom('declared', 'vendor') }),
      disk: fc.boolean(),
    })
    const at = fc.record({ hour: fc.integer({ min: 0, max: 23 }), weekday: fc.integer({ min: 0, max: 6 }) })
    let permitted = 0
    await fc.assert(
      fc.asyncProperty(fc.subarray(Object.keys(POLICIES), { minLength: 1 }), sessions, at, async (ids, { disk, ...over }, now) => {
        const bundle = bundleOf(Object.fromEntries(ids.map((id) => [id, POLICIES[id] ?? ''])))
        const caller = await callerOf({ ...over, posture: { ...session.posture, diskEncrypted: disk } })
        const mayOffer = offerer(bundle)
        const authorise = authoriser(bundle, () => '')
        for (const [name, input] of ASKS) {
          if (!authorise(caller, askOf(caller, name, input), now).ok) continue
          permitted++
          expect([name, mayOffer(caller.session, operationOf(name))]).toEqual([name, true])
        }
      }),
      { numRuns: 60, seed: 20261123 },
    )
    expect(permitted).toBeGreaterThan(20)
  })

  it('leaves out what no ask could be permitted', () => {
    const parted = (POLICIES['proposals'] ?? '').replace(' && ', ' } when { ')
    const offer = offerer(bundleOf({ proposals: parted, 'no-declared': POLICIES['no-declared'] ?? '' }))
    expect(offer({ ...session, useCase: 'exception-desk' }, operationOf('proposeStatusChange'))).toBe(false)
    const vendor = { ...session, agent: { ...session.agent, assurance: 'vendor' as const } }
    expect(offer({ ...vendor, useCase: 'exception-desk' }, operationOf('proposeStatusChange'))).toBe(true)
    expect(offer({ ...vendor, useCase: 'customer-inquiry' }, operationOf('proposeStatusChange'))).toBe(false)
    expect(offer(vendor, operationOf('getShipmentSummary'))).toBe(false)
  })

  it('offers by the shipped policies what each use case is for', () => {
    const offer = offerer(PACK.bundle)
    const offered = (useCase: string) =>
      Object.values(PACK.catalogue.operations)
        .filter((operation) => operation.system === 'tms' && offer({ ...session, useCase }, operation))
        .map(({ name }) => name)
    expect(offered('customer-inquiry')).toContain('prepareReturnLabel')
    expect(offered('exception-desk')).not.toContain('prepareReturnLabel')
    expect(offered('exception-desk')).toContain('proposeStatusChange')
    expect(offered('nobody-knows')).toEqual([])
  })
})
