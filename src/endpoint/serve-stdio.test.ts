import { spawn } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { setTimeout as pass } from 'node:timers/promises'
import type { CallToolResult, Client } from '@modelcontextprotocol/client'
import { describe, expect, it, type TestContext } from 'vitest'
import { type FakeGate, type FakeGateOptions, Refuse, startFakeGate } from '../../test/fakes/gate.ts'
import { CONNECTOR, type Era, enrolledHome, freshHome, startAgent } from '../../test/support/connector.ts'
import { keyPath } from './key-store.ts'
import type { Operation } from './tool.ts'

const ERAS: readonly Era[] = ['2025-11-25', '2026-07-28']
const OUTPUT = { type: 'object', properties: { rows: { type: 'array', items: { type: 'object' } } }, required: ['rows'] }
const SUMMARY: Operation = {
  name: 'getShipmentSummary',
  title: 'Shipment summary',
  description: 'One shipment, by its id',
  readOnly: true,
  inputSchema: { type: 'object', properties: { shipmentId: { type: 'string' } }, required: ['shipmentId'], additionalProperties: false },
  outputSchema: OUTPUT,
}
const CHANGE: Operation = { ...SUMMARY, name: 'proposeStatusChange', title: 'Propose a status', readOnly: false }

async function standing({ onTestFinished }: TestContext, era: Era, options: FakeGateOptions = {}) {
  const gate = await startFakeGate(options)
  gate.operations = [SUMMARY, CHANGE]
  gate.answers = { getShipmentSummary: ({ shipmentId }) => [{ shipmentId, status: 'in_transit' }] }
  const home = await enrolledHome(gate)
  const agent = await startAgent(home, era)
  onTestFinished(async () => void (await Promise.all([agent.client.close(), gate.close()])))
  return { gate, home, ...agent }
}

const ask = (client: Client, name = 'getShipmentSummary', input: Record<string, unknown> = { shipmentId: 'S-1' }): Promise<CallToolResult> =>
  client.callTool({ name, arguments: input })
const wordsOf = (result: CallToolResult): string => result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
const operated = (gate: FakeGate): readonly string[] => gate.seen.filter((line) => line.startsWith('POST /v1/operations/'))

/** Signs in as a person would, while the first call waits. */
async function signIn(gate: FakeGate, client: Client, name = 'getShipmentSummary'): Promise<CallToolResult> {
  const before = gate.sessions.length
  const waits = ask(client, name)
  while (gate.sessions.length === before) await pass(10)
  gate.grant()
  return await waits
}

