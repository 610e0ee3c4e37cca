import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { done } from '../../src/base/outcome.ts'
import { builtConsole } from '../../tools/console.ts'
import { openChromium, openWindow } from './chromium.ts'
import type { House } from './house.ts'
import { ANNA, CHANGES, ERIK, PILOT } from './house-data.ts'
import { changeOf, confirm, decide, fillSignIn, goTo, moveTo, signIn } from './pages.ts'
import { openVisit, type Visit } from './visit.ts'

let browser: Browser
let folder: string
let close: Visit['close']
let house: House
let url: string
let page: Page
let newPage: Visit['newPage']

beforeAll(async () => {
  folder = builtConsole()
  browser = await openChromium()
}, 120_000)
afterAll(async () => {
  await browser.close()
})
beforeEach(async () => {
  const visit = await openVisit(browser, folder)
  house = visit.house
  url = visit.url
  page = visit.page
  newPage = visit.newPage
  close = visit.close
})
afterEach(() => close())

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

describe('the pilot page', () => {
  it('says of each control whether it is on, as the server says it now, and why', async () => {
    const shown = async () => {
      await page.getByText('What waits').waitFor()
      const rows = await page.getByRole('region', { name: 'The four controls' }).getByRole('listitem').all()
      return Promise.all(rows.map((row) => row.locator('> *').allTextContents()))
    }
    await signIn(page, url, 'erik', ERIK)
    await page.getByText('Masked, read-only view').waitFor()
    expect(await shown()).toEqual([
      ['On', 'Masked, read-only view', 'Agents read eight operations over a read-only role; names, phones and prices are covered.'],
      ['Not yet', 'Sandbox around the agent', 'Nothing yet confines the agent on its desktop; it can read what its user can.'],
      ['Not yet', 'One-hour attested sessions', 'Sessions last an hour at most, but the device vouches for itself.'],
      ['On', 'A person approves each change', 'Every status change waits for a person who is not its own.'],
    ])
    const controls = PILOT.controls.map(({ control, on }) => ({ control, on: !on, why: `${control} is otherwise now` }))
    Object.assign(house, { pilot: async () => done({ controls }) })
    await page.reload()
    await page.getByText('Masked, read-only view').waitFor()
    expect(await shown()).toEqual([
      ['Not yet', 'Masked, read-only view', 'Masked_view is otherwise now.'],
      ['On', 'Sandbox around the agent', 'Sandbox is otherwise now.'],
      ['On', 'One-hour attested sessions', 'Attested_sessions is otherwise now.'],
      ['Not yet', 'A person approves each change', 'Human_approval is otherwise now.'],
    ])
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

  it('wait for the passphrase when it is a while, keep the reason typed, and go on; the next is decided without it', async () => {
    await signIn(page, url, 'erik', ERIK)
    await goTo(page, 'Changes')
    house.pass(400)
    await moveTo(page, 'Shipment SH-004213')
    await decide(page, 'approve', 'asked the customer')
    await page.getByRole('textbox', { name: 'Your passphrase' }).waitFor()
    expect(await page.getByRole('textbox', { name: 'Why you approve' }).inputValue()).toBe('asked the customer')
    expect(house.acts.some((act) => act.startsWith('approve'))).toBe(false)
    await confirm(page, 'not it')
    await page.getByRole('alert').getByText('Sign-in failed').waitFor()
    expect(house.acts.some((act) => act.startsWith('approve'))).toBe(false)
    await confirm(page, ERIK)
    await changeOf(page, 'Shipment SH-004213').waitFor({ state: 'detached' })
    expect(house.acts.slice(-2)).toEqual(['confirmed', 'approve chg-7k2m'])
    expect(await page.getByRole('row').filter({ hasText: 'SH-004213' }).innerText()).toContain('asked the customer')
    await page.locator('article:focus').getByRole('heading', { name: 'Shipment SH-004388' }).waitFor()
    await decide(page, 'reject', 'wrong parcel')
    await changeOf(page, 'Shipment SH-004388').waitFor({ state: 'detached' })
    expect(house.acts.slice(-2)).toEqual(['approve chg-7k2m', 'reject chg-9w4x'])
  })

  it('are left alone when one will not type it', async () => {
    await signIn(page, url, 'erik', ERIK)
    await goTo(page, 'Changes')
    house.pass(400)
    await moveTo(page, 'Shipment SH-004388')
    await decide(page, 'approve', 'asked the customer')
    await page.getByRole('textbox', { name: 'Your passphrase' }).waitFor()
    await page.keyboard.type('a')
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
    const over = page.getByRole('table', { name: 'Sessions over today' })
    await over.getByText('revoked by Erik Lund').waitFor()
    expect(house.acts).toContain('revoked ses-1')
    expect(await over.getByRole('row').filter({ hasText: 'Erik Lund' }).filter({ hasText: 'Anna Berg' }).first().innerText()).toContain('laptop left open')
    await page.getByText('No agent has a session.').waitFor()
    await over.getByText('left the desk unlocked').waitFor()
    await over.getByText('ended by itself').waitFor()
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

  it('says that the session of a draft was revoked, by whom and why, before it is shown', async () => {
    await signIn(page, url, 'anna', ANNA)
    await goTo(page, 'Drafts')
    await page.getByText('its session was revoked').waitFor()
    await page.getByRole('link', { name: 'Reply about SH-004388' }).click()
    const note = page.getByRole('note')
    await note.getByText('The session that prepared this was revoked').waitFor()
    expect(await note.innerText()).toContain('“it answered a mail nobody had asked it to”')
    expect(house.acts.some((act) => act.startsWith('shown'))).toBe(false)
    await page.getByRole('link', { name: 'All drafts' }).click()
    await page.getByRole('link', { name: 'Return label for SH-004213' }).click()
    await page.getByRole('button', { name: 'Show it' }).waitFor()
    expect(await page.getByRole('note').count()).toBe(0)
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

  it('gives that code only after the passphrase, and then without asking again', async () => {
    await signIn(page, url, 'anna', ANNA)
    await goTo(page, 'Devices')
    house.pass(400)
    await page.getByRole('button', { name: 'Enrol a device' }).click()
    await page.getByRole('textbox', { name: 'Your passphrase' }).waitFor()
    expect(house.acts).not.toContain('device invited')
    await confirm(page, ANNA)
    await page.getByText(/gatehouse enrol --gate .* --code enrol-/).waitFor()
    expect(house.acts.slice(-2)).toEqual(['confirmed', 'device invited'])
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

  it('offers the receipt of an entry as a file, and says how archive and witnesses stand', async () => {
    await signIn(page, url, 'erik', ERIK)
    await goTo(page, 'Journal')
    await page.getByText(/^\d+ entries published$/).waitFor()
    await page.getByText('no witness is set').waitFor()
    const line = page.getByRole('listitem').filter({ hasText: 'asked getShipmentSummary: answered' }).first()
    await line.locator('summary').click()
    const [download] = await Promise.all([page.waitForEvent('download'), line.getByRole('button', { name: 'Download receipt' }).click()])
    expect(download.suggestedFilename()).toMatch(/^entry-\d+\.tlog-proof$/)
    expect(readFileSync(await download.path(), 'utf8')).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex \d+\n$/)
  })

  it('names rule, owner and next step of a refusal, and asks the owner for access once', async () => {
    await signIn(page, url, 'anna', ANNA)
    await page.goto(`${url}/refusals/cor-4d7w`)
    await page.getByText('care.no-prices').waitFor()
    for (const said of ['Petra Holm, Finance', "Ask the rule's owner for access."]) await page.getByText(said, { exact: true }).waitFor()
    await page.getByRole('textbox', { name: 'What you need it for' }).fill('settling a complaint')
    await page.getByRole('button', { name: 'Request access' }).click()
    await page.getByText('The answer appears here.').waitFor()
    expect(house.acts.filter((act) => act.startsWith('access'))).toEqual(['access cor-4d7w settling a complaint'])
    expect(await page.getByRole('button', { name: 'Request access' }).count()).toBe(0)
  })

  it('has whoever spent a budget ask its owner for more, and nobody to ask where no rule refused', async () => {
    await signIn(page, url, 'anna', ANNA)
    await page.goto(`${url}/refusals/cor-6b2s`)
    await page.getByRole('heading', { level: 1, name: 'Exposure budget spent' }).waitFor()
    await page.getByText('Head of Care', { exact: true }).waitFor()
    await page.getByRole('textbox', { name: 'What you need it for, to Head of Care' }).fill('a recall of one lot')
    await page.getByRole('button', { name: 'Request access' }).click()
    await page.getByText('The answer appears here.').waitFor()
    expect(house.acts.filter((act) => act.startsWith('access'))).toEqual(['access cor-6b2s a recall of one lot'])
    await page.goto(`${url}/refusals/cor-1r8e`)
    await page.getByRole('heading', { level: 1, name: 'Too many asks' }).waitFor()
    expect(await page.getByRole('button', { name: 'Request access' }).count()).toBe(0)
  })

  it('shows a request to an approver, who answers it once, and the asker reads the answer as it comes', async () => {
    await signIn(page, url, 'anna', ANNA)
    await page.goto(`${url}/refusals/cor-4d7w`)
    await page.getByRole('textbox', { name: 'What you need it for' }).fill('settling a complaint')
    await page.getByRole('button', { name: 'Request access' }).click()
    await page.getByText('The answer appears here.').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    const desk = await openWindow(browser, 'light')
    const lead = await newPage(desk)
    await signIn(lead, url, 'erik', ERIK)
    await lead.getByLabel('2 waiting').waitFor()
    await goTo(lead, 'Requests')
    const request = lead.getByRole('article', { name: 'Anna Berg asks for getOrderHistory' })
    await request.getByText('settling a complaint').waitFor()
    expect(await request.innerText()).toContain('care.no-prices')
    await request.getByRole('button', { name: 'Mark answered' }).click()
    await request.getByText('Say why').waitFor()
    await request.getByRole('textbox', { name: 'Your answer to Anna Berg' }).fill('Petra changes the policy on Monday')
    await lead.keyboard.press('Enter')
    await lead.getByRole('region', { name: 'Answered' }).getByText('Petra changes the policy on Monday').waitFor()
    await page.getByText('Petra changes the policy on Monday').waitFor()
    expect(house.acts.filter((act) => act.startsWith('answered'))).toEqual(['answered acr-1'])
    await goTo(page, 'Requests')
    expect(await page.getByRole('article').count()).toBe(1)
    await desk.close()
  })
})
