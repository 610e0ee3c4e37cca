import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeskPerson } from '../../src/bin/pilot/desk-client.ts'
import { allRows, foundIn, ourFiles } from '../support/canaries.ts'
import { run } from '../support/cli.ts'
import { changeSeen, proposeHold, shipmentsOnTheWay } from '../support/decisions.ts'
import { type PilotHouse, startPilot } from '../support/pilot.ts'
import { openProvenSession, type ProvenSession } from '../support/session.ts'
import { asSuperuser } from '../support/standing.ts'

/** What people and agents say in the course of the day, each a word that stands nowhere else. */
const SAID = {
  destination: 'Canaryville',
  reference: 'CANARY-DN-77',
  proposalReason: 'the customer Canara Fuller asked',
  approval: 'canary approval after a call',
  rejection: 'canary rejection after a call',
  subject: 'Your canary parcel',
  letter: 'Dear Ms Canarini, it left today',
  labelNote: 'leave with Mr Canarelli',
  accessNote: 'canary note: I need the freight cost',
  accessAnswer: 'canary answer: not for this case',
  revocation: 'canary laptop lost on the train',
  deviceRevocation: 'canary phone stolen in Lyon',
  authority: 'Canary Officer Petra Holm',
  basis: 'canary law, article 17',
} as const

let pilot: PilotHouse
let employee: DeskPerson
let approver: DeskPerson
let session: ProvenSession
/** Of the TMS: account numbers, names, phones and shipments that the day was about. */
let records: readonly string[]
let people: readonly string[]
let customer: string

beforeAll(async () => {
  pilot = await startPilot()
  ;[employee, approver] = [await pilot.employee(), await pilot.approver()]
  people = (await Promise.all([employee, approver].map((one) => one.call('me')))).map(({ body }) => String(body['name']))
  session = await openProvenSession(pilot)
  await session.ask('GET', '/v1/operations')
})
afterAll(() => pilot.close())

const ok = async (answer: Promise<{ readonly status: number }>): Promise<void> => expect((await answer).status).toBe(200)
const ask = async (operation: string, input: object) => session.ask('POST', `/v1/operations/${operation}`, input)

async function day(): Promise<readonly string[]> {
  await ok(ask('findShipments', { destination: SAID.destination }))
  await ok(ask('findShipments', { reference: SAID.reference }))
  const [held = '', other = '', third = ''] = await shipmentsOnTheWay(session, 3)
  for (const shipmentId of [held, other]) await ok(ask('getShipmentSummary', { shipmentId }))

  const approved = await proposeHold(session, held)
  const why = { shipmentId: other, status: 'held', reason: SAID.proposalReason }
  const answer = (await (await ask('proposeStatusChange', why)).json()) as { readonly rows: readonly [{ readonly id: string }] }
  for (const [id, decision, reason] of [
    [approved, 'approve', SAID.approval],
    [answer.rows[0].id, 'reject', SAID.rejection],
  ] as const) {
    const { version, digest } = await changeSeen(approver, id)
    await ok(approver.call('decideChange', { version, digest, decision, reason }, id))
  }
  await expect.poll(async () => (await changeSeen(approver, approved)).state, { timeout: 15_000 }).toBe('applied')

  await ok(ask('prepareCustomerReply', { shipmentId: held, subject: SAID.subject, body: SAID.letter }))
  await ok(ask('prepareReturnLabel', { shipmentId: other, note: SAID.labelNote }))
  const refused = (await (await ask('proposeStatusChange', { shipmentId: third, status: 'cancelled', reason: 'x' })).json()) as {
    readonly correlationId: string
  }
  await ok(employee.call('requestAccess', { note: SAID.accessNote }, refused.correlationId))
  const asked = (await approver.call('requests')).body['open'] as readonly { readonly id: string }[]
  await ok(approver.call('answerRequest', { answer: SAID.accessAnswer }, asked[0]?.id))

  const waiting = await proposeHold(session, third)
  await ok(employee.call('revokeSession', { why: SAID.revocation }, session.id))
  expect(await changeSeen(employee, waiting)).toMatchObject({ state: 'voided', outcome: 'its session was revoked' })
  const { devices } = (await employee.call('devices')).body as { readonly devices: readonly { readonly id: string; readonly name: string }[] }
  expect(devices[0]?.name).toBe('test device')
  await ok(employee.call('revokeDevice', { why: SAID.deviceRevocation }, devices[0]?.id))
  return recordsOf([held, other, third])
}

