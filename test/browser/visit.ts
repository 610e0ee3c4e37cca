import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { deskRoutes } from '../../src/desk/routes.ts'
import { openWindow } from './chromium.ts'
import { type House, memoryHouse } from './house.ts'

/** A console on a port of its own over a house in memory, and one window on it. */
export type Visit = {
  readonly house: House
  readonly url: string
  readonly page: Page
  /** Another page, as closely watched. */
  readonly newPage: (window: BrowserContext) => Promise<Page>
  /** Throws when a page tripped over the console's policy, threw, or asked anything of another host. */
  readonly close: () => Promise<void>
}

export async function openVisit(browser: Browser, folder: string): Promise<Visit> {
  let url = ''
  const faults: string[] = []
  const app = fastify()
  const house = memoryHouse({ folder, origin: () => url, now: Date.now() })
  await deskRoutes(app, house)
  await app.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`

  const newPage = async (window: BrowserContext): Promise<Page> => {
    const opened = await window.newPage()
    opened.on('pageerror', (error) => faults.push(String(error)))
    opened.on('console', (message) => {
      if (/Content Security Policy|Warning:|React/i.test(message.text())) faults.push(message.text())
    })
    opened.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:')) faults.push(`asked elsewhere: ${request.url()}`)
    })
    return opened
  }
  const window = await openWindow(browser, 'light')
  return {
    house,
    url,
    page: await newPage(window),
    newPage,
    close: async () => {
      await window.close()
      await app.close()
      if (faults.length > 0) throw new Error(faults.join('\n'))
    },
  }
}
