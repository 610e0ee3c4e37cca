import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bundleOf } from '../../test/support/bundle.ts'
import { heldSession } from '../../test/support/caller.ts'
import { operationOf } from '../../test/support/pack.ts'
import { shopWith } from '../../test/support/shop-pack.ts'
import { parseCatalogue } from '../catalogue/parse.ts'
import { coversOf } from './covers.ts'

const { session } = heldSession()
const permit = (action: string, fieldClass: string) =>
  `permit (principal, action == Gatehouse::Action::"${action}", resource in Gatehouse::FieldClass::"${fieldClass}");`

describe('coversOf', () => {
  it('redacts a secret though every rule shows it', () => {
    const { catalogue } = parseCatalogue([shopWith()])
    const bundle = bundleOf(
      {
        see: 'permit (principal, action == Gatehouse::Action::"see", resource);',
        refer: 'permit (principal, action in [Gatehouse::Action::"refer", Gatehouse::Action::"hint"], resource);',
      },
      catalogue,
    )
    const operation = operationOf('findParcels', { catalogue })
    const cover = coversOf(bundle, session, { ...operation, returns: ['pin', 'status', 'account', 'remark'] })
    expect(['pin', 'status', 'account', 'remark'].map(cover)).toEqual(['redact', 'clear', 'clear', 'clear'])
  })

  it('gives the best that is permitted, and a token only where a field has one', () => {
    const classes = ['open', 'personal', 'commercial', 'freetext'] as const
    const operation = operationOf('getShipmentSummary')
    const permits = fc.subarray(classes.flatMap((fieldClass) => ['see', 'refer', 'hint'].map((action) => ({ action, fieldClass }))))
    fc.assert(
      fc.property(permits, (some) => {
        const bundle = bundleOf({
          none: permit('see', 'secret'),
          ...Object.fromEntries(some.map(({ action, fieldClass }) => [`${action}-${fieldClass}`, permit(action, fieldClass)])),
        })
        const cover = coversOf(bundle, session, operation)
        for (const name of operation.returns) {
          const field = operation.resource.fields[name]
          const may = (action: string) => some.some((one) => one.action === action && one.fieldClass === field?.class)
          const best = may('see') ? 'clear' : may('refer') && field?.refers ? 'token' : may('hint') ? 'partial' : 'redact'
          expect([name, cover(name)]).toEqual([name, best])
        }
      }),
      { numRuns: 15 },
    )
  })

  it('redacts a field the operation neither returns nor filters by', () => {
    const cover = coversOf(bundleOf({ see: 'permit (principal, action == Gatehouse::Action::"see", resource);' }), session, operationOf('listShipmentEvents'))
    expect([cover('note'), cover('shipmentId'), cover('customerId'), cover('toString')]).toEqual(['clear', 'clear', 'redact', 'redact'])
  })

  it('knows the operation by which a field would leave', () => {
    const bundle = bundleOf({ here: 'permit (principal, action == Gatehouse::Action::"see", resource) when { context.operation == "findShipments" };' })
    expect(coversOf(bundle, session, operationOf('findShipments'))('status')).toBe('clear')
    expect(coversOf(bundle, session, operationOf('getShipmentSummary'))('status')).toBe('redact')
  })
})
