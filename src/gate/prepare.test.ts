import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../../test/support/gate.ts'
import { must, tokensOf } from '../../test/support/stages.ts'
import { done } from '../base/outcome.ts'
import { DRAFT } from './prepare.ts'

let here: TestGate
beforeAll(async () => {
  here = await openTestGate()
})
afterAll(() => here.close())
afterEach(() => Object.assign(here.weather, { journal: 'up', stores: 'up', source: null }))

const LETTER = { shipmentId: 'S-A1', subject: 'Your shipment', body: 'Dear customer, it is late.' }
const kept = async () => (await here.pool.query<{ count: number }>('select count(*)::int as count from draft')).rows[0]?.count

describe('prepare', () => {
  it('keeps the letter sealed, tells the agent nothing it did not know, and records it without its words', async () => {
    const held = await here.session()
    const tokens = tokensOf(held.session.id)
    const body = `Dear ${tokens.seal('con', 'CANARY-A contact')}, CANARY words`
    const from = (await here.entries()).length
    const answer = must(await here.ask(held, 'prepareCustomerReply', { ...LETTER, body }))
    expect(answer.rows).toEqual([{ id: expect.stringMatching(/^drf-/), state: 'prepared', waitsFor: 'your person, in the console' }])
    const draft = await here.gate.drafts.find(String(answer.rows[0]?.['id']))
    expect(draft).toMatchObject({ session: held.session.id, person: 'anna', operation: 'prepareCustomerReply', key: 'S-A1' })
    expect(JSON.parse(tokens.open(DRAFT, draft?.sealed ?? '') ?? '')).toEqual({ ...LETTER, body })
    const entries = await here.entries(from)
    expect(entries).toMatchObject([{ kind: 'draft.prepared', detail: { draft: draft?.id, asked: { shipmentId: 'S-A1', subject: '…', body: '…' } } }])
    expect(JSON.stringify([answer, entries, (await here.pool.query('select * from draft')).rows])).not.toContain('CANARY')
  })

  it('never fetches what only the person will see', async () => {
    const before = here.asked.length
    must(await here.ask(await here.session(), 'prepareReturnLabel', { shipmentId: 'S-A1' }))
    expect(here.asked.slice(before)).toMatchObject([{ fields: ['shipmentId', 'customerId'], accounts: ['A'], limit: 1 }])
  })

  it.each([
    ["another session's", tokensOf('s-other').seal('con', 'Jane Doe')],
    ['one of another entity', tokensOf('s-x').seal('con', 'Jane Doe').replace('con_', 'cus_')],
    ['one made up', `con_${'0'.repeat(40)}`],
  ])('refuses a token in the text that is %s, before the source is asked', async (_, token) => {
    const held = await here.session()
    const [before, asked, from] = [await kept(), here.asked.length, (await here.entries()).length]
    for (const input of [
      { ...LETTER, body: `Dear ${token},` },
      { ...LETTER, subject: token },
    ])
      expect(await here.ask(held, 'prepareCustomerReply', input)).toMatchObject({
        ok: false,
        refusal: { code: 'reference_meaningless', detail: expect.not.stringContaining(token) },
      })
    expect([await kept(), here.asked.length]).toEqual([before, asked])
    expect((await here.entries(from)).map(({ outcome }) => outcome)).toEqual(['reference_meaningless', 'reference_meaningless'])
  })

  it('refuses a token of this session with a letter changed', async () => {
    const held = await here.session()
    const token = tokensOf(held.session.id).seal('con', 'Jane Doe')
    const altered = token.slice(0, -1) + (token.endsWith('0') ? '1' : '0')
    expect((await here.ask(held, 'prepareCustomerReply', { ...LETTER, body: token })).ok).toBe(true)
    expect(await here.ask(held, 'prepareCustomerReply', { ...LETTER, body: altered })).toMatchObject({ refusal: { code: 'reference_meaningless' } })
  })

  it.each([
    ["another account's shipment", { ...LETTER, shipmentId: 'S-B1' }, {}, 'not_found'],
    ['a shipment that is not there', { ...LETTER, shipmentId: 'S-A99' }, {}, 'not_found'],
    ['a use case that makes no letters', LETTER, { useCase: 'exception-desk' }, 'forbidden'],
    ['half a letter of two units', { ...LETTER, body: 'half \ud800' }, {}, 'invalid_input'],
  ])('keeps nothing of a letter about %s', async (_, input, over, code) => {
    const before = await kept()
    const from = (await here.entries()).length
    expect(await here.ask(await here.session(over), 'prepareCustomerReply', input)).toMatchObject({ ok: false, refusal: { code } })
    expect(await kept()).toBe(before)
    expect(await here.entries(from)).toMatchObject([{ kind: 'ask.refused', outcome: code }])
  })

  it('keeps nothing while the journal is down, when it cannot be kept, or once the session is revoked', async () => {
    const before = await kept()
    here.weather.journal = 'down'
    expect(await here.ask(await here.session(), 'prepareCustomerReply', LETTER)).toMatchObject({ refusal: { code: 'journal_unavailable' } })
    Object.assign(here.weather, { journal: 'up', stores: 'down' })
    expect(await here.ask(await here.session(), 'prepareCustomerReply', LETTER)).toMatchObject({
      refusal: { code: 'store_unavailable' },
    })
    const held = await here.session()
    Object.assign(here.weather, { stores: 'up', source: async (_: unknown, own: unknown) => (here.identity.revocation.heard(held.session.id), own) })
    expect(await here.ask(held, 'prepareCustomerReply', LETTER)).toMatchObject({ refusal: { code: 'session_revoked' } })
    expect(await kept()).toBe(before)
  })

  it('throws where keeping it fails by a fault of ours, and keeps nothing', async () => {
    const before = await kept()
    here.weather.stores = 'broken'
    await expect(here.ask(await here.session(), 'prepareCustomerReply', LETTER)).rejects.toThrow(TypeError)
    expect(await kept()).toBe(before)
  })

  it("is about the record that was asked for, though the source sends another's first", async () => {
    here.weather.source = async (_, own) => done([{ shipmentId: 'S-B1', customerId: 'B' }, ...must(own)])
    const { rows } = must(await here.ask(await here.session(), 'prepareReturnLabel', { shipmentId: 'S-A1' }))
    expect(await here.gate.drafts.find(String(rows[0]?.['id']))).toMatchObject({ key: 'S-A1' })
  })
})
