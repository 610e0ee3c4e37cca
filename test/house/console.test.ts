import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signInAt } from '../../src/bin/pilot/desk-client.ts'
import { AnswerBody, Problem } from '../../src/contract/connector.ts'
import { CALLS } from '../../src/contract/console.ts'
import { openChromium, openWindow } from '../browser/chromium.ts'
import { changeOf, decide, goTo, moveTo, signIn } from '../browser/pages.ts'
import { houseJournal } from '../support/entries.ts'
import { type PilotHouse, startPilot } from '../support/pilot.ts'
import { openProvenSession, type ProvenSession } from '../support/session.ts'

/** With GATEHOUSE_PICTURES=folder the pages are kept as pictures: README's is made so. */
const PICTURES = process.env['GATEHOUSE_PICTURES']

/** The console over the whole running house: what an agent does appears, and what a person decides happens. */
describe('the console of the running house', () => {
  let pilot: PilotHouse
  let session: ProvenSession
  let browser: Browser
  let shipments: readonly { readonly id: string; readonly name: string }[]

  beforeAll(async () => {
    pilot = await startPilot()
    session = await openProvenSession(pilot)
    browser = await openChromium()
    const found = await rows('findShipments', { status: 'in_transit', limit: 5 })
    shipments = await Promise.all(
      found.map(async ({ shipmentId }) => {
        const [summary] = await rows('getShipmentSummary', { shipmentId })
        return { id: String(shipmentId), name: String(summary?.['contactName']) }
      }),
    )
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await pilot.close()
  })

  const rows = async (operation: string, input: object) => {
    const answer = await session.ask('POST', `/v1/operations/${operation}`, input)
    return AnswerBody.parse(await answer.json()).rows
  }
  const propose = (id: string, status: string) =>
    rows('proposeStatusChange', { shipmentId: id, status, reason: 'the consignee asked us to wait until Thursday' })
  const as = async (person: 'employee' | 'approver', scheme: 'light' | 'dark' = 'light') => {
    const page = await (await openWindow(browser, scheme)).newPage()
    const { id, passphrase } = pilot.raise.people[person]
    await signIn(page, pilot.raise.deskUrl, id, passphrase)
    return page
  }

  it('shows a proposal live, applies what is approved by keyboard, and the journal tells it', async () => {
    const page = await as('approver')
    await goTo(page, 'Changes')
    const [first, second] = shipments
    if (!first || !second) throw new Error('no shipments in transit')
    await propose(first.id, 'held')
    await propose(second.id, 'out_for_delivery')
    const title = `Propose a status change: ${first.id}`
    await changeOf(page, title).waitFor()
    expect(await changeOf(page, title).textContent()).toMatch(/in_transit.*held/s)
    if (PICTURES) await picture(page, 'changes')
    await moveTo(page, title)
    await decide(page, 'approve', 'spoke with the consignee')

    await expect.poll(async () => (await rows('getShipmentSummary', { shipmentId: first.id }))[0]?.['status'], { timeout: 20_000 }).toBe('held')
    await goTo(page, 'Journal')
    if (PICTURES) await picture(page, 'journal')
    await page
      .getByText(/read it back/)
      .first()
      .waitFor()
    await page.context().close()
  }, 60_000)

  it('does not let a person approve their own agent’s change', async () => {
    const page = await as('employee', 'dark')
    await goTo(page, 'Changes')
    const title = `Propose a status change: ${shipments[1]?.id}`
    await changeOf(page, title).waitFor()
    expect(
      await changeOf(page, title)
        .getByRole('button', { name: /approve/i })
        .isDisabled()
        .catch(() => true),
    ).toBe(true)
    await page.context().close()
  }, 60_000)

  it('shows a letter resolved to its person, who signed in a moment ago, and never the token', async () => {
    const [, , third] = shipments
    if (!third) throw new Error('no third shipment')
    await rows('prepareCustomerReply', { shipmentId: third.id, subject: 'Your shipment', body: `Dear ${third.name},\nit arrives on Thursday.` })
    const page = await as('employee')
    await goTo(page, 'Drafts')
    await page
      .getByRole('link', { name: new RegExp(third.id) })
      .first()
      .click()
    await page.getByRole('button', { name: 'Show it' }).click()
    await page.getByText(/^Dear /).waitFor()
    expect(third.name).toMatch(/^con_/)
    expect(await page.getByRole('main').textContent()).not.toContain(third.name)
    if (PICTURES) await picture(page, 'draft')
    await page.context().close()
  }, 60_000)

  it('keeps one entry of each call it refuses a person, whichever part of the house refused it', async () => {
    const journal = houseJournal(pilot.raise.house)
    const { id, pseudonym, passphrase } = pilot.raise.people.employee
    const person = await signInAt(pilot.raise.deskUrl, id, passphrase)
    const decision = { version: 1, digest: 'd', decision: 'approve', reason: 'never seen it' }
    for (const [call, input, about, code, kind] of [
      ['link', {}, 'WRNG-CODE', 'code_unknown', 'console.refused'],
      ['grantSession', { useCase: 'customer-inquiry' }, 'WRNG-CODE', 'code_unknown', 'session.refused'],
      ['decideChange', decision, 'chg-none', 'not_found', 'change.refused'],
      ['decideChange', { ...decision, approver: 'me' }, 'chg-none', 'malformed_request', 'console.refused'],
      ['revokeSession', { why: 'not mine' }, 'ses-none', 'not_found', 'console.refused'],
    ] as const) {
      const { body } = await person.call(call, input, about)
      expect([call, body['code']]).toEqual([call, code])
      const entries = await journal.about(String(body['correlationId']))
      expect(entries).toEqual([expect.objectContaining({ kind, outcome: code, person: pseudonym })])
    }
    await journal.close()
  }, 60_000)

  it('brings a request for access to the approver of its use case, and the answer back to who asked', async () => {
    const answer = await session.ask('POST', '/v1/operations/proposeStatusChange', { shipmentId: shipments[0]?.id, status: 'cancelled', reason: 'trying' })
    const { code, correlationId } = Problem.parse(await answer.json())
    expect(code).toBe('forbidden')
    const { employee, approver } = pilot.raise.people
    const asks = await signInAt(pilot.raise.deskUrl, employee.id, employee.passphrase)
    expect((await asks.call('requestAccess', { note: 'a customer calls it off' }, correlationId)).status).toBe(200)
    const own = CALLS.requests.answer.parse((await asks.call('requests')).body).open.find((one) => one.correlation === correlationId)
    expect((await asks.call('answerRequest', { answer: 'granted' }, own?.id)).body['code']).toBe('forbidden')

    const answers = await signInAt(pilot.raise.deskUrl, approver.id, approver.passphrase)
    const request = CALLS.requests.answer.parse((await answers.call('requests')).body).open.find((one) => one.correlation === correlationId)
    expect(request).toMatchObject({ note: 'a customer calls it off', useCase: 'customer-inquiry', operation: 'proposeStatusChange', mayAnswer: true })
    expect((await answers.call('answerRequest', { answer: 'call the shift lead' }, request?.id)).status).toBe(200)
    const refused = CALLS.refusal.answer.parse((await asks.call('refusal', {}, correlationId)).body)
    expect(refused.answered).toMatchObject({ answer: 'call the shift lead' })
  }, 60_000)

  it('revokes a session, and its next ask is refused', async () => {
    const page = await as('approver')
    await goTo(page, 'Sessions')
    await page
      .getByRole('button', { name: /revoke/i })
      .first()
      .click()
    await page.keyboard.type('the device was left unlocked')
    await page.keyboard.press('Enter')
    await expect
      .poll(async () => (await session.ask('POST', '/v1/operations/listExceptions', { kind: 'late', limit: 1 })).status, { timeout: 10_000 })
      .toBe(401)
    const over = page.getByRole('table', { name: 'Sessions over today' })
    await over.getByText('the device was left unlocked').waitFor()
    await page.context().close()
    const drafts = await as('employee')
    await goTo(drafts, 'Drafts')
    await drafts.getByText('its session was revoked').first().waitFor()
    await drafts.context().close()
  }, 60_000)

  it('revokes a device, and its key is nobody’s from then on', async () => {
    const offered = () => fetch(`${pilot.raise.gateUrl}/v1/operations`, { headers: session.headers('GET', '/v1/operations', { token: null }) })
    session.heard(await offered())
    expect((await offered()).status).toBe(200)
    const page = await as('employee')
    await goTo(page, 'Devices')
    await page.getByRole('button', { name: 'Revoke test device' }).click()
    await page.keyboard.type('it was sold')
    await page.keyboard.press('Enter')
    await page.getByText(/^revoked/).waitFor()
    expect((await offered()).status).toBe(401)
    await page.context().close()
  }, 60_000)

  it('turns away who guesses passphrases, before the work of comparing them, and says when to come back', async () => {
    const { deskUrl } = pilot.raise
    const guess = () =>
      fetch(`${deskUrl}/desk/api/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: deskUrl },
        body: JSON.stringify({ person: 'nobody', passphrase: 'a wrong passphrase' }),
      })
    const answers: number[] = []
    for (let tries = 0; tries < 15; tries++) answers.push((await guess()).status)
    expect(answers.at(-1)).toBe(429)
    expect((await guess()).headers.get('retry-after')).toMatch(/^\d+$/)
  }, 60_000)

  async function picture(page: Awaited<ReturnType<typeof as>>, name: string): Promise<void> {
    mkdirSync(PICTURES ?? '', { recursive: true })
    await page.waitForTimeout(300)
    await page.screenshot({ path: join(PICTURES ?? '', `${name}.png`) })
  }
})
