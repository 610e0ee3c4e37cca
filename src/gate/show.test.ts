import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openTestGate, type TestGate } from '../../test/support/gate.ts'
import { must, tokensOf } from '../../test/support/stages.ts'
import { done, refuse } from '../base/outcome.ts'
import type { Connector } from '../connectors/connector.ts'
import { openPool } from '../connectors/sql/pool.ts'
import { postgresConnector } from '../connectors/sql/postgres.ts'
import { refusal } from '../model/refusal.ts'
import { type Showing, show } from './show.ts'

let here: TestGate
let tms: Connector
let accounts: readonly string[] = ['A']
let closeSource: () => Promise<void>
beforeAll(async () => {
  here = await openTestGate()
  const pool = openPool({ url: here.tms.roleUrl('tms_read'), max: 2, statementTimeoutMs: 5000, name: 'test' })
  tms = postgresConnector(pool)
  closeSource = () => pool.end()
})
afterAll(async () => {
  await closeSource()
  await here.close()
})
afterEach(() => {
  accounts = ['A']
  here.weather.journal = 'up'
})

const showing = (connector = tms): Showing => ({
  catalogue: here.gate.catalogue,
  drafts: here.gate.drafts,
  connectors: { tms: connector },
  tokensOf,
  accountsOf: async () => accounts,
  record: here.gate.record,
})
const ANNA = { person: 'anna', confirmed: true }

async function drafted(operation = 'prepareCustomerReply', more: Record<string, unknown> = { subject: 'Late' }): Promise<string> {
  const held = await here.session()
  const token = tokensOf(held.session.id).seal('con', 'Jane Doe')
  const input = { shipmentId: 'S-A1', ...(operation === 'prepareCustomerReply' ? { body: `Dear ${token}, sorry.` } : {}), ...more }
  return String(must(await here.ask(held, operation, input)).rows[0]?.['id'])
}

describe('show', () => {
  it('shows its person the letter with every token resolved, after the entry that says so', async () => {
    const id = await drafted()
    const from = (await here.entries()).length
    const shown = must(await show(showing(), id, ANNA, 'cor-x'))
    expect(shown).toMatchObject({ form: 'letter', title: 'Prepare a reply to the customer' })
    expect(shown.text).toContain('Dear Jane Doe, sorry.')
    expect(shown.fields).toContainEqual({ label: 'Attention', value: 'CANARY-A contact' })
    const entries = await here.entries(from)
    expect(entries).toMatchObject([
      { kind: 'draft.shown', person: 'anna', correlation: 'cor-x', detail: { draft: id, fields: ['shipmentId', 'contactName', 'customerName', 'email'] } },
    ])
    expect(JSON.stringify(entries)).not.toMatch(/CANARY|Jane/)
  })

  it('shows a label', async () => {
    const shown = must(await show(showing(), await drafted('prepareReturnLabel', { parcels: 2 }), ANNA, 'cor-x'))
    expect(shown.form).toBe('label')
    expect(shown.fields).toContainEqual({ label: 'Address', value: 'CANARY-A street 1' })
  })

  it.each([
    ['somebody else, though confirmed', { person: 'ben', confirmed: true }, 'not_found'],
    ['its person, not confirmed', { person: 'anna', confirmed: false }, 'confirmation_needed'],
  ])('shows nothing to %s, and records it', async (_, viewer, code) => {
    const id = await drafted()
    const from = (await here.entries()).length
    const shown = await show(showing(), id, viewer, 'cor-x')
    expect(shown).toMatchObject({ ok: false, refusal: { code } })
    expect(await here.entries(from)).toMatchObject([{ kind: 'draft.refused', outcome: code, person: viewer.person }])
  })

  it("answers alike for another's draft and for none", async () => {
    const [foreign, none] = [
      await show(showing(), await drafted(), { person: 'ben', confirmed: true }, 'c'),
      await show(showing(), 'drf-none', { person: 'ben', confirmed: true }, 'c'),
    ]
    expect(foreign).toEqual(none)
  })

  it('goes by the accounts of now: a person who lost the account sees nothing', async () => {
    const id = await drafted()
    for (const lost of [[], ['B']]) {
      accounts = lost
      expect(await show(showing(), id, ANNA, 'c')).toMatchObject({ ok: false, refusal: { code: 'not_found' } })
    }
  })

  it("shows nothing of another's record, nor of another of its own, when that is what the source sends", async () => {
    const id = await drafted()
    const row = { contactName: 'CANARY', customerName: 'CANARY', email: 'CANARY' }
    for (const rows of [
      [{ ...row, shipmentId: 'S-A1', customerId: 'B' }],
      [{ ...row, shipmentId: 'S-A2', customerId: 'A' }],
      [{ ...row, shipmentId: 'S-A1' }],
      [],
    ]) {
      const shown = await show(showing({ read: async () => done(rows) }), id, ANNA, 'c')
      expect(shown).toMatchObject({ ok: false, refusal: { code: 'not_found' } })
    }
  })

  it('shows nothing while the journal is down, or the source', async () => {
    const id = await drafted()
    expect(await show(showing({ read: async () => refuse(refusal('source_unavailable', 'down')) }), id, ANNA, 'c')).toMatchObject({
      refusal: { code: 'source_unavailable' },
    })
    here.weather.journal = 'down'
    const shown = await show(showing(), id, ANNA, 'c')
    expect(shown).toMatchObject({ ok: false, refusal: { code: 'journal_unavailable' } })
    expect(JSON.stringify(shown)).not.toContain('CANARY')
  })
})
