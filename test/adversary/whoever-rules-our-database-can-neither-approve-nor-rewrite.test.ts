import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeskPerson } from '../../src/bin/pilot/desk-client.ts'
import { openJournal } from '../../src/journal/open.ts'
import { run } from '../support/cli.ts'
import { changeSeen, decide, proposeHold, shipmentsOnTheWay, statusOf } from '../support/decisions.ts'
import { type HouseJournal, houseJournal } from '../support/entries.ts'
import { type PilotHouse, startPilot } from '../support/pilot.ts'
import { known, processesNaming, runs } from '../support/processes.ts'
import { openProvenSession, type ProvenSession } from '../support/session.ts'
import { asSuperuser } from '../support/standing.ts'
import { rewrite } from '../support/tamper.ts'

let pilot: PilotHouse
let session: ProvenSession
let approver: DeskPerson
let journal: HouseJournal
let shipments: readonly string[]

beforeAll(async () => {
  pilot = await startPilot()
  approver = await pilot.approver()
  session = await openProvenSession(pilot)
  await session.ask('GET', '/v1/operations')
  journal = houseJournal(pilot.raise.house)
  shipments = await shipmentsOnTheWay(session, 12)
})
afterAll(async () => {
  await journal.close()
  await pilot.close()
})

/** The attacker: a superuser of our database, whom no grant binds. They have neither the keys' folder nor the TMS. */
const sql = (text: string, values: readonly unknown[] = []) => asSuperuser(pilot.raise, 'gatehouse', (client) => client.query(text, [...values]))
const AN_APPROVER = `(select id from person where 'shift-leads' = any(groups))`
const shipment = (n: number): string => shipments[n] ?? ''
const really = (n: number) => statusOf(pilot.raise, shipment(n))
const stateOf = async (id: string) => (await changeSeen(approver, id)).state
const pidOf = (part: string): number => known(pilot.raise.house.pids[part])

/** One honest change is approved and applied: whatever was approved before it, the applier has looked at by then. */
async function expectApplierLooked(n: number): Promise<void> {
  const id = await proposeHold(session, shipment(n))
  await decide(approver, await changeSeen(approver, id), 'approve')
  await expect.poll(() => stateOf(id), { timeout: 15_000 }).toBe('applied')
}

async function applied(kind: string, id: string): Promise<number> {
  return (await journal.since(0)).filter((entry) => entry.kind === kind && entry.detail?.['change'] === id).length
}

