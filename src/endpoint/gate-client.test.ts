import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createRawServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type FakeGate, type FakeGateOptions, startFakeGate } from '../../test/fakes/gate.ts'
import { selfSigned } from '../../test/support/certificate.ts'
import { pinOf } from '../base/pin.ts'
import { type GateClient, openGateClient } from './gate-client.ts'
import { makeKey } from './key-store.ts'

const key = makeKey()

async function startGate(options: FakeGateOptions = {}): Promise<FakeGate> {
  const gate = await startFakeGate(options)
  gate.devices.push({ id: 'dev-1', jkt: key.jkt, name: 'desk 7', revoked: false })
  onTestFinished(gate.close)
  return gate
}

function clientOf(gate: string, pin?: string): GateClient {
  const client = openGateClient({ gate, pin, key, clock: Date.now, random: randomBytes })
  onTestFinished(client.close)
  return client
}

const list = { method: 'GET', path: '/v1/operations' } as const

describe('a request to the gate', () => {
  it('is sent again once with the nonce asked for, which the next one carries from the start', async () => {
    const gate = await startGate()
    const client = clientOf(gate.url)
    expect(await client.ask(list)).toEqual({ ok: true, value: { operations: [] } })
    expect(await client.ask(list)).toMatchObject({ ok: true })
    expect(gate.seen).toEqual(['GET /v1/operations 401', 'GET /v1/operations 200', 'GET /v1/operations 200'])
  })

  it('works through many at once while nonces change under it', async () => {
    const gate = await startGate({ nonceUses: 7 })
    const client = clientOf(gate.url)
    for (let round = 0; round < 20; round++) expect(await client.ask(list)).toMatchObject({ ok: true })
  })

  it.each([-3_600_000, -301_000, -299_000, 299_000, 301_000, 3_600_000])('arrives although the clocks differ by %d ms', async (aheadMs) => {
    const gate = await startGate({ aheadMs })
    const client = clientOf(gate.url)
    expect(await client.ask(list)).toMatchObject({ ok: true })
    const tries = gate.seen.length
    expect(await client.ask(list)).toMatchObject({ ok: true })
    expect(gate.seen.length).toBe(tries + 1)
  })

  it('is given up after one try each when nonce and clock never suit', async () => {
    let asked = 0
    const server = createServer((_, response) => {
      asked += 1
      response.writeHead(401, { 'dpop-nonce': `n-${asked}`, 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: 'use_dpop_nonce', error_description: 'never', code: 'proof_nonce_required', correlationId: 'c' }))
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    onTestFinished(() => void server.close())
    const answer = await clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).ask(list)
    expect(answer).toMatchObject({ ok: false, refusal: { kind: 'refused', refused: { code: 'proof_nonce_required' } } })
    expect(asked).toBe(2)
  })

  it('is never sent twice when the connection breaks, and the answer says that it may have been done', async () => {
    let came = 0
    const server = createRawServer((socket) => socket.on('data', () => ((came += 1), socket.destroy())))
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    onTestFinished(() => void server.close())
    const client = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const answer = await client.ask({ method: 'POST', path: '/v1/operations/proposeStatusChange', json: {}, accessToken: 't' })
    expect(answer).toMatchObject({ ok: false, refusal: { kind: 'unreachable', sent: true } })
    expect(came).toBe(1)
  })

  it('is garbled when something other than a gate answers, and is no answer when nothing does', async () => {
    const server = createServer((_, response) => response.writeHead(502).end('<h1>Bad Gateway</h1>'))
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const client = clientOf(url)
    expect(await client.ask(list)).toMatchObject({ ok: false, refusal: { kind: 'garbled', detail: 'status 502 without the answer a gate gives' } })
    await client.close()
    server.closeAllConnections()
    await new Promise<void>((closed) => server.close(() => closed()))
    expect(await clientOf(url).ask(list)).toMatchObject({ ok: false, refusal: { kind: 'unreachable', sent: false } })
  })

  it('does not follow a redirection, which would carry the proof elsewhere', async () => {
    const gate = await startGate()
    const server = createServer((_, response) => response.writeHead(307, { location: `${gate.url}/v1/operations` }).end())
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    onTestFinished(() => void server.close())
    expect(await clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).ask(list)).toMatchObject({ ok: false })
    expect(gate.seen).toEqual([])
  })
})

describe('the certificate of the gate', () => {
  it('is accepted without any authority when it is the pinned one', async () => {
    const tls = selfSigned()
    const gate = await startGate({ tls })
    expect(await clientOf(gate.url, pinOf(tls.der)).ask(list)).toMatchObject({ ok: true })
  })

  it('is refused when it is not the pinned one, though it has the same name, and nothing is sent', async () => {
    const [pinned, shown] = [selfSigned(), selfSigned()]
    const gate = await startGate({ tls: shown })
    const answer = await clientOf(gate.url, pinOf(pinned.der)).ask(list)
    expect(answer).toMatchObject({ ok: false, refusal: { kind: 'unreachable', sent: false, detail: expect.stringContaining('another certificate') } })
    expect(gate.seen).toEqual([])
  })

  it('is refused without a pin when no authority vouches for it, and nothing is sent', async () => {
    const gate = await startGate({ tls: selfSigned() })
    const answer = await clientOf(gate.url).ask(list)
    expect(answer).toMatchObject({ ok: false, refusal: { kind: 'unreachable', sent: false, detail: expect.stringContaining('not trusted here') } })
    expect(gate.seen).toEqual([])
  })

  it('is checked on each new connection, so that an exchange after the first is seen', async () => {
    const [first, second] = [selfSigned(), selfSigned()]
    const gate = await startFakeGate({ tls: first })
    gate.devices.push({ id: 'dev-1', jkt: key.jkt, name: 'desk 7', revoked: false })
    const client = clientOf(gate.url, pinOf(first.der))
    expect(await client.ask(list)).toMatchObject({ ok: true })
    await gate.close()
    const impostor = await startGate({ tls: second, port: Number(new URL(gate.url).port) })
    expect(await client.ask(list)).toMatchObject({ ok: false })
    expect(await client.ask(list)).toMatchObject({ ok: false, refusal: { detail: expect.stringContaining('another certificate') } })
    expect(impostor.seen).toEqual([])
  })
})
