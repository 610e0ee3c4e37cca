import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type DeskPerson, signInAt } from '../../src/bin/pilot/desk-client.ts'
import { type Raise, raisePilot } from '../../src/bin/pilot/raise.ts'
import type { CallAnswer } from '../../src/contract/console.ts'
import { openCheckpoint, signedCheckpoint } from '../../src/log/checkpoint.ts'
import { cosignerKey, formatVkey, parseSkey, type SignerKey } from '../../src/log/note-key.ts'
import { type Policy, parsePolicy } from '../../src/log/policy.ts'
import { judge } from '../../src/log/quorum.ts'
import { tilePath } from '../../src/log/tile.ts'
import { tileProver } from '../../src/log/tile-proof.ts'
import { verifyTlogProof } from '../../src/log/tlog-proof.ts'
import { freePort } from '../../src/store/cluster/free-port.ts'
import { run } from '../support/cli.ts'
import { changeSeen, decide, proposeHold, shipmentsOnTheWay } from '../support/decisions.ts'
import { passableFolder } from '../support/pilot-command.ts'
import { openProvenSession, type ProvenSession } from '../support/session.ts'
import { startTestWitness, type TestWitness } from '../support/witness.ts'

/** A pilot whose journal a witness must see, and that witness, which comes late. */
const place = passableFolder()
const folder = join(place, 'data')
const WITNESS = cosignerKey('witness.example/w1', randomBytes(32))
let LOG: SignerKey
let port: number
let policy: Policy
let raise: Raise
let drop: () => Promise<void>
let witness: TestWitness
let anna: DeskPerson
let erik: DeskPerson
let session: ProvenSession
/** As the console told it before there was a policy. */
let withoutPolicy: CallAnswer<'journal'>

beforeAll(async () => {
  port = await freePort()
  ;({ raise, drop } = await raisePilot({ dataFolder: folder, port: null, say: () => undefined }))
  erik = await signInAt(raise.deskUrl, raise.people.approver.id, raise.people.approver.passphrase)
  // Signed within a second of the start, and published half a second after that.
  await vi.waitUntil(async () => (await journalOf(erik)).publishedSize !== null, { timeout: 15_000, interval: 100 })
  withoutPolicy = await journalOf(erik)
  await drop()
  const key = parseSkey(readFileSync(join(folder, 'keys/sign/journal.key'), 'utf8').trim())
  if (!key) throw new Error('no key was made')
  LOG = key
  const text = `log ${formatVkey(LOG)}\nwitness one ${formatVkey(WITNESS)} http://127.0.0.1:${port}\nquorum one\n`
  writeFileSync(join(place, 'policy'), text, { mode: 0o644 })
  const parsed = parsePolicy(text)
  if (!parsed.ok) throw new Error(parsed.refusal.join())
  policy = parsed.value
  const journal = { witness: { policy: join(place, 'policy'), lagSeconds: 120 } }
  ;({ raise, drop } = await raisePilot({ dataFolder: folder, port: null, say: () => undefined, override: { journal } }))
  const { people, deskUrl } = raise
  anna = await signInAt(deskUrl, people.employee.id, people.employee.passphrase)
  erik = await signInAt(deskUrl, people.approver.id, people.approver.passphrase)
  session = await openProvenSession({ employee: async () => anna, raise })
}, 90_000)
afterAll(async () => {
  await drop?.()
  await witness?.close()
  rmSync(place, { recursive: true, force: true })
}, 30_000)

type Answered = { readonly entry: { readonly index: number; readonly digest: string; readonly leaf: string } }
const askAny = async (): Promise<Answered['entry']> => {
  const answered = await session.ask('POST', '/v1/operations/findShipments', { status: 'in_transit', limit: 1 })
  expect(answered.status).toBe(200)
  return ((await answered.json()) as Answered).entry
}
const receiptOf = async (index: number | string) => {
  const response = await session.ask('GET', `/v1/receipts/${index}`)
  return { status: response.status, headers: response.headers, text: await response.text() }
}
const journalOf = async (person: DeskPerson) => (await person.call('journal', { limit: '20' })).body as CallAnswer<'journal'>
/** The entry of the house's start, which is nobody's. */
const startedAt = async (): Promise<number> => {
  const all = (await erik.call('journal', { from: '0', limit: '100' })).body as CallAnswer<'journal'>
  return all.lines.find(({ kind }) => kind === 'house.started')?.index ?? -1
}
const token = () => readFileSync(join(folder, 'keys/gate/journal-reader'), 'utf8').trim()
const read = (path: string, bearer: string | null = token()) =>
  fetch(`${raise.gateUrl}/journal/${path}`, { headers: bearer === null ? {} : { authorization: `Bearer ${bearer}` } })

