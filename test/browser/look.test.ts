import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { builtConsole } from '../../tools/console.ts'
import { openChromium, openWindow } from './chromium.ts'
import type { House } from './house.ts'
import { ANNA, ERIK } from './house-data.ts'
import { decide, goTo, moveTo, showDraft, signIn } from './pages.ts'
import { unsoundIn } from './sound.ts'
import { openVisit, type Visit } from './visit.ts'

/** Every page is kept as a picture: with GATEHOUSE_SHOTS=folder where one finds it. */
const SHOTS = process.env['GATEHOUSE_SHOTS'] ?? mkdtempSync(join(tmpdir(), 'gatehouse-shots-'))
let browser: Browser
let folder: string
let close: Visit['close']
let house: House
let url: string
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
  newPage = visit.newPage
  close = visit.close
})
afterEach(() => close())

const PLACES: readonly (readonly [name: string, person: 'anna' | 'erik', path: string, there: string])[] = [
  ['pilot', 'erik', '/', 'waiting'],
  ['changes', 'erik', '/changes', 'SH-003990'],
  ['sessions', 'erik', '/sessions', 'ANNA-LT-07'],
  ['requests', 'erik', '/requests', 'dispute freight'],
  ['journal', 'erik', '/journal', 'Gatehouse started'],
  ['drafts', 'anna', '/drafts', 'Return label'],
  ['draft', 'anna', '/drafts/drf-8h2q', 'in clear'],
  ['refusal', 'anna', '/refusals/cor-4d7w', 'Petra Holm, Finance'],
  ['refusal-budget', 'anna', '/refusals/cor-6b2s', 'Ask for access'],
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
    house.pass(400)
    await shown.keyboard.type('the customer called')
    await shown.keyboard.press('Enter')
    await shown.getByRole('textbox', { name: 'Your passphrase' }).waitFor()
    await shown.screenshot({ path: join(SHOTS, `confirming-${scheme}.png`) })
    expect(await unsoundIn(shown)).toEqual([])
    await shown.setViewportSize({ width: 390, height: 844 })
    await shown.screenshot({ path: join(SHOTS, `narrow-${scheme}.png`), fullPage: true })
    expect(await unsoundIn(shown)).toEqual([])
    await own.close()
  })
})
