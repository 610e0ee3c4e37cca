import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TOKEN } from '../../src/mask/token.ts'
import type { HeldSession } from '../support/caller.ts'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { must } from '../support/stages.ts'

let here: TestGate
let mine: HeldSession
let tokens: readonly string[]
beforeAll(async () => {
  here = await openTestGate()
  mine = await here.session()
  const answers = [
    must(await here.ask(mine, 'getShipmentSummary', { shipmentId: 'S-A1' })),
    must(await here.ask(mine, 'findShipments', { lane: 'Hamburg-Lyon', limit: 2 })),
  ]
  tokens = [...new Set([...JSON.stringify(answers).matchAll(TOKEN)].map(([token]) => token))]
})
afterAll(() => here.close())

/** Every way an agent can hand a token in. */
const ways = (token: string) =>
  [
    ['findShipments', { customer: token }],
    ['getOrderHistory', { customer: token }],
    ['findShipments', { lane: 'Hamburg-Lyon', cursor: token }],
    ['prepareCustomerReply', { shipmentId: 'S-A1', subject: token, body: 'b' }],
    ['prepareCustomerReply', { shipmentId: 'S-A1', subject: 's', body: `Dear ${token},` }],
    ['prepareReturnLabel', { shipmentId: 'S-A1', note: token }],
  ] as const

/** Whether a session may use a token in a way. */
async function accepted(by: HeldSession, token: string): Promise<readonly string[]> {
  const said: string[] = []
  for (const [operation, input] of ways(token)) {
    const outcome = await here.ask(by, operation, input)
    said.push(outcome.ok ? 'ok' : outcome.refusal.code)
  }
  return said
}

describe('a token', () => {
  it('is given for account, customer, contact and page', () => {
    expect(tokens.map((token) => token.slice(0, 3)).toSorted()).toEqual(['acc', 'con', 'cus', 'nxt'])
  })

  it('is good in its own session, where its entity is asked for, and in text', async () => {
    const [account = '', page = ''] = ['acc', 'nxt'].map((entity) => tokens.find((token) => token.startsWith(entity)))
    expect(await accepted(mine, account)).toEqual(['ok', 'ok', 'reference_meaningless', 'ok', 'ok', 'ok'])
    expect((await accepted(mine, page)).slice(0, 3)).toEqual(['invalid_input', 'invalid_input', 'ok'])
  })

  it('means nothing in another session of the same person, on the same device, with the same accounts', async () => {
    const other = await here.session({ person: mine.session.person, accounts: mine.session.accounts })
    for (const token of tokens) for (const said of await accepted(other, token)) expect(['invalid_input', 'reference_meaningless']).toContain(said)
  })

  it('is another one there, for the same value: two sessions cannot compare notes', async () => {
    const other = await here.session()
    const theirs = JSON.stringify(must(await here.ask(other, 'getShipmentSummary', { shipmentId: 'S-A1' })))
    for (const token of tokens) expect(theirs).not.toContain(token)
  })

  it('says no more when refused than that it is not of this session', async () => {
    const other = await here.session()
    const [account = ''] = tokens.filter((token) => token.startsWith('acc'))
    const said = await here.ask(other, 'findShipments', { customer: account })
    const madeUp = await here.ask(other, 'findShipments', { customer: `acc_${'0'.repeat(30)}` })
    expect(said).toEqual(madeUp)
  })
})
