import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HouseJournal, houseJournal } from '../support/entries.ts'
import { type PilotHouse, startPilot } from '../support/pilot.ts'
import { opened } from '../support/unsealed.ts'

/** So slow that nobody gets a second turn while a test runs. */
const limits = { sourcePerSecond: 0.001, sourceBurst: 15 }
const BURST = limits.sourceBurst

let pilot: PilotHouse
let journal: HouseJournal

/** Statuses of so many requests, one after another, each saying in its header whom it comes from. */
async function knock(url: string, times: number, forwarded: string | ((nth: number) => string) | null): Promise<readonly number[]> {
  const statuses: number[] = []
  for (let nth = 0; nth < times; nth++) {
    const from = typeof forwarded === 'function' ? forwarded(nth) : forwarded
    statuses.push((await fetch(url, { headers: from === null ? {} : { 'x-forwarded-for': from } })).status)
  }
  return statuses
}

const gate = () => `${pilot.raise.gateUrl}/healthz`
const desk = () => `${pilot.raise.deskUrl}/desk/api/me`
const capped = (statuses: readonly number[]): number => statuses.filter((status) => status === 429).length
/** Two doors, two caps; neither knows of the other. */
const DOORS = [
  { door: 'the gate', at: gate },
  { door: 'the console', at: desk },
]

async function stand(trustedProxies: readonly string[]): Promise<void> {
  pilot = await startPilot({ limits, trustedProxies })
  journal = houseJournal(pilot.raise.house)
}
async function fall(): Promise<void> {
  await journal.close()
  await pilot.close()
}
async function told() {
  const entries = (await journal.since(0)).filter(({ kind }) => kind === 'sources.capped')
  return (await opened(pilot.raise, entries)).map(({ detail }) => detail)
}

describe('with a trusted proxy', () => {
  beforeAll(() => stand(['127.0.0.1', '10.9.0.0/16']))
  afterAll(fall)

  it.each(DOORS)('$door caps each client by the address the proxy tells, and the rest are answered', async ({ at }) => {
    expect(capped(await knock(at(), BURST + 2, '198.51.100.7'))).toBe(2)
    expect(capped(await knock(at(), 2, '198.51.100.8'))).toBe(0)
  })

  it.each(DOORS)('$door believes nothing a client wrote itself before what the proxy added, however many it invents', async ({ at }) => {
    expect(capped(await knock(at(), BURST + 2, (nth) => `203.0.113.${nth}, 198.51.100.9`))).toBe(2)
  })

  it.each(DOORS)('$door looks through a chain of trusted proxies to the client before them', async ({ at }) => {
    expect(capped(await knock(at(), 2, '198.51.100.7, 10.9.1.2'))).toBe(2)
    expect(capped(await knock(at(), 2, '198.51.100.10, 10.9.1.2'))).toBe(0)
    // 10.10 is nobody's proxy: it is the client.
    expect(capped(await knock(at(), BURST + 2, (nth) => `203.0.113.${nth}, 10.10.1.2`))).toBe(2)
  })

  it.each(DOORS)('$door counts what is no address to the proxy that tells it', async ({ at }) => {
    expect(capped(await knock(at(), BURST + 2, (nth) => `unknown-${nth}`))).toBe(2)
    expect(capped(await knock(at(), 1, null))).toBe(1)
  })

  it('counts wrong sign-ins by that address too', async () => {
    const tryAs = async (from: string): Promise<string> => {
      const answer = await fetch(`${pilot.raise.deskUrl}/desk/api/sign-in`, {
        method: 'POST',
        headers: { origin: pilot.raise.deskUrl, 'content-type': 'application/json', 'x-forwarded-for': from },
        body: JSON.stringify({ person: 'nobody', passphrase: 'guess' }),
      })
      return ((await answer.json()) as { readonly code: string }).code
    }
    const codes = await Promise.all(Array.from({ length: BURST }, () => tryAs('198.51.100.20')))
    expect(new Set(codes)).toEqual(new Set(['sign_in_failed', 'rate_limited']))
    expect(await tryAs('198.51.100.21')).toBe('sign_in_failed')
  })

  it('journals the clients it turned away, not the proxy for them', async () => {
    await expect.poll(told, { timeout: 15_000 }).not.toHaveLength(0)
    const counts = Object.assign({}, ...(await told()).map((detail) => (detail as { readonly counts: object }).counts)) as object
    expect(counts).toMatchObject({ '198.51.100.7': 8, '198.51.100.9': 4, '10.10.1.2': 4, '127.0.0.1': 6 })
    expect(Object.keys(counts).filter((source) => source.startsWith('203.0.113.') || source.startsWith('unknown'))).toEqual([])
  })
})

describe('without one', () => {
  beforeAll(() => stand([]))
  afterAll(fall)

  it.each(DOORS)('$door is told nothing by a forged header: the address of the connection counts', async ({ at }) => {
    expect(capped(await knock(at(), BURST + 3, (nth) => `203.0.113.${nth}`))).toBe(3)
  })

  it('journals that address', async () => {
    await expect.poll(told, { timeout: 15_000 }).not.toHaveLength(0)
    for (const detail of await told()) expect(Object.keys((detail as { readonly counts: object }).counts)).toEqual(['127.0.0.1'])
  })
})
