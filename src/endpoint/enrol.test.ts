import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type FakeGate, type FakeGateOptions, startFakeGate } from '../../test/fakes/gate.ts'
import { selfSigned } from '../../test/support/certificate.ts'
import { CONNECTOR, freshHome } from '../../test/support/connector.ts'
import { pinOf } from '../base/pin.ts'
import type { Device } from './device.ts'
import { loadDevice } from './device.ts'
import { enrol } from './enrol.ts'
import { keyPath } from './key-store.ts'

const CODE = 'code-0001'

async function startGate(options?: FakeGateOptions): Promise<FakeGate> {
  const gate = await startFakeGate(options)
  gate.codes.add(CODE)
  onTestFinished(gate.close)
  return gate
}

const enrolAt = (gate: string, home: string, more: { readonly code?: string; readonly replace?: boolean } = {}): Promise<Device> =>
  enrol({ gate, code: CODE, name: 'desk 7', home, replace: false, clock: Date.now, random: randomBytes, ...more })

describe('enrolling', () => {
  it('proves a new key with the code, and keeps both', async () => {
    const gate = await startGate()
    const home = freshHome()
    expect(await enrolAt(gate.url, home)).toMatchObject({ device: 'dev-1', person: 'amara', gate: gate.url })
    expect(gate.devices).toMatchObject([{ name: 'desk 7', jkt: loadDevice(home)?.key.jkt }])
  })

  it('keeps nothing when the gate does not know the code, and says why', async () => {
    const gate = await startGate()
    const home = freshHome()
    await expect(enrolAt(gate.url, home, { code: 'code-9999' })).rejects.toMatchObject({
      code: 'gate_refused',
      message: expect.stringContaining('code_unknown'),
      next: 'ask for a new code; each works once and for a short time',
    })
    expect(loadDevice(home)).toBeNull()
    expect(existsSync(keyPath(home))).toBe(false)
  })

  it('does not overwrite an enrolment unless told to, and asks the gate nothing', async () => {
    const gate = await startGate()
    const home = freshHome()
    await enrolAt(gate.url, home)
    const before = readFileSync(keyPath(home), 'utf8')
    const asked = gate.seen.length
    gate.codes.add(CODE)
    await expect(enrolAt(gate.url, home)).rejects.toMatchObject({ next: expect.stringContaining('--replace') })
    expect(gate.seen).toHaveLength(asked)
    expect(readFileSync(keyPath(home), 'utf8')).toBe(before)

    await enrolAt(gate.url, home, { replace: true })
    expect(loadDevice(home)?.device.device).toBe('dev-2')
  })

  it('keeps the old enrolment when a new one fails', async () => {
    const gate = await startGate()
    const home = freshHome()
    await enrolAt(gate.url, home)
    await expect(enrolAt(gate.url, home, { replace: true })).rejects.toThrow('code_unknown')
    expect(loadDevice(home)?.device.device).toBe('dev-1')
  })

  it('accepts exactly the certificate the code pins, and keeps the pin', async () => {
    const tls = selfSigned()
    const gate = await startGate({ tls })
    const home = freshHome()
    const pin = pinOf(tls.der)
    await enrolAt(gate.url, home, { code: `${CODE}#${pin}` })
    expect(loadDevice(home)?.device.pin).toBe(pin)
  })

  it('sends nothing, the code least of all, to a gate with another certificate, without trust, or over plain http to another machine', async () => {
    const [tls, other] = [selfSigned(), selfSigned()]
    const gate = await startGate({ tls })
    const pin = pinOf(other.der)
    await expect(enrolAt(gate.url, freshHome(), { code: `${CODE}#${pin}` })).rejects.toMatchObject({ code: 'gate_unreachable' })
    await expect(enrolAt(gate.url, freshHome())).rejects.toMatchObject({ code: 'gate_unreachable', next: expect.stringContaining('NODE_EXTRA_CA_CERTS') })
    await expect(enrolAt('http://gate.example', freshHome())).rejects.toThrow('plain http')
    await expect(enrolAt(gate.url.replace('https', 'http'), freshHome(), { code: `${CODE}#${pin}` })).rejects.toThrow('the code pins a certificate')
    expect(gate.seen).toEqual([])
    expect(gate.codes).toContain(CODE)
  })
})

describe('gatehouse enrol', () => {
  it('takes the code from its input, and a company authority from NODE_EXTRA_CA_CERTS', async () => {
    const tls = selfSigned()
    const gate = await startGate({ tls })
    const home = freshHome()
    const authority = `${home}-authority.pem`
    writeFileSync(authority, tls.cert)
    const child = spawn(process.execPath, [CONNECTOR, 'enrol', '--gate', gate.url, '--home', home], { env: { ...process.env, NODE_EXTRA_CA_CERTS: authority } })
    child.stdin.end(`${CODE}\n`)
    const [out, , code] = await Promise.all([text(child.stdout), text(child.stderr), new Promise((ended) => child.once('exit', ended))])
    expect(code).toBe(0)
    expect(out).toContain('Enrolled as dev-1 for amara')
    expect(out).toContain('software key')
    expect(statSync(join(home, 'device-key.jwk')).mode & 0o777).toBe(0o600)
  })

  it('names cause and next step when it cannot, and ends with 1', async () => {
    const run = promisify(execFile)(process.execPath, [CONNECTOR, 'enrol', '--gate', 'http://127.0.0.1:9', '--code', CODE, '--home', freshHome()])
    await expect(run).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/ECONNREFUSED(.|\n)*code: gate_unreachable\n *next: check the network/) })
  })
})
