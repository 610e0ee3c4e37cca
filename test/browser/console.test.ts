import { mkdtempSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { deskRoutes } from '../../src/desk/routes.ts'
import { builtConsole } from '../../tools/console.ts'
import { openChromium, openWindow } from './chromium.ts'
import { type House, memoryHouse } from './house.ts'
import { CHANGES } from './house-data.ts'
import { changeOf, confirm, decide, fillSignIn, goTo, moveTo, showDraft, signIn } from './pages.ts'
import { unsoundIn } from './sound.ts'

const ANNA = 'correct horse battery'
const ERIK = 'staple gun and twine'
const SHOTS = process.env['GATEHOUSE_SHOTS'] ?? mkdtempSync(join(tmpdir(), 'gatehouse-shots-'))
let browser: Browser
let folder: string
let app: FastifyInstance
let house: House
let url = ''
let window: BrowserContext
let page: Page
let faults: string[]

beforeAll(async () => {
  folder = builtConsole()
  browser = await openChromium()
}, 120_000)
afterAll(async () => {
  await browser.close()
})

beforeEach(async () => {
  app = fastify()
  house = memoryHouse({ folder, origin: () => url, now: Date.now() })
  await deskRoutes(app, house)
  await app.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  faults = []
  window = await openWindow(browser, 'light')
  page = await newPage(window)
})
afterEach(async () => {
  await window.close()
  await app.close()
  // The page's policy was never tripped, nothing was thrown, and nothing was asked of another host.
  if (faults.length > 0) throw new Error(faults.join('\n'))
})

async function newPage(context: BrowserContext): Promise<Page> {
  const opened = await context.newPage()
  const home = url
  opened.on('pageerror', (error) => faults.push(String(error)))
  opened.on('console', (message) => {
    if (/Content Security Policy|Warning:|React/i.test(message.text())) faults.push(message.text())
  })
  opened.on('request', (request) => {
    if (!request.url().startsWith(home) && !request.url().startsWith('data:')) faults.push(`asked elsewhere: ${request.url()}`)
  })
  return opened
}

describe('coming in', () => {
  it('asks who one is, says what is wrong, and goes on to the page one wanted', async () => {
    await page.goto(`${url}/journal`)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await fillSignIn(page, 'erik', 'wrong')
    await page.getByRole('alert').getByText('Sign-in failed').waitFor()
    expect(await page.getByRole('alert').innerText()).toContain('Next: check name and passphrase')
    await fillSignIn(page, 'erik', ERIK)
    await page.getByRole('heading', { level: 1, name: 'Journal' }).waitFor()
  })

  it('never goes on to another host, whatever the address says', async () => {
    await page.goto(`${url}/sign-in?back=${encodeURIComponent('//evil.example/x')}`)
    await fillSignIn(page, 'erik', ERIK)
    await page.getByRole('heading', { level: 1, name: 'Pilot' }).waitFor()
    expect(page.url()).toBe(`${url}/`)
  })

  it('takes an invitation and a passphrase typed twice, and is then inside', async () => {
    await page.goto(`${url}/welcome?code=welcome-0123456789`)
    await page.getByRole('textbox', { name: 'Passphrase' }).fill('four words of mine')
    await page.getByRole('textbox', { name: 'The same again' }).fill('four words of yours')
    await page.keyboard.press('Enter')
    await page.getByText('Not the same').waitFor()
    await page.getByRole('textbox', { name: 'The same again' }).fill('four words of mine')
    await page.keyboard.press('Enter')
    await page.getByText('Mira Osei').waitFor()
    expect(house.acts).toEqual(['passphrase set mira', 'signed in mira'])
  })

  it('shows the signed-out nothing, and forgets on signing out', async () => {
    await signIn(page, url, 'erik', ERIK)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.goto(`${url}/changes`)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await page.getByRole('article').count()).toBe(0)
  })
})