const recordsOf = (shipments: readonly string[]) =>
  asSuperuser(pilot.raise, 'tms', async (client) => {
    // Names of countries stand in PostgreSQL's own tables too.
    const text = 'select s.shipment_id, c.* from tms.shipment s join tms.customer c using (customer_id) where s.shipment_id = any($1)'
    const { rows } = await client.query<{ readonly country: string } & Record<string, unknown>>(text, [shipments])
    const found = rows.flatMap((row) =>
      Object.values<unknown>({ ...row, country: null }).filter((value): value is string => typeof value === 'string' && value.length > 5),
    )
    return [...new Set(found)]
  })

it('goes through a day as people and agents live it', async () => {
  records = await day()
  expect(records.length).toBeGreaterThan(10)
})

describe('after a day of asks, proposals, decisions, drafts, requests and revocations', () => {
  it('has nothing anybody said, no name, no phone, no account and no record number in clear in any table or entry of ours', async () => {
    const tables = await allRows(pilot.raise)
    for (const kind of ['ask.answered', 'house.configured']) expect(tables.get('journal_entry')).toContain(kind)
    const names = [...people, '"anna"', '"ben"', '(anna,', '(ben,', 'test device']
    expect(foundIn(tables, [...Object.values(SAID), ...records, ...names])).toEqual([])
  })

  it('has none of it in the files of our database either', async () => {
    const files = await ourFiles(pilot.raise)
    expect(files.size).toBeGreaterThan(100)
    const found = [...files].flatMap(([name, bytes]) =>
      [...Object.values(SAID), ...records, ...people].filter((canary) => bytes.includes(canary)).map((canary) => `${name}: ${canary}`),
    )
    expect(found).toEqual([])
  })

  it('shows people at the console what they said', async () => {
    const read = JSON.stringify([
      (await approver.call('journal', { limit: 200 })).body,
      (await approver.call('changes')).body,
      (await approver.call('sessions')).body,
      (await employee.call('requests')).body,
    ])
    const { proposalReason, approval, rejection, destination, reference, revocation, deviceRevocation, accessNote, accessAnswer } = SAID
    for (const said of [proposalReason, approval, rejection, destination, reference, revocation, deviceRevocation, accessNote, accessAnswer])
      expect(read).toContain(said)
    for (const name of people) expect(read).toContain(name)
  })
})

describe('who searches the journal', () => {
  const search = (...more: readonly string[]) => run(['journal', 'search', '--data', pilot.raise.dataFolder, '--json', ...more])
  const kindsOf = async (...more: readonly string[]) => {
    const { out, code, err } = await search(...more)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const lines = out.split('\n').filter((line) => line !== '')
    return new Set(lines.map((line) => (JSON.parse(line) as { readonly entry: { readonly kind: string } }).entry.kind))
  }
  const accountSeen = async () => ((await approver.call('changes')).body['recent'] as readonly { readonly account: string }[]).at(-1)?.account ?? ''

  it('finds what is about an account by its number, which stands in no entry', async () => {
    const about = await kindsOf('--subject', `account:${await accountSeen()}`)
    for (const kind of ['ask.answered', 'change.proposed', 'change.decided']) expect(about).toContain(kind)
    for (const kind of ['session.admitted', 'person.signed_in', 'house.started']) expect(about).not.toContain(kind)
  })

  it('finds what a person did by their identifier of the configuration, as a person or as a subject', async () => {
    const [did, about] = [await kindsOf('--person', 'anna'), await kindsOf('--subject', 'person:anna')]
    for (const kind of ['person.signed_in', 'ask.answered', 'change.decided', 'session.revoked']) expect([did.has(kind), about.has(kind)]).toEqual([true, true])
    expect(did).not.toContain('house.started')
    expect(await kindsOf('--person', 'ben', '--kind', 'ask.answered')).toEqual(new Set())
  })

  it('finds the changes of a field, and what became of one change', async () => {
    expect(await kindsOf('--field', 'status', '--kind', 'change.applied')).toEqual(new Set(['change.applied']))
    expect(await kindsOf('--field', 'carrier', '--kind', 'change.applied')).toEqual(new Set())
  })

  it('is told when nobody is called so, and searches for no subject that nobody is', async () => {
    expect(await search('--person', 'carla')).toMatchObject({ code: 0, out: '', err: expect.stringContaining('the vault knows no `carla`') })
    expect(await search('--subject', 'account:CANARY-9')).toMatchObject({
      code: 3,
      err: expect.stringMatching(/no `account:CANARY-9`[^]*code: config_invalid/),
    })
    expect(await search('--subject', 'CANARY-9')).toMatchObject({ code: 3, err: expect.stringContaining('`CANARY-9` is no subject') })
  })
})

