import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { Client } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyAt } from '../../src/bin/journal/verify.ts'
import { readPostmaster } from '../../src/store/cluster/postmaster.ts'
import { type Ran, run, start } from '../support/cli.ts'
import { changeSeen, decide, proposeHold, shipmentsOnTheWay } from '../support/decisions.ts'
import { houseJournal } from '../support/entries.ts'
import { mcpVisitor, toolText } from '../support/mcp-visitor.ts'
import { freePorts, type PilotCommand, passableFolder, secretsIn, startPilotCommand } from '../support/pilot-command.ts'
import { known, processesNaming, runs } from '../support/processes.ts'
import { openProvenSession, type ProvenSession } from '../support/session.ts'
import { holdSource } from '../support/standing.ts'

const READ = '/v1/operations/getShipmentSummary'
const REPOSITORY = join(import.meta.dirname, '../..')

const place = passableFolder()
const folder = join(place, 'data')
let port: number
let pilot: PilotCommand
let session: ProvenSession
let agent: Client
let shipmentId: string
let change: string
let kept: { readonly size: number; readonly nonce: string }

beforeAll(async () => {
  port = await freePorts()
  pilot = await startPilotCommand(folder, port)
  session = await openProvenSession(pilot)
  await session.ask('GET', '/v1/operations')
  ;[shipmentId = ''] = await shipmentsOnTheWay(session, 1)
  change = await proposeHold(session, shipmentId)
  agent = await mcpVisitor(session, pilot.raise.gateUrl)
})
afterAll(async () => {
  if (runs(pilot.program.pid)) pilot.program.kill('SIGINT')
  await pilot.program.ended
  rmSync(place, { recursive: true, force: true })
})

const sizeOf = async (): Promise<number> => {
  const journal = houseJournal(pilot.house)
  try {
    return await journal.size()
  } finally {
    await journal.close()
  }
}
const verified = () => verifyAt(pilot.house.databaseUrl('gate'), join(folder, 'keys/sign/journal.key.vkey'), join(folder, 'keys/sign/journal.signed'))

/** What must hold of every start that fails: exit code 1, what and what next, no stack, no secret. */
function expectFault(ran: Ran, code: string, message: RegExp): void {
  expect(ran.err).toMatch(/^gatehouse: /m)
  expect(ran.err).toMatch(message)
  expect(ran.err).toMatch(new RegExp(`\\n {2}code: ${code}\\n {2}next: .+\\n`))
  expect(ran.err).not.toMatch(/\n\s+at /)
  expect(ran.code).toBe(1)
  for (const secret of secretsIn(folder)) expect(ran.out + ran.err).not.toContain(secret)
}

describe('a running pilot', () => {
  it('names no secret in the arguments of any process, nor in what it prints', () => {
    const secrets = secretsIn(folder)
    expect(secrets.length).toBeGreaterThan(5)
    const processes = processesNaming(folder)
    expect(processes.length).toBeGreaterThan(3)
    for (const secret of secrets) {
      for (const { command } of processes) expect(command).not.toContain(secret)
      expect(pilot.program.said()).not.toContain(secret)
    }
  })

  it('does not let a second one onto its data: data_in_use, and the first does not notice', async () => {
    const running = processesNaming(place).map(({ pid }) => pid)
    const second = await run(['pilot', '--data', folder, '--port', String(await freePorts())])
    expectFault(second, 'data_in_use', /another Gatehouse is running on `.*`/)
    expect(processesNaming(place).map(({ pid }) => pid)).toEqual(running)
    expect((await session.ask('POST', READ, { shipmentId })).status).toBe(200)
  })
})

describe('Ctrl-C', () => {
  it('drains: the ask under way gets its answer, its entry is signed before PostgreSQL stops, and nothing is left running', async () => {
    const held = await holdSource(pilot.raise)
    const asked = session.ask('POST', READ, { shipmentId })
    await expect.poll(held.waiting).toBe(1)
    // Together the two would wait as one: reads of a turn share an exchange.
    const called = toolText(agent, 'getShipmentSummary', { shipmentId })
    await expect.poll(held.waiting).toBe(2)
    pilot.program.kill('SIGINT')
    await expect.poll(() => pilot.program.said()).toContain('stopping: the gate first')
    await held.release()

    const answer = await asked
    const { rows, entry } = (await answer.json()) as { readonly rows: readonly object[]; readonly entry: { readonly index: number } }
    expect(answer.status).toBe(200)
    expect(rows).toMatchObject([{ shipmentId }])
    expect(await called).toMatchObject({ isError: false, text: expect.stringContaining(`"shipmentId":"${shipmentId}"`) })
    const ended = await pilot.program.ended
    expect(ended).toMatchObject({ code: 0, err: '' })
    expect(ended.out).toContain(`stopped; everything is kept in ${folder}`)
    expect(processesNaming(place)).toEqual([])
    const remembered = (file: string) => JSON.parse(readFileSync(join(folder, 'keys', file), 'utf8')) as { readonly size: number }
    const signed = remembered('sign/journal.signed')
    // The applier stops before the signer: it knows what was signed a moment before.
    expect(remembered('apply/approvals.state').size).toBeGreaterThan(entry.index - 50)
    // Beyond the answer's entry, the gate's last words.
    expect(signed.size).toBeGreaterThan(entry.index + 1)
    kept = { size: signed.size, nonce: answer.headers.get('dpop-nonce') ?? '' }
  }, 30_000)

  it('during a start takes down what was half started', async () => {
    const begun = start(['pilot', '--data', folder, '--port', String(port)])
    await expect.poll(() => readPostmaster(folder)?.ready, { timeout: 15_000, interval: 10 }).toBe(true)
    begun.kill('SIGINT')
    const ended = await begun.ended
    expect(ended).toMatchObject({ code: 0, err: '' })
    expect(processesNaming(place)).toEqual([])
  }, 30_000)
})

