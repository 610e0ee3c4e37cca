import type { Client } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyAt } from '../../src/bin/journal/verify.ts'
import type { DeskPerson } from '../../src/bin/pilot/desk-client.ts'
import type { CallName } from '../../src/contract/console.ts'
import { nextStepOf, titleOf } from '../../src/model/refusal.ts'
import { type HouseJournal, houseJournal } from '../support/entries.ts'
import { mcpVisitor, toolText } from '../support/mcp-visitor.ts'
import { type PilotHouse, startPilot } from '../support/pilot.ts'
import { known } from '../support/processes.ts'
import { openProvenSession, type ProvenSession } from '../support/session.ts'
import { asSuperuser, holdSource, standing } from '../support/standing.ts'
import { say, strangerAt } from '../support/stranger.ts'
import { opened } from '../support/unsealed.ts'

const HEALS_WITHIN = { timeout: 15_000, interval: 100 }

let pilot: PilotHouse
let session: ProvenSession
let agent: Client
let employee: DeskPerson
let approver: DeskPerson
let journal: HouseJournal
let shipmentId: string
/** Every word of an answer that only the TMS could know. */
let secrets: readonly string[]

beforeAll(async () => {
  pilot = await startPilot()
  session = await openProvenSession(pilot)
  ;[employee, approver] = [await pilot.employee(), await pilot.approver()]
  await session.ask('GET', '/v1/operations')
  agent = await mcpVisitor(session, pilot.raise.gateUrl)
  journal = houseJournal(pilot.raise.house)
  const found = await rowsOf(await ask('findShipments', { status: 'in_transit', limit: 1 }))
  shipmentId = String(found[0]?.['shipmentId'])
  const [row] = await rowsOf(await ask('getShipmentSummary', { shipmentId }))
  secrets = [row?.['reference'], row?.['orderId'], row?.['customerName'], row?.['origin']].map(String)
})
afterAll(async () => {
  await agent.close()
  await journal.close()
  await pilot.close()
})

const ask = (operation: string, input: object): Promise<Response> => session.ask('POST', `/v1/operations/${operation}`, input)
const rowsOf = async (answer: Response) => ((await answer.json()) as { readonly rows?: readonly Readonly<Record<string, unknown>>[] }).rows ?? []

/** Each way an agent may ask: reads, a list, a proposal, a draft. */
const ASKS = (): readonly (readonly [string, object])[] => [
  ['getShipmentSummary', { shipmentId }],
  ['findShipments', { status: 'delivered', limit: 5 }],
  ['proposeStatusChange', { shipmentId, status: 'held', reason: 'the customer asked' }],
  ['prepareReturnLabel', { shipmentId, parcels: 1 }],
]

/** That every way of asking is refused with exactly this problem and not one byte more. */
async function expectRefused(code: 'source_unavailable' | 'journal_unavailable', detail: RegExp): Promise<void> {
  for (const [operation, input] of ASKS()) {
    const answer = await ask(operation, input)
    const text = await answer.text()
    const body = JSON.parse(text) as { readonly detail: string; readonly correlationId: string; readonly retryAfterSeconds?: number }
    const { detail: said, correlationId, retryAfterSeconds } = body
    expect(said).toMatch(detail)
    expect(body).toEqual({
      type: `urn:gatehouse:refusal:${code}`,
      title: titleOf(code),
      status: 503,
      detail: said,
      code,
      correlationId,
      next: nextStepOf(code),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds: 1 }),
    })
    expect(answer.status).toBe(503)
    for (const secret of secrets) expect(text).not.toContain(secret)

    const told = await toolText(agent, operation, { ...input })
    expect(told.isError).toBe(true)
    expect(told.text).toContain(`Refused: ${titleOf(code)}. `)
    expect(told.text).toContain(`(${code})`)
    for (const secret of secrets) expect(told.text).not.toContain(secret)
  }
}

async function shut(database: 'tms' | 'gatehouse'): Promise<void> {
  await asSuperuser(pilot.raise, 'postgres', async (client) => {
    await client.query(`alter database ${database} with allow_connections false`)
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [database])
  })
}
const open = (database: 'tms' | 'gatehouse'): Promise<unknown> =>
  asSuperuser(pilot.raise, 'postgres', (client) => client.query(`alter database ${database} with allow_connections true`))

