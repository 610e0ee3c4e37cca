import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../../test/support/gate.ts'
import { PACK } from '../../test/support/pack.ts'
import { tokensOf } from '../../test/support/stages.ts'
import { refusal } from '../model/refusal.ts'
import { offerer } from '../policy/offer.ts'
import { asked } from './entries.ts'
import { offerFrom } from './offer.ts'
import { turnBack } from './turn-back.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())

describe('answer', () => {
  it.each([
    ['a read', 'getShipmentSummary', { shipmentId: 'S-A1' }, 'ask.answered'],
    ['a proposal', 'proposeStatusChange', { shipmentId: 'S-A1', status: 'held', reason: 'r' }, 'change.proposed'],
    ['a draft', 'prepareReturnLabel', { shipmentId: 'S-A1' }, 'draft.prepared'],
    ['what does not exist', 'constructor', {}, 'ask.refused'],
    ['what is only inherited', '__proto__', {}, 'ask.refused'],
  ])('takes %s its own way', async (_, operation, input, kind) => {
    const from = (await here.entries()).length
    await here.ask(await here.session(), operation, input)
    expect((await here.entries(from)).map((entry) => entry.kind)).toEqual([kind])
  })
})

describe('asked', () => {
  it('keeps tokens and values of open fields, and of the rest only that they were given', async () => {
    const held = await here.session()
    const { open, seal } = tokensOf(held.session.id)
    const of = (name: string, input: unknown) => {
      const ask = here.gate.parse(name, input, open)
      return ask.ok ? asked(ask.value) : ask.refusal
    }
    const token = seal('acc', 'A')
    expect(of('findShipments', { status: 'held', customer: token, plannedFrom: '2026-01-01', limit: 3 })).toEqual({
      status: 'held',
      customer: token,
      plannedFrom: '2026-01-01',
    })
    expect(of('prepareCustomerReply', { shipmentId: 'S', subject: 'CANARY', body: 'CANARY' })).toEqual({ shipmentId: 'S', subject: '…', body: '…' })
    expect(of('proposeStatusChange', { shipmentId: 'S', status: 'held', reason: 'CANARY' })).toEqual({ shipmentId: 'S', status: '…', reason: '…' })
  })
})

describe('offerFrom', () => {
  const offer = offerFrom(PACK.catalogue, offerer(PACK.bundle))
  const names = (offered: readonly { readonly name: string }[]) => offered.map(({ name }) => name)

  it('shows a session what it may ask, in the order of the catalogue, the same every time', async () => {
    const { session } = await here.session({ useCase: 'exception-desk' })
    const order = names(offer.all)
    expect(order).toEqual(Object.keys(PACK.catalogue.operations))
    expect(names(offer.to(session))).toEqual(order.filter((name) => !name.startsWith('prepare')))
    expect(offer.to(session)).toBe(offer.to(session))
  })

  it('keeps sessions apart', async () => {
    const [desk, inquiry, nobody] = await Promise.all(
      ['exception-desk', 'customer-inquiry', 'none'].map(async (useCase) => (await here.session({ useCase })).session),
    )
    if (!desk || !inquiry || !nobody) throw new Error('no sessions')
    expect(names(offer.to(desk))).not.toContain('prepareReturnLabel')
    expect(names(offer.to(inquiry))).toContain('prepareReturnLabel')
    expect(names(offer.to(nobody))).toEqual(['getChangeState'])
  })
})

describe('turnBack', () => {
  it('says the refusal once it is recorded, and only that the journal is down when it cannot be', async () => {
    const held = await here.session()
    const knock = here.knock(held, 'getShipmentSummary', {})
    const said = refusal('forbidden', 'no', { rule: { id: 'r', owner: 'o', reason: 'w' } })
    const from = (await here.entries()).length
    expect(await turnBack(here.gate, knock, null, said)).toEqual({ ok: false, refusal: said })
    expect(await here.entries(from)).toMatchObject([
      { kind: 'ask.refused', outcome: 'forbidden', operation: 'getShipmentSummary', detail: { rule: 'r', owner: 'o', reason: 'w' } },
    ])
    here.weather.journal = 'down'
    expect(await turnBack(here.gate, knock, null, said)).toMatchObject({ ok: false, refusal: { code: 'journal_unavailable' } })
    here.weather.journal = 'up'
  })
})