describe('changes', () => {
  it('stand as before and after, and an approver approves by keyboard alone', async () => {
    await signIn(page, url, 'erik', ERIK)
    await goTo(page, 'Changes')
    const change = changeOf(page, 'Shipment SH-004388')
    expect(await change.getByRole('row', { name: 'Status' }).getByRole('cell').allInnerTexts()).toEqual(['out_for_delivery', 'on_hold'])
    await moveTo(page, 'Shipment SH-004388')
    await decide(page, 'approve', 'asked the customer')
    await change.waitFor({ state: 'detached' })
    expect(house.acts).toContain('approve chg-9w4x')
    await page.getByRole('row').filter({ hasText: 'SH-004388' }).getByText('approved, not yet applied').waitFor()
  })

  it('are not rejected without a reason', async () => {
    await signIn(page, url, 'erik', ERIK)
    await goTo(page, 'Changes')
    await moveTo(page, 'Shipment SH-004213')
    await decide(page, 'reject', ' ')
    await page.getByText('Say why').waitFor()
    expect(house.acts.some((act) => act.startsWith('reject'))).toBe(false)
    await page.keyboard.type('wrong parcel')
    await page.keyboard.press('Enter')
    await changeOf(page, 'Shipment SH-004213').waitFor({ state: 'detached' })
    expect(house.acts).toContain('reject chg-7k2m')
  })

  it('are left alone on Escape, and keys typed into the reason decide nothing', async () => {
    await signIn(page, url, 'erik', ERIK)
    await goTo(page, 'Changes')
    await moveTo(page, 'Shipment SH-004213')
    await page.keyboard.press('r')
    await page.keyboard.type('jar')
    await page.keyboard.press('Escape')
    await page.getByRole('textbox').waitFor({ state: 'detached' })
    expect(house.acts.some((act) => /approve|reject/.test(act))).toBe(false)
  })

  it('of their own agent cannot be decided, and the page says why', async () => {
    await signIn(page, url, 'erik', ERIK)
    await goTo(page, 'Changes')
    const own = changeOf(page, 'Shipment SH-004401')
    expect(await own.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true)
    expect(await own.innerText()).toContain("Nobody approves their own agent's change.")
  })

  it('appear by themselves when an agent proposes one', async () => {
    await signIn(page, url, 'erik', ERIK)
    await goTo(page, 'Changes')
    await page.getByText('Live', { exact: true }).waitFor()
    const [first] = CHANGES(Date.now())
    if (first === undefined) throw new Error('no change to propose')
    house.propose({ ...first, id: 'chg-new1', digest: 'New1', title: 'Shipment SH-009999' })
    await changeOf(page, 'Shipment SH-009999').waitFor()
    await page.getByLabel('4 waiting').waitFor()
    expect(await page.getByRole('article').count()).toBe(4)
  })
})

describe('sessions, drafts and the way in for agents', () => {
  it('revokes a session with a reason, at once', async () => {
    await signIn(page, url, 'erik', ERIK)
    await goTo(page, 'Sessions')
    await page.getByRole('button', { name: 'Revoke the session of Claude Desktop for Anna Berg' }).click()
    await page.getByRole('textbox', { name: 'Why you revoke it' }).fill('laptop left open')
    await page.keyboard.press('Enter')
    await page.getByText('revoked by Erik Lund').waitFor()
    expect(house.acts).toContain('revoked ses-1')
  })

  it('shows a label in clear only after the passphrase, and prints it', async () => {
    await signIn(page, url, 'anna', ANNA)
    house.pass(400)
    await goTo(page, 'Drafts')
    await page.getByRole('link', { name: 'Return label for SH-004213' }).click()
    await page.getByRole('button', { name: 'Show it' }).click()
    await page.getByRole('textbox', { name: 'Your passphrase' }).waitFor()
    expect(await page.getByText('Ingrid Solheim').count()).toBe(0)
    await confirm(page, ANNA)
    await page.getByText('Ingrid Solheim').waitFor()
    expect(house.acts.slice(-2)).toEqual(['confirmed', 'shown drf-5c1p'])
    await page.evaluate('window.print = () => { document.title = "printed" }')
    await page.getByRole('button', { name: 'Print' }).click()
    expect(await page.title()).toBe('printed')
    await page.getByRole('link', { name: 'All drafts' }).click()
    expect(await page.getByText('Ingrid Solheim').count()).toBe(0)
  })

  it('lets a person open a session for the work they choose, after their passphrase', async () => {
    await page.goto(`${url}/link?code=BKDM-7QRT`)
    await fillSignIn(page, 'anna', ANNA)
    await page.getByText('As the device says, not verified').waitFor()
    expect(await page.getByRole('button', { name: 'Allow' }).isDisabled()).toBe(true)
    await page.getByRole('radio', { name: 'Late and short deliveries' }).check()
    house.pass(400)
    await page.getByRole('button', { name: 'Allow' }).click()
    await confirm(page, ANNA)
    await page.getByRole('textbox', { name: 'Your passphrase' }).waitFor({ state: 'detached' })
    expect(house.acts).not.toContain('link granted')
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByText('The session is open').waitFor()
    expect(house.acts).toContain('link granted')
  })

  it('lets a person say no without more ado', async () => {
    await signIn(page, url, 'anna', ANNA)
    await page.goto(`${url}/link?code=BKDM-7QRT`)
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByText('Denied.').waitFor()
    expect(house.acts).toContain('link denied')
    await page.goto(`${url}/link?code=BKDM-7QRT`)
    await page.getByRole('alert').getByText('Code not valid').waitFor()
  })

  it('gives a code to enrol a device and the command to paste', async () => {
    await signIn(page, url, 'anna', ANNA)
    await goTo(page, 'Devices')
    await page.getByRole('button', { name: 'Enrol a device' }).click()
    await page.getByText(/gatehouse enrol --gate .* --code enrol-/).waitFor()
    expect(house.acts).toContain('device invited')
  })
})