describe('without a policy', () => {
  it('nothing stops, and the console says that nobody watches', () => {
    expect(withoutPolicy.witness).toEqual({ state: 'none', text: expect.stringMatching(/^no witness is set: nobody outside would notice/) })
    expect(withoutPolicy.publishedSize).toBeGreaterThan(0)
  })
})

describe('while the witness has never been there', () => {
  it('reads are answered, and their receipts wait', async () => {
    const { index } = await askAny()
    const { status, headers, text } = await receiptOf(index)
    expect([status, headers.get('retry-after')]).toEqual([404, '2'])
    expect(JSON.parse(text)).toMatchObject({
      code: 'receipt_not_yet',
      retryAfterSeconds: 2,
      detail: 'no witness has cosigned a checkpoint with this entry yet',
    })
  })

  it('nothing is proposed, and the console says why', async () => {
    const [shipmentId = ''] = await shipmentsOnTheWay(session, 1)
    const refused = await session.ask('POST', '/v1/operations/proposeStatusChange', { shipmentId, status: 'held', reason: 'r' })
    expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'journal_unwitnessed', next: expect.stringContaining('reading goes on') }])
    expect((await journalOf(erik)).witness).toEqual({ state: 'stopped', text: 'no witness has seen it yet; proposals and approvals wait until one has' })
  })
})