describe.concurrent.each(ERAS)('the connector, to a client of %s', (era) => {
  it('offers what the gate offers and the status, with hints that let a client read without asking', async (context) => {
    const { client } = await standing(context, era)
    const { tools } = await client.listTools()
    expect(tools.map((tool) => tool.name)).toEqual(['getShipmentSummary', 'proposeStatusChange', 'gatehouse_status'])
    expect(tools[0]).toMatchObject({
      title: 'Shipment summary',
      description: 'One shipment, by its id',
      inputSchema: SUMMARY.inputSchema,
      outputSchema: OUTPUT,
    })
    expect(tools[0]?.annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false, openWorldHint: false })
    expect(tools[1]?.annotations).toMatchObject({ readOnlyHint: false, openWorldHint: false })
  })

  it('hands a sign-in link to show before there is a session, and asks the gate nothing until a person has granted it', async (context) => {
    const { gate, client } = await standing(context, era)
    const first = await ask(client)
    expect(first.isError).toBe(true)
    expect(wordsOf(first)).toContain(`${gate.url}/sign-in?code=CODE-1 (code CODE-1)`)
    expect(operated(gate)).toEqual([])
    expect(gate.sessions).toMatchObject([{ agent: { name: 'test agent', version: '1.2.3' }, posture: { platform: process.platform } }])

    const again = await ask(client)
    expect(wordsOf(again)).toContain('code=CODE-1')
    expect(gate.sessions).toHaveLength(1)
  })

  it('answers as structure and text once the person has signed in, in the call that waits for it', async (context) => {
    const { gate, client } = await standing(context, era)
    const result = await signIn(gate, client)
    expect(result.isError).toBeFalsy()
    expect(result.structuredContent).toMatchObject({ rows: [{ shipmentId: 'S-1', status: 'in_transit' }], entry: { digest: 'ses-1' } })
    expect(JSON.parse(wordsOf(result))).toEqual(result.structuredContent)
  })

  it('says a refusal in words: title, detail, rule, owner, next step, link, correlation id', async (context) => {
    const { gate, client } = await standing(context, era)
    await signIn(gate, client)
    gate.answers['getShipmentSummary'] = () => {
      const rule = { id: 'no-prices', owner: 'Finance', reason: 'prices stay inside' }
      throw new Refuse('forbidden', 'the price may not be read', { rule, requestAccess: 'https://gate.example/access/no-prices' })
    }
    const result = await ask(client)
    expect(result.isError).toBe(true)
    expect(wordsOf(result)).toBe(
      'Refused: Not permitted. The price may not be read.\n' +
        'Rule `no-prices`, owned by Finance: Prices stay inside.\n' +
        "What to do next: Ask the rule's owner for access.\n" +
        'The person can request access here: https://gate.example/access/no-prices\n' +
        '(forbidden, correlation id cor-1)',
    )
    expect(result._meta).toMatchObject({ 'gatehouse/no-answer': { kind: 'refused', code: 'forbidden', correlationId: 'cor-1' } })
  })

  it('passes a wrong argument and an operation that is not offered on to the gate, and its refusal back as a tool error', async (context) => {
    const { gate, client } = await standing(context, era)
    await signIn(gate, client)
    gate.answers['getShipmentSummary'] = () => {
      throw new Refuse('invalid_input', '`shipment` is not an argument')
    }
    expect(wordsOf(await ask(client, 'getShipmentSummary', { shipment: 7 }))).toContain('`shipment` is not an argument')
    expect(wordsOf(await ask(client, 'dropTable/../x', {}))).toContain('unknown_operation')
  })

  it('hands a new link when the session is revoked in the middle of a conversation, and says why', async (context) => {
    const { gate, client } = await standing(context, era)
    await signIn(gate, client)
    gate.revoke('revoked by the security team')
    const result = await ask(client)
    expect(result.isError).toBe(true)
    expect(wordsOf(result)).toContain('Revoked by the security team.')
    expect(wordsOf(result)).toContain('code=CODE-2')

    gate.grant()
    const after = await ask(client)
    expect(after.structuredContent).toMatchObject({ entry: { digest: 'ses-2' } })
  })

  it('says so when the person declines, and asks anew only at the next call', async (context) => {
    const { gate, client } = await standing(context, era)
    const waits = ask(client)
    while (gate.sessions.length === 0) await pass(10)
    gate.deny()
    expect(wordsOf(await waits)).toContain('Amara said no.')
    expect(gate.sessions).toHaveLength(1)
    expect(wordsOf(await ask(client))).toContain('code=CODE-2')
  })

  it('renews once for many calls at once, within the same session', async (context) => {
    const { gate, client } = await standing(context, era, { accessSeconds: 61 })
    await signIn(gate, client)
    await pass(1_500)
    const results = await Promise.all(Array.from({ length: 20 }, () => ask(client)))
    expect(results.map((result) => result.structuredContent)).toMatchObject(results.map(() => ({ entry: { digest: 'ses-1' } })))
    expect(gate.sessions).toMatchObject([{ renewals: 1 }])
  })

  it('never opens the next session alone when the last has ended', async (context) => {
    const { gate, client } = await standing(context, era, { sessionSeconds: 2 })
    await signIn(gate, client)
    await pass(2_000)
    expect(wordsOf(await ask(client))).toMatch(/The session is over.*sign in again/)
    expect(gate.sessions.map((session) => session.endsAt === null)).toEqual([false, true])
  })

  it('tells how things stand, without asking for a session', async (context) => {
    const { gate, client } = await standing(context, era)
    const status = () => ask(client, 'gatehouse_status', {})
    expect((await status()).structuredContent).toMatchObject({ enrolled: true, gate: gate.url, session: 'none' })
    expect(gate.sessions).toEqual([])
    await ask(client)
    expect((await status()).structuredContent).toMatchObject({ session: 'pending', link: `${gate.url}/sign-in?code=CODE-1` })
    gate.grant()
    await ask(client)
    expect((await status()).structuredContent).toMatchObject({ session: 'open', person: 'amara', useCase: 'inquiries', minutesLeft: 59 })
  })

  it('shows the last known tools when the gate is away at the start, and says so when one is called', async (context) => {
    const { gate, home, client } = await standing(context, era)
    await client.listTools()
    await gate.close()
    const later = await startAgent(home, era)
    context.onTestFinished(() => later.client.close())
    expect((await later.client.listTools()).tools).toHaveLength(3)
    const result = await ask(later.client)
    expect(result.isError).toBe(true)
    expect(wordsOf(result)).toContain('The gate cannot be reached (ECONNREFUSED).')
  })

  it('offers only the status, with the command to run, where no device is enrolled', async (context) => {
    const home = freshHome()
    const { client } = await startAgent(home, era)
    context.onTestFinished(() => client.close())
    const { tools } = await client.listTools()
    expect(tools.map((tool) => tool.name)).toEqual(['gatehouse_status'])
    expect(tools[0]?.description).toContain(`gatehouse enrol --gate URL --code CODE --home '${home}'`)
    expect(wordsOf(await ask(client, 'gatehouse_status', {}))).toContain(`gatehouse enrol --gate URL --code CODE --home '${home}'`)
    expect((await ask(client)).isError).toBe(true)
  })

  it('keeps tokens and key out of its log', async (context) => {
    const { gate, home, client, errors } = await standing(context, era)
    await signIn(gate, client)
    gate.answers = {}
    await ask(client)
    const { d } = JSON.parse(readFileSync(keyPath(home), 'utf8'))
    expect(errors.join('')).toContain('"getShipmentSummary": unknown_operation')
    for (const secret of [d, ...gate.sessions.flatMap((session) => [session.refreshToken, session.deviceCode])]) expect(errors.join('')).not.toContain(secret)
  })
})