describe('the journal and refusals', () => {
  it('reads as sentences, live, with the entry behind each', async () => {
    await signIn(page, url, 'erik', ERIK)
    await goTo(page, 'Journal')
    const line = page.getByText("Anna Berg's agent Claude Desktop asked getShipmentSummary: answered, 1 row, 3 fields covered")
    await line.click()
    await page.getByText('"digest": "w3Jv0a"').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    house.record({ kind: 'ask.refused', outcome: 'rate_limited', person: 'anna', session: 'ses-1', operation: 'findShipments' })
    await page.getByText('asked findShipments: refused, too many asks').waitFor()
    expect(await page.getByText('"digest": "w3Jv0a"').isVisible()).toBe(true)
  })

  it('names rule, owner and next step of a refusal, and asks the owner for access once', async () => {
    await signIn(page, url, 'anna', ANNA)
    await page.goto(`${url}/refusals/cor-4d7w`)
    await page.getByText('care.no-prices').waitFor()
    for (const said of ['Petra Holm, Finance', "Ask the rule's owner for access."]) await page.getByText(said, { exact: true }).waitFor()
    await page.getByRole('textbox', { name: 'What you need it for' }).fill('settling a complaint')
    await page.getByRole('button', { name: 'Request access' }).click()
    await page.getByText('It is recorded for').waitFor()
    expect(house.acts.filter((act) => act.startsWith('access'))).toEqual(['access cor-4d7w settling a complaint'])
    expect(await page.getByRole('button', { name: 'Request access' }).count()).toBe(0)
  })
})

const PLACES: readonly (readonly [name: string, person: 'anna' | 'erik', path: string, there: string])[] = [
  ['pilot', 'erik', '/', 'waiting'],
  ['changes', 'erik', '/changes', 'SH-003990'],
  ['sessions', 'erik', '/sessions', 'ANNA-LT-07'],
  ['journal', 'erik', '/journal', 'Gatehouse started'],
  ['drafts', 'anna', '/drafts', 'Return label'],
  ['draft', 'anna', '/drafts/drf-8h2q', 'in clear'],
  ['refusal', 'anna', '/refusals/cor-4d7w', 'Petra Holm, Finance'],
  ['link', 'anna', '/link?code=BKDM-7QRT', 'What is it for?'],
  ['link-code', 'anna', '/link', 'The code your agent shows'],
  ['devices', 'anna', '/devices', 'Enrol a device'],
  ['nowhere', 'anna', '/refusals/cor-none', 'No such record'],
]

describe.each(['light', 'dark'] as const)('in %s', (scheme) => {
  it('every page names its controls, has its structure, and is dark enough on light enough', async () => {
    for (const who of ['anna', 'erik'] as const) {
      const own = await openWindow(browser, scheme)
      const shown = await newPage(own)
      await signIn(shown, url, who, who === 'anna' ? ANNA : ERIK)
      for (const [name, , path, there] of PLACES.filter(([, person]) => person === who)) {
        await shown.goto(`${url}${path}`)
        await shown.locator('main').getByText(there).first().waitFor()
        if (name === 'draft') await showDraft(shown, ANNA)
        await shown.screenshot({ path: join(SHOTS, `${name}-${scheme}.png`) })
        expect({ name, wrong: await unsoundIn(shown) }).toEqual({ name, wrong: [] })
      }
      await own.close()
    }
  }, 60_000)

  it('so do signing in, choosing a passphrase, and deciding', async () => {
    const own = await openWindow(browser, scheme)
    const shown = await newPage(own)
    for (const name of ['sign-in', 'welcome']) {
      await shown.goto(`${url}/${name}`)
      await shown.getByRole('heading', { level: 1 }).waitFor()
      await shown.screenshot({ path: join(SHOTS, `${name}-${scheme}.png`) })
      expect({ name, wrong: await unsoundIn(shown) }).toEqual({ name, wrong: [] })
    }
    await signIn(shown, url, 'erik', ERIK)
    await goTo(shown, 'Changes')
    await moveTo(shown, 'Shipment SH-004388')
    await decide(shown, 'reject', ' ')
    await shown.getByText('Say why').waitFor()
    await shown.screenshot({ path: join(SHOTS, `deciding-${scheme}.png`) })
    expect(await unsoundIn(shown)).toEqual([])
    await shown.setViewportSize({ width: 390, height: 844 })
    await shown.screenshot({ path: join(SHOTS, `narrow-${scheme}.png`), fullPage: true })
    expect(await unsoundIn(shown)).toEqual([])
    await own.close()
  })
})