const expectAnswer = (): Promise<void> => expect.poll(async () => (await ask('getShipmentSummary', { shipmentId })).status, HEALS_WITHIN).toBe(200)

describe('the TMS is down', () => {
  it('is source_unavailable for every operation, recorded each time, and answers again when it is back, without a restart', async () => {
    const before = await standing(pilot.raise)
    const size = await journal.size()
    await shut('tms')
    try {
      await expectRefused('source_unavailable', /^the system behind `tms` cannot be reached$/)
    } finally {
      await open('tms')
    }
    expect(await standing(pilot.raise)).toEqual(before)
    const entries = await journal.since(size)
    expect(entries.map(({ kind, outcome, operation }) => `${kind} ${outcome} ${operation}`)).toEqual(
      ASKS().flatMap(([operation]) => [`ask.refused source_unavailable ${operation}`, `ask.refused source_unavailable ${operation}`]),
    )
    await expectAnswer()
  }, 30_000)

  it('is source_failed when it answers too slowly, and is not asked again', async () => {
    const held = await holdSource(pilot.raise)
    const asked = ask('getShipmentSummary', { shipmentId })
    await expect.poll(held.waiting).toBe(1)
    const answer = await asked
    expect(await held.waiting()).toBe(0)
    await held.release()
    const body = (await answer.json()) as { readonly correlationId: string }
    expect(body).toMatchObject({
      status: 502,
      code: 'source_failed',
      detail: 'the system behind `tms` took too long',
      next: 'tell your IT desk the correlation id',
    })
    expect(await journal.about(body.correlationId)).toMatchObject([{ kind: 'ask.refused', outcome: 'source_failed' }])
    await expectAnswer()
  })
})

describe('the journal cannot be written', () => {
  const lock = () => asSuperuser(pilot.raise, 'gatehouse', (client) => client.query('revoke insert on journal_entry from gatehouse_gate'))
  const unlock = () => asSuperuser(pilot.raise, 'gatehouse', (client) => client.query('grant insert on journal_entry to gatehouse_gate'))
  const DOWN = { status: 503, body: expect.objectContaining({ code: 'journal_unavailable', title: 'The journal cannot be written' }) }

  it('releases nothing: journal_unavailable for every operation, no row in any byte, no change, no draft, no session', async () => {
    const gate = pilot.raise.gateUrl
    // What was spent of an exposure budget stays spent, whatever came after.
    const { exposure: _, ...before } = await standing(pilot.raise)
    const size = await journal.size()
    await lock()
    try {
      await expectRefused('journal_unavailable', /^the journal could not be written$/)
      const refused = await ask('exportEverything', {})
      expect(await refused.json()).toMatchObject({ code: 'journal_unavailable' })

      const stranger = strangerAt(gate)
      const knock = await say(gate, { path: '/v1/operations/getShipmentSummary', headers: { 'content-type': 'application/json' }, body: '{}' })
      expect(knock.body).toMatchObject({ code: 'journal_unavailable' })
      const path = '/oauth/device_authorization'
      const posture = JSON.stringify({ platform: 'linux', osVersion: '6', diskEncrypted: true, firewallOn: true })
      const form = new URLSearchParams({ client_id: 'd', agent_name: 'a', agent_version: '1', posture }).toString()
      const headers = { 'content-type': 'application/x-www-form-urlencoded', dpop: await stranger.dpop('POST', path) }
      expect((await say(gate, { path, headers, body: form })).body).toMatchObject({ code: 'journal_unavailable', error: 'temporarily_unavailable' })
      expect(await employee.call('inviteDevice')).toEqual(DOWN)
      await expect(pilot.approver()).rejects.toThrow('journal_unavailable')
    } finally {
      await unlock()
    }
    const { exposure: __, ...after } = await standing(pilot.raise)
    // The sign-in that failed was counted before it was judged.
    expect({ ...after, person: '' }).toEqual({ ...before, person: '' })
    expect(await journal.size()).toBe(size)
    await expectAnswer()
  }, 30_000)

  it('lets nobody approve: the change waits as it was, and can be approved when the journal is back', async () => {
    const proposed = (await rowsOf(await ask('proposeStatusChange', { shipmentId, status: 'held', reason: 'asked' })))[0]?.['id']
    const waiting = await changeOf(String(proposed))
    const before = await standing(pilot.raise)
    const decision = { version: waiting.version, digest: waiting.digest, decision: 'reject', reason: 'not today' }
    await lock()
    try {
      expect(await approver.call('decideChange', decision, waiting.id)).toEqual(DOWN)
    } finally {
      await unlock()
    }
    expect(await standing(pilot.raise)).toEqual(before)
    expect((await approver.call('decideChange', decision, waiting.id)).body).toMatchObject({ state: 'rejected' })
  })

  it('still ends a session that is revoked, says that it is to be repeated, and records it then', async () => {
    const code = String((await employee.call('inviteDevice')).body['code'])
    const lost = await openProvenSession(pilot, 'customer-inquiry', code)
    const revoke = () => employee.call('revokeSession', { why: 'lost' }, lost.id)
    const size = await journal.size()
    await lock()
    try {
      expect(await revoke()).toEqual(DOWN)
    } finally {
      await unlock()
    }
    expect(await (await lost.ask('GET', '/v1/operations')).json()).toMatchObject({ code: 'session_revoked' })
    expect((await revoke()).status).toBe(200)
    const told = (await journal.since(size)).filter(({ kind }) => kind === 'session.revoked')
    expect(await opened(pilot.raise, told)).toMatchObject([{ session: lost.id, detail: { why: 'lost' } }])
  })
})

