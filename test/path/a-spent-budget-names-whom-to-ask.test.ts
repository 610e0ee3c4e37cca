import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Problem } from '../../src/contract/connector.ts'
import { type AccessHouse, refusalFor, requestAccess, requestsFor } from '../../src/desk/access.ts'
import type { Viewer } from '../../src/desk/desk.ts'
import { accessRequests } from '../../src/store/access-requests.ts'
import { journalStore } from '../../src/store/journal-store.ts'
import { doorFor } from '../support/agent-app.ts'
import type { HeldSession } from '../support/caller.ts'
import { openTestGate, type TestGate } from '../support/gate.ts'
import { PACK } from '../support/pack.ts'
import { must } from '../support/stages.ts'

const RULE = {
  id: 'exposure-budget',
  owner: 'Head of Customer Service',
  reason: 'a session of use case `customer-inquiry` may be shown 0 people and 0 prices',
}
const viewer = (person: string, groups: readonly string[]): Viewer => ({
  person,
  name: person,
  groups: [...groups],
  isApprover: groups.includes('shift-leads'),
  signedInAt: 0,
  confirmedAt: 0,
})
const ANNA = viewer('anna', ['customer-service'])
const LEAD = viewer('erik', ['shift-leads'])

let here: TestGate
let app: FastifyInstance
let held: HeldSession
let house: AccessHouse
beforeAll(async () => {
  here = await openTestGate()
  held = await here.session()
  app = await doorFor(here, () => held, { host: 'gate.example', failed: () => undefined })
  house = {
    entries: journalStore({ pool: here.pool }),
    requests: accessRequests(here.pool),
    record: here.gate.record,
    directory: PACK.directory,
    useCaseOf: async (session) => (session === held.session.id ? held.session.useCase : null),
    nameOf: async (id) => id,
    newId: () => here.gate.newId('acr'),
    clock: here.gate.clock,
  }
  here.weather.limits = { subject: 0, price: 0 }
})
afterAll(async () => {
  await app.close()
  await here.close()
})

const summary = async () => {
  const payload = { shipmentId: 'S-A1' }
  return Problem.parse((await app.inject({ method: 'POST', url: '/v1/operations/getShipmentSummary', headers: { host: 'gate.example' }, payload })).json())
}
const toolCall = async (): Promise<string> => {
  const headers = { host: 'gate.example', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' }
  const payload = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'getShipmentSummary', arguments: { shipmentId: 'S-A1' } } }
  return (await app.inject({ method: 'POST', url: '/mcp', headers, payload })).body
}

describe('a spent exposure budget', () => {
  it('is a problem that names the budget, its owner and where to ask for more, and so is its entry', async () => {
    const problem = await summary()
    expect(problem).toMatchObject({
      status: 403,
      code: 'exposure_exceeded',
      next: 'end this session, or ask the use case owner for a larger budget',
      rule: RULE,
      requestAccess: `http://gate.example/refusals/${problem.correlationId}`,
    })
    const { id: rule, owner, reason } = RULE
    expect((await here.entries()).at(-1)).toMatchObject({
      kind: 'ask.refused',
      outcome: 'exposure_exceeded',
      correlation: problem.correlationId,
      person: 'anna',
      detail: { rule, owner, reason },
    })
  })

  it('is told an agent over MCP in words it can hand on', async () => {
    const said = await toolCall()
    const { correlation } = (await here.entries()).at(-1) ?? {}
    for (const line of [
      'Refused: Exposure budget spent. this session has asked for 1 distinct subjects, and its budget is 0.',
      `Rule: ${RULE.id}, owned by ${RULE.owner} (${RULE.reason}).`,
      `Ask for access: http://gate.example/refusals/${correlation}`,
    ])
      expect(said).toContain(line)
  })

  it('can be asked about by its person, and the request lies with who approves for the use case', async () => {
    const { correlationId } = await summary()
    expect(await refusalFor(house, correlationId, ANNA)).toMatchObject({
      value: { code: 'exposure_exceeded', detail: RULE.reason, rule: RULE, operation: 'getShipmentSummary', mayRequest: true },
    })
    must(await requestAccess(house, correlationId, 'a recall of one lot', { viewer: ANNA, correlation: 'cor-act' }))
    const { id: rule, owner } = RULE
    expect((await here.entries()).at(-1)).toMatchObject({ kind: 'access.requested', person: 'anna', detail: { about: correlationId, rule, owner } })
    const asked = { correlation: correlationId, useCase: 'customer-inquiry', rule: { id: rule, owner }, note: 'a recall of one lot' }
    expect((await requestsFor(house, LEAD)).open).toMatchObject([{ ...asked, mayAnswer: true }])
    expect((await requestsFor(house, ANNA)).open).toMatchObject([{ ...asked, mayAnswer: false }])
    expect((await requestsFor(house, viewer('mira', ['customer-service']))).open).toEqual([])
  })
})
