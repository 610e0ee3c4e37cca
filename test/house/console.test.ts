import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AnswerBody } from '../../src/contract/connector.ts'
import { openChromium, openWindow } from '../browser/chromium.ts'
import { changeOf, decide, goTo, moveTo, signIn } from '../browser/pages.ts'
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

  it('shows a letter resolved to its person, who signed in a moment ago, and never the handle', async () => {
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
    await page.context().close()
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