describe.concurrent('a changed offer', () => {
  it('is told to the client when a session is offered other operations', async (context) => {
    const { gate, client, changes } = await standing(context, '2025-11-25')
    await client.listTools()
    const before = changes()
    gate.operations = [SUMMARY]
    await signIn(gate, client)
    while (changes() === before) await pass(20)
    expect((await client.listTools()).tools.map((tool) => tool.name)).toEqual(['getShipmentSummary', 'gatehouse_status'])
  })

  it('is told too when the device is enrolled while the client runs', async (context) => {
    const home = freshHome()
    const { client, changes } = await startAgent(home, '2025-11-25')
    context.onTestFinished(() => client.close())
    await client.listTools()
    const gate = await startFakeGate()
    context.onTestFinished(gate.close)
    gate.operations = [SUMMARY]
    cpSync(await enrolledHome(gate), home, { recursive: true })
    while (changes() === 0) await pass(50)
    expect((await client.listTools()).tools).toHaveLength(2)
  })
})

describe('the connector process', () => {
  it('ends with 0 when the client closes its input, having written nothing but the protocol', async () => {
    const child = spawn(process.execPath, [CONNECTOR, 'connect', '--home', freshHome()])
    const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: hello })}\n`)
    child.stdout.once('data', () => child.stdin.end())
    const [out, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), new Promise((ended) => child.once('exit', ended))])
    expect(code).toBe(0)
    expect(errors).toBe('')
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([{ id: 1, result: { serverInfo: { name: 'gatehouse' } } }])
  })
})
