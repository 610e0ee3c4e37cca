import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The operating system's own Chromium, under a profile of its own that is gone afterwards. Throws when there is none: a test that cannot run has not passed. */
export const openChromium = (): Promise<Browser> => chromium.launch({ executablePath: findChromium(), args: ARGS })

/** A browser of one person. Nothing is shared with another's; the clock on its wall is Oslo's. */
export const openWindow = (browser: Browser, colorScheme: 'light' | 'dark'): Promise<BrowserContext> =>
  browser.newContext({ colorScheme, timezoneId: 'Europe/Oslo', locale: 'en-GB', viewport: { width: 1280, height: 800 }, ignoreHTTPSErrors: true })

function findChromium(): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      try {
        accessSync(join(folder, name), constants.X_OK)
        return join(folder, name)
      } catch {
        // Not there: the next.
      }
    }
  }
  throw new Error('no chromium on the PATH: `apt-get install chromium`')
}
