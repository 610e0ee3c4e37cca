import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Problem } from '../../src/contract/connector.ts'
import { doorFor } from '../support/agent-app.ts'
import type { HeldSession } from '../support/caller.ts'
import { openTestGate, type TestGate } from '../support/gate.ts'

let here: TestGate
let app: FastifyInstance
let held: HeldSession
const heard: unknown[] = []
beforeAll(async () => {
  here = await openTestGate()
  held = await here.session()
  app = await doorFor(here, () => held, { host: 'gate.example', failed: (cause) => void heard.push(cause) })
})
afterAll(async () => {
  await app.close()
  await here.close()
})
beforeEach(() => {
  heard.length = 0
})

const kept = async () => (await here.pool.query('select (select count(*) from change) as changes, (select count(*) from draft) as drafts')).rows[0]
const ASKS = [
  ['a read', 'getShipmentSummary', { shipmentId: 'S-A1' }],
  ['a proposal', 'proposeStatusChange', { shipmentId: 'S-A1', status: 'held', reason: 'r' }],
  ['a draft', 'prepareReturnLabel', { shipmentId: 'S-A1' }],
] as const

describe('a bug of our own', () => {
  it.each(ASKS)('in keeping what %s needs is a 500 that tells nothing of itself, is heard here, and keeps nothing', async (_, operation, payload) => {
    Object.assign(here.weather, { stores: 'broken', ledger: 'broken' })
    const [before, from] = [await kept(), (await here.entries()).length]
    const answer = await app.inject({ method: 'POST', url: `/v1/operations/${operation}`, headers: { host: 'gate.example' }, payload })
    expect(Problem.parse(answer.json())).toMatchObject({ status: 500, code: 'house_failed' })
    expect(answer.body).not.toContain('CANARY')
    expect(heard).toEqual([expect.any(TypeError)])
    expect(await kept()).toEqual(before)
    expect((await here.entries(from)).at(-1)).toMatchObject({ kind: 'ask.refused', outcome: 'house_failed' })
  })

  it.each(ASKS)('is not what %s meets while our database is down: that is a 503, to be tried again', async (_, operation, payload) => {
    Object.assign(here.weather, { stores: 'down', ledger: 'down' })
    const answer = await app.inject({ method: 'POST', url: `/v1/operations/${operation}`, headers: { host: 'gate.example' }, payload })
    expect(Problem.parse(answer.json())).toMatchObject({ status: 503, code: 'store_unavailable' })
    expect(heard).toEqual([])
  })
})