describe('an approval that is only a row', () => {
  it('is not applied, however true the row looks', async () => {
    const id = await proposeHold(session, shipment(0))
    await sql(`update change set state = 'approved', decided_by = ${AN_APPROVER}, decided_at = now(), decision_reason = 'x' where id = $1`, [id])
    expect(await stateOf(id)).toBe('approved')
    await expectApplierLooked(1)
    expect([await stateOf(id), await really(0), await applied('change.applying', id)]).toEqual(['approved', 'in_transit', 0])
  })

  it('is not applied with an entry of their own making either, which the signer signs like any other', async () => {
    const id = await proposeHold(session, shipment(9))
    const { digest, version } = await changeSeen(approver, id)
    const forged = openJournal({ store: journal.store, clock: Date.now, node: 'gate' })
    const detail = { change: id, version, decision: 'approve', reason: 'x', proposer: 'anna', signature: Buffer.alloc(64).toString('base64') }
    expect((await forged.record({ kind: 'change.decided', outcome: 'done', person: 'ben', digest, detail })).ok).toBe(true)
    await sql(`update change set state = 'approved', decided_by = ${AN_APPROVER}, decided_at = now(), decision_reason = 'x' where id = $1`, [id])
    await expectApplierLooked(10)
    expect([await really(9), await applied('change.applying', id)]).toEqual(['in_transit', 0])
  })

  it('is not applied when it is put in the place of a rejection', async () => {
    const id = await proposeHold(session, shipment(2))
    expect((await decide(approver, await changeSeen(approver, id), 'reject')).status).toBe(200)
    await sql("update change set state = 'approved' where id = $1", [id])
    await expectApplierLooked(3)
    expect([await really(2), await applied('change.applying', id)]).toEqual(['in_transit', 0])
  })

  it('is not applied to another record or value than the one approved, and not a second time', async () => {
    const id = await proposeHold(session, shipment(4))
    process.kill(pidOf('apply'), 'SIGSTOP')
    try {
      expect((await decide(approver, await changeSeen(approver, id), 'approve')).status).toBe(200)
      await sql(`update change set after = '{"status": "cancelled"}' where id = $1`, [id])
    } finally {
      process.kill(pidOf('apply'), 'SIGCONT')
    }
    await expectApplierLooked(5)
    expect([await really(4), await applied('change.applying', id)]).toEqual(['in_transit', 0])

    await sql(`update change set after = '{"status": "held"}', key = $2 where id = $1`, [id, shipment(6)])
    await expectApplierLooked(7)
    expect([await really(6), await applied('change.applying', id)]).toEqual(['in_transit', 0])

    await sql('update change set key = $2 where id = $1', [id, shipment(4)])
    await expect.poll(() => really(4), { timeout: 15_000 }).toBe('held')
    await expect.poll(() => stateOf(id)).toBe('applied')
    await asSuperuser(pilot.raise, 'tms', (client) => client.query("update tms.shipment set status = 'in_transit' where shipment_id = $1", [shipment(4)]))
    await sql("update change set state = 'approved' where id = $1", [id])
    await expect.poll(() => stateOf(id)).toBe('approved')
    await expectApplierLooked(8)
    expect([await really(4), await applied('change.applied', id)]).toEqual(['in_transit', 1])
  }, 40_000)
})

describe('a change that no agent proposed', () => {
  const findings = async () => (await journal.since(0)).filter(({ kind }) => kind === 'finding.authority_mismatch').length

  it('is not approved by whoever is shown it, also with an entry that says it was proposed, and is a finding', async () => {
    const honest = await proposeHold(session, shipment(11))
    const forged = `${honest}x`
    await sql(
      `insert into change select (jsonb_populate_record(change, jsonb_build_object('id', $2::text, 'after', '{"status": "delivered"}'::jsonb))).* from change where id = $1`,
      [honest, forged],
    )
    const seen = await changeSeen(approver, forged)
    const theirs = openJournal({ store: journal.store, clock: Date.now, node: 'gate' })
    const entry = { kind: 'change.proposed', outcome: 'done', digest: seen.digest, detail: { change: forged, version: 1 } } as const
    expect((await theirs.record(entry)).ok).toBe(true)
    const before = await findings()
    expect(await decide(approver, seen, 'approve')).toMatchObject({ status: 403, body: { code: 'authority_mismatch' } })
    expect(await findings()).toBe(before + 1)
    expect((await journal.since(0)).at(-1)).toMatchObject({ kind: 'change.refused', outcome: 'authority_mismatch' })
    expect(await stateOf(forged)).toBe('proposed')
    expect((await decide(approver, seen, 'reject')).status).toBe(200)

    // What was proposed, and altered since: another value, another record.
    const [was] = (await sql('select after, key from change where id = $1', [honest])).rows as [{ readonly after: object; readonly key: string }]
    for (const [column, value] of [
      ['after', '{"status": "delivered"}'],
      ['key', shipment(0)],
    ] as const) {
      await sql(`update change set ${column} = $2 where id = $1`, [honest, value])
      expect((await decide(approver, await changeSeen(approver, honest), 'approve')).body).toMatchObject({ code: 'authority_mismatch' })
      await sql('update change set after = $2, key = $3 where id = $1', [honest, was.after, was.key])
    }
    expect((await decide(approver, await changeSeen(approver, honest), 'approve')).status).toBe(200)
    await expect.poll(() => really(11), { timeout: 15_000 }).toBe('held')
  }, 30_000)
})