describe('once the witness is there', () => {
  beforeAll(async () => {
    witness = await startTestWitness([LOG], { key: WITNESS, port, now: Date.now })
    await vi.waitUntil(async () => (await journalOf(erik)).witness.state === 'fresh', { timeout: 75_000, interval: 500 })
  }, 80_000)

  it('a change goes its whole way', async () => {
    const [shipmentId = ''] = await shipmentsOnTheWay(session, 1)
    const change = await proposeHold(session, shipmentId)
    expect(await decide(erik, await changeSeen(erik, change), 'approve')).toMatchObject({ status: 200 })
    await expect.poll(async () => (await changeSeen(erik, change)).state, { timeout: 15_000 }).toBe('applied')
  }, 30_000)

  it('an answer bears what its receipt proves, to whoever holds the policy', async () => {
    const { index, leaf } = await askAny()
    await expect.poll(async () => (await receiptOf(index)).status, { timeout: 10_000 }).toBe(200)
    const { headers, text } = await receiptOf(index)
    expect(headers.get('content-disposition')).toBe(`attachment; filename="entry-${index}.tlog-proof"`)
    expect(verifyTlogProof({ text, leaf: Buffer.from(leaf, 'base64'), policy })).toMatchObject({ ok: true, value: { index, judged: { met: true } } })
    expect(verifyTlogProof({ text, leaf: randomBytes(32), policy }).ok).toBe(false)
    const [file, policyFile] = [join(place, 'receipt'), join(place, 'policy')]
    writeFileSync(file, text)
    expect(await run(['receipt', 'verify', file, '--policy', policyFile, '--leaf', leaf])).toMatchObject({
      code: 0,
      out: expect.stringContaining('the receipt holds'),
    })
  }, 20_000)

  it('nobody gets the receipt of another’s entry, and cannot tell it from none', async () => {
    const [others, none] = [await receiptOf(await startedAt()), await receiptOf(999_999)]
    expect([others.status, none.status]).toEqual([404, 404])
    expect(JSON.parse(others.text)).toMatchObject({ code: 'not_found', detail: 'there is no such entry of yours' })
    expect({ ...JSON.parse(others.text), correlationId: '' }).toEqual({ ...JSON.parse(none.text), correlationId: '' })
    expect((await receiptOf('1e1')).status).toBe(400)
    const bare = await fetch(`${raise.gateUrl}/v1/receipts/0`)
    expect([bare.status, ((await bare.json()) as { readonly code: string }).code]).toEqual([401, 'token_missing'])
  })

  it('the console offers the receipt of what a person may read', async () => {
    const { index } = await askAny()
    await expect.poll(async () => (await anna.call('receipt', {}, String(index))).status, { timeout: 10_000 }).toBe(200)
    const { body } = await anna.call('receipt', {}, String(index))
    expect(body).toMatchObject({ index, name: `entry-${index}.tlog-proof`, text: expect.stringMatching(/^c2sp\.org\/tlog-proof@v1\nindex \d+\n/) })
    const others = String(await startedAt())
    expect((await erik.call('receipt', {}, others)).status).toBe(200)
    expect((await anna.call('receipt', {}, others)).status).toBe(404)
    const { publishedSize, checkpoint, witness: line } = await journalOf(anna)
    expect(publishedSize).toBeGreaterThan(index)
    expect(checkpoint?.size).toBeGreaterThan(index)
    expect(line.text).toMatch(/^\d+ entries, \d+ s ago; the quorum is met: `one` cosigned at /)
  }, 20_000)

  it('the journal is read over HTTP by any C2SP reader: an entry is followed to the cosigned root', async () => {
    const { index, leaf } = await askAny()
    const noteNow = async () => (await read('checkpoint')).text()
    await expect.poll(async () => openCheckpoint(await noteNow(), LOG)?.size ?? 0, { timeout: 10_000 }).toBeGreaterThan(index)
    const served = await read('checkpoint')
    expect([served.status, served.headers.get('content-type'), served.headers.get('cache-control')]).toEqual([200, 'text/plain; charset=utf-8', 'no-cache'])
    const judged = judge(policy, await served.text())
    if (!judged.ok) throw new Error(judged.refusal)
    const prover = tileProver(async (level, tile, width) => {
      const response = await read(tilePath(level, tile, width))
      if (response.status === 404) return null
      expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([
        200,
        'application/octet-stream',
        'max-age=31536000, immutable',
      ])
      return new Uint8Array(await response.arrayBuffer())
    })
    const proven = await prover.inclusion(index, judged.value.checkpoint)
    expect(proven.ok && Buffer.from(proven.value.leaf).toString('base64')).toBe(leaf)
  }, 20_000)

  it('the journal verifies over HTTP with the reader’s token and the policy', async () => {
    const files = ['--token-file', join(folder, 'keys/gate/journal-reader'), '--policy', join(place, 'policy')]
    expect(await run(['journal', 'verify', '--url', `${raise.gateUrl}/journal`, ...files])).toMatchObject({
      code: 0,
      out: expect.stringContaining('the journal verifies'),
    })
  }, 30_000)

  it('nobody reads it without the token, and the attempt is recorded', async () => {
    for (const bearer of [null, 'x', `${token()}x`, '']) {
      const { status, headers } = await read('checkpoint', bearer)
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="journal"'])
    }
    expect((await journalOf(erik)).lines.filter(({ outcome }) => outcome === 'reader_unknown').length).toBeGreaterThanOrEqual(4)
  })

  it.each([
    'checkpoint/',
    'checkpoint?x=1',
    'journal.signed',
    '../healthz',
    '../../keys/gate/root.key',
    'tile/../../../../etc/passwd',
    'tile/..%2f..%2f..%2f..%2fetc%2fpasswd',
    '%2e%2e/%2e%2e/keys/gate/root.key',
    '.drafts',
    'tile/0/000.p/0',
    'tile/0/1',
    'tile/0/x000/000',
    'tile/00/000.p/1',
    'tile/0/000.p/1%00',
    '\\..\\..\\keys',
  ])('there is nothing at /journal/%s', async (path) => {
    const status = await new Promise<number>((answered, failed) => {
      const { hostname, port: at } = new URL(raise.gateUrl)
      const asked = request({ hostname, port: at, path: `/journal/${path}`, headers: { authorization: `Bearer ${token()}`, host: `127.0.0.1:${at}` } })
      asked.on('response', (response) => answered((response.resume(), response.statusCode ?? 0)))
      asked.on('error', failed)
      asked.end()
    })
    expect(status).toBe(404)
  })

  it('a witness that lost its memory is a finding that everybody sees', async () => {
    await witness.close()
    witness = await startTestWitness([LOG], { key: WITNESS, port, now: Date.now })
    const old = signedCheckpoint(LOG, 5, randomBytes(32))
    expect((await witness.witness.addCheckpoint(Buffer.from(`old 0\n\n${old}`))).status).toBe(200)
    const found = async () => (await journalOf(erik)).lines.find(({ kind }) => kind === 'finding.witness_refused')
    await askAny()
    await expect
      .poll(found, { timeout: 20_000 })
      .toMatchObject({ tone: 'alert', text: expect.stringMatching(/says that it last cosigned 5 entries, but it cosigned \d+/) })
  }, 30_000)
})

describe('when the house stops', () => {
  it('everything is signed and published', async () => {
    await drop()
    drop = async () => undefined
    const note = readFileSync(join(folder, 'journal/checkpoint'), 'utf8')
    const signed = JSON.parse(readFileSync(join(folder, 'keys/sign/journal.signed'), 'utf8')) as { readonly size: number }
    expect(openCheckpoint(note, LOG)?.size).toBe(signed.size)
  }, 30_000)
})