describe('a start that cannot be', () => {
  it.each([0, 1])(
    'is port_taken when port + %i is, and PostgreSQL is stopped again',
    async (offset) => {
      const other: Server = createServer()
      await new Promise<void>((listening) => other.listen(port + offset, '127.0.0.1', listening))
      try {
        const ran = await run(['pilot', '--data', folder, '--port', String(port)])
        expectFault(ran, 'port_taken', new RegExp(`127\\.0\\.0\\.1:${port + offset} is taken by another program`))
        expect(processesNaming(place)).toEqual([])
      } finally {
        other.close()
      }
    },
    30_000,
  )

  it('is console_missing when the page was never built', async () => {
    const copy = join(place, 'unbuilt')
    mkdirSync(copy)
    cpSync(join(REPOSITORY, 'src'), join(copy, 'src'), { recursive: true })
    for (const name of ['node_modules', 'catalogue', 'policies', 'package.json']) symlinkSync(join(REPOSITORY, name), join(copy, name))
    const ran = await run(['pilot', '--data', folder, '--port', String(port)], { program: join(copy, 'src/bin/gatehouse.ts') })
    expectFault(ran, 'console_missing', /console/)
    expect(processesNaming(place)).toEqual([])
  }, 30_000)
})

describe('a second start', () => {
  it('finds people, device, session, change and journal as they were, and the journal goes on', async () => {
    pilot = await startPilotCommand(folder, port)
    // The very token of before, for the same key; only the nonce is the new process's own.
    const stale = await fetch(`${pilot.raise.gateUrl}${READ}`, { method: 'POST', headers: session.headers('POST', READ, { nonce: kept.nonce }) })
    expect(await stale.json()).toMatchObject({ code: 'proof_nonce_required', detail: 'the nonce is not ours or too old' })
    expect((await session.ask('POST', READ, { shipmentId })).status).toBe(200)

    const [employee, approver] = [await pilot.employee(), await pilot.approver()]
    expect(await employee.call('sessions')).toMatchObject({ body: { sessions: [{ id: session.id, deviceName: 'test device', personName: 'Anna Lind' }] } })
    const waiting = await changeSeen(approver, change)
    expect(waiting).toMatchObject({ state: 'proposed', version: 1 })
    // Proposed before the stop, approved after it: the applier has the one from its memory, the other from the journal.
    expect(await decide(approver, waiting, 'approve')).toMatchObject({ status: 200 })
    await expect.poll(async () => (await changeSeen(approver, change)).state, { timeout: 15_000 }).toBe('applied')

    const journal = houseJournal(pilot.house)
    const entries = await journal.since(0)
    await journal.close()
    expect(entries.length).toBeGreaterThan(kept.size)
    expect(entries.map(({ index }) => index)).toEqual(entries.map((_, index) => index))
    expect(entries[kept.size - 1]).toMatchObject({ kind: 'house.stopped', node: 'gate' })
    await expect.poll(verified, { timeout: 5000 }).toMatchObject({ ok: true, unsignedTail: 0 })
  }, 30_000)
})

describe('SIGKILL of the pilot', () => {
  it('ends every part by itself; the next start takes PostgreSQL over, and the journal verifies', async () => {
    const size = await sizeOf()
    const parts = processesNaming(folder).filter(({ command }) => command.includes('--part'))
    expect(parts).toHaveLength(4)
    pilot.program.kill('SIGKILL')
    expect((await pilot.program.ended).code).toBeNull()
    await expect.poll(() => parts.filter(({ pid }) => runs(pid)), { timeout: 15_000 }).toEqual([])
    const orphan = known(readPostmaster(folder)?.pid)
    expect(runs(orphan)).toBe(true)

    pilot = await startPilotCommand(folder, port)
    expect(pilot.program.said()).toContain(`found PostgreSQL still running (process ${orphan}) and took it over`)
    expect((await session.ask('POST', READ, { shipmentId })).status).toBe(200)
    expect(await sizeOf()).toBeGreaterThan(size)
    await expect.poll(verified, { timeout: 5000 }).toMatchObject({ ok: true, unsignedTail: 0 })
  }, 40_000)

  it('with PostgreSQL killed too, leaves nothing that was answered unrecorded: the next start recovers', async () => {
    const answer = await session.ask('POST', READ, { shipmentId })
    const { entry } = (await answer.json()) as { readonly entry: { readonly index: number } }
    const all = processesNaming(folder)
    const postmaster = known(readPostmaster(folder)?.pid)
    pilot.program.kill('SIGKILL')
    process.kill(postmaster, 'SIGKILL')
    await pilot.program.ended
    await expect.poll(() => all.filter(({ pid }) => runs(pid)), { timeout: 15_000 }).toEqual([])

    pilot = await startPilotCommand(folder, port)
    expect(await sizeOf()).toBeGreaterThan(entry.index)
    expect((await session.ask('POST', READ, { shipmentId })).status).toBe(200)
    await expect.poll(verified, { timeout: 5000 }).toMatchObject({ ok: true, unsignedTail: 0 })
  }, 40_000)
})

describe('a part that ends by itself', () => {
  it('takes the house down in order: part_ended, exit code 1, nothing left running', async () => {
    const [part] = processesNaming(folder).filter(({ command }) => command.includes('--part apply'))
    process.kill(known(part?.pid), 'SIGKILL')
    expectFault(await pilot.program.ended, 'part_ended', /the apply process ended by itself \(by a signal\)/)
    expect(processesNaming(place)).toEqual([])
  }, 30_000)
})