describe('an entry altered in the database', () => {
  const verify = () =>
    run(['journal', 'verify', '--key', pilot.raise.vkeyFile, '--signed', pilot.raise.signedFile], {
      env: { DATABASE_URL: pilot.raise.house.databaseUrl('gate') },
    })
  const answered = async (): Promise<number> => {
    const answer = await session.ask('POST', '/v1/operations/getShipmentSummary', { shipmentId: shipment(0) })
    return ((await answer.json()) as { readonly entry: { readonly index: number } }).entry.index
  }
  const signedSize = async (): Promise<number> => Number((await sql('select max(size) as size from journal_checkpoint')).rows[0]?.size)

  it('is named by `gatehouse journal verify` with its index, exit code 2; before it, the journal verifies', async () => {
    const index = await answered()
    await expect.poll(signedSize, { timeout: 5000 }).toBeGreaterThan(index)
    const whole = await verify()
    expect(whole).toMatchObject({ code: 0, err: '' })
    expect(whole.out).toMatch(/^the journal verifies: \d+ entries, \d+ checkpoints, root /)

    const body = (await sql('select body from journal_entry where index = $1', [index])).rows[0]?.body as Buffer
    await sql('update journal_entry set body = set_byte(body, 30, get_byte(body, 30) # 1) where index = $1', [index])
    try {
      const broken = await verify()
      expect(broken.code).toBe(2)
      expect(broken.out).toContain('THE JOURNAL DOES NOT VERIFY')
      expect(broken.out).toContain(`entry ${index} does not match its leaf hash: its body or its hash was altered`)
    } finally {
      await sql('update journal_entry set body = $2 where index = $1', [index, body])
    }
    expect((await verify()).code).toBe(0)
  }, 30_000)

  it('stops the applier for good, although leaf and head were made to match: the signed root is another', async () => {
    process.kill(pidOf('apply'), 'SIGSTOP')
    const index = await answered()
    await expect.poll(signedSize, { timeout: 5000 }).toBeGreaterThan(index)
    // Signer and archive stand still too, or one of them would see it first.
    process.kill(pidOf('sign'), 'SIGSTOP')
    process.kill(pidOf('archive'), 'SIGSTOP')
    await rewrite({ store: journal.store, sql }, index)
    process.kill(pidOf('apply'), 'SIGCONT')
    await expect.poll(() => runs(pidOf('apply')), { timeout: 10_000 }).toBe(false)
    expect(await pilot.raise.house.broken).toMatchObject({
      code: 'journal_broken',
      message: 'the apply process ended by itself (the journal does not fit what was signed)',
    })
    process.kill(pidOf('archive'), 'SIGCONT')
  }, 30_000)

  it('stops the signer too, which signs nothing any more', async () => {
    const size = await signedSize()
    process.kill(pidOf('sign'), 'SIGCONT')
    await expect.poll(() => runs(pidOf('sign')), { timeout: 10_000 }).toBe(false)
    expect(await signedSize()).toBe(size)
  }, 30_000)

  it('lets the house not start again: journal_broken, and nothing is left running', async () => {
    const { house, cluster, dataFolder } = pilot.raise
    await house.stop()
    await cluster.stop()
    const again = await run(['pilot', '--data', dataFolder, '--port', String(20_000 + (process.pid % 20_000))])
    expect(again.code).toBe(1)
    expect(again.err).toMatch(/^gatehouse: .*\n {2}code: journal_broken\n {2}next: stop, keep .* as (it is|they are), and run `gatehouse journal verify`.*\n$/m)
    expect(again.err).not.toMatch(/\n\s+at /)
    expect(again.out).not.toContain('stands')
    expect(processesNaming(dataFolder)).toEqual([])
  }, 40_000)
})