describe('an erasure', () => {
  const at = () => ['--data', pilot.raise.dataFolder]
  const keeping = (command: string, subject: string, ...more: readonly string[]) =>
    run(['journal', command, ...at(), '--subject', subject, '--authority', SAID.authority, ...more])
  const erase = (subject: string) => keeping('erase', subject, '--legal-basis', SAID.basis)
  /** The wrapped keys of a subject, as they lie in the table. */
  const wrappedKeys = (pseudonym: string) =>
    asSuperuser(pilot.raise, 'gatehouse', async (client) => {
      const text = 'select wrapped from vault_key where pseudonym = $1 union all select wrapped from vault_subject where pseudonym = $1'
      return (await client.query<{ wrapped: Buffer | null }>(text, [pseudonym])).rows.map(({ wrapped }) => wrapped)
    })
  let anna: string

  it('does not happen while a case holds the person, and says which', async () => {
    anna = String((await employee.call('me')).body['person'])
    expect(anna).toMatch(/^p-[0-9a-z]{16}$/)
    expect(await keeping('hold', 'person:anna', '--case', '2026-17', '--set')).toMatchObject({ code: 0 })
    const refused = await erase('person:anna')
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('is held for case 2026-17: nothing was erased') })
    expect((await wrappedKeys(anna)).every((one) => one !== null)).toBe(true)
    expect(await keeping('hold', anna, '--case', '2026-17', '--release')).toMatchObject({ code: 0 })
  })

  it('destroys the keys of a person and of an account, in the tables and in their files, and tells it in the journal', async () => {
    const before = (await wrappedKeys(anna)).filter((one) => one !== null)
    expect(before.length).toBeGreaterThan(1)
    const accounts = ((await approver.call('changes')).body['recent'] as readonly { readonly account: string }[]).map(({ account }) => account)
    customer = accounts.at(-1) ?? ''
    for (const subject of ['person:anna', `account:${customer}`])
      expect({ subject, ...(await erase(subject)) }).toMatchObject({ subject, code: 0, out: expect.stringContaining('is erased: ') })

    expect((await wrappedKeys(anna)).filter((one) => one !== null)).toEqual([])
    const files = [...(await ourFiles(pilot.raise))].filter(([, bytes]) => before.some((key) => bytes.includes(key)))
    expect(files.map(([name]) => name)).toEqual([])
    const told = (await allRows(pilot.raise)).get('journal_entry') ?? ''
    expect(told.match(/"event_code":"journal.erased"/g)).toHaveLength(2)
    expect(told).toContain(`"subject":"${anna}"`)
    expect(told).not.toContain(customer)
    for (const said of [SAID.authority, SAID.basis]) expect(told).not.toContain(said)
  })

  it('leaves the journal as it was: it verifies, with every payload it names', async () => {
    expect(await run(['journal', 'verify', ...at(), '--payloads'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/payloads: [1-9]\d* as recorded, [1-9]\d* erased, 0 missing/),
    })
  })

  it('shows people `erased` where the values were, and the values of others still', async () => {
    const read = async (): Promise<string> =>
      JSON.stringify([(await approver.call('journal', { limit: 200 })).body, (await approver.call('changes')).body, (await approver.call('sessions')).body])
    const gone = [SAID.destination, SAID.reference, SAID.revocation, SAID.proposalReason, SAID.approval, `"${customer}"`]
    let now = ''
    // The gate forgets the keys within twenty seconds.
    const left = async () => {
      now = await read()
      return gone.filter((one) => now.includes(one))
    }
    await expect.poll(left, { timeout: 40_000, interval: 1000 }).toEqual([])
    expect(now).toContain('erased')
    expect(now).toContain('Ben Okafor')
    expect(now).toContain(SAID.authority)
  })

  it('changes nothing when it is ordered again', async () => {
    expect(await erase(anna)).toMatchObject({ code: 0, out: expect.stringContaining('was erased before; nothing was left to do') })
    expect(await erase('person:anna')).toMatchObject({ code: 1, err: expect.stringContaining('it is unknown, or was erased before') })
    expect(((await allRows(pilot.raise)).get('journal_entry') ?? '').match(/"event_code":"journal.erased"/g)).toHaveLength(2)
  })
})