describe('our database is down', () => {
  it('never answers, and heals when it is back, in the same processes', async () => {
    const before = await standing(pilot.raise)
    await shut('gatehouse')
    try {
      for (const [operation, input] of ASKS()) {
        const answer = await ask(operation, input)
        const text = await answer.text()
        expect(answer.status).toBe(503)
        expect(JSON.parse(text)).toMatchObject({ code: expect.stringMatching(/^(store|journal)_unavailable$/) })
        for (const secret of secrets) expect(text).not.toContain(secret)
      }
      const calls: readonly [CallName, object][] = [
        ['me', {}],
        ['changes', {}],
        ['journal', { limit: '5' }],
        ['inviteDevice', {}],
      ]
      for (const [call, input] of calls) {
        const { status, body } = await employee.call(call, input)
        expect({ status, code: body['code'] }).toEqual({ status: 503, code: 'store_unavailable' })
      }
    } finally {
      await open('gatehouse')
    }
    await expectAnswer()
    const { exposure: _, ...after } = await standing(pilot.raise)
    expect({ ...after, exposure: '' }).toEqual({ ...before, exposure: '' })
    expect((await employee.call('me')).body).toMatchObject({ name: 'Anna Lind' })
  }, 60_000)

  it('heals after PostgreSQL crashed and recovered, and what was recorded before is there, signed on', async () => {
    await expectAnswer()
    const size = await journal.size()
    const victim = await asSuperuser(pilot.raise, 'postgres', async (client) => {
      const { rows } = await client.query<{ pid: number }>("select pid from pg_stat_activity where application_name = 'gatehouse gate appending' limit 1")
      return known(rows[0]?.pid)
    })
    // One server process that dies takes all sessions of the server with it: PostgreSQL trusts its shared memory no more.
    process.kill(victim, 'SIGKILL')
    await expectAnswer()
    const again = houseJournal(pilot.raise.house)
    expect(await again.size()).toBeGreaterThan(size)
    await again.close()
    const { house, vkeyFile, signedFile } = pilot.raise
    await expect
      .poll(async () => verifyAt(house.databaseUrl('gate'), vkeyFile, signedFile), HEALS_WITHIN)
      .toMatchObject({ ok: true, unsignedTail: 0, faults: [] })
    for (const pid of Object.values(house.pids)) expect(process.kill(pid, 0)).toBe(true)
  }, 60_000)
})

type ChangeWaiting = { readonly id: string; readonly version: number; readonly digest: string }

async function changeOf(id: string): Promise<ChangeWaiting> {
  const { waiting } = (await approver.call('changes')).body as { readonly waiting: readonly ChangeWaiting[] }
  const found = waiting.find((change) => change.id === id)
  if (!found) throw new Error(`no change ${id} waits`)
  return found
}
