import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { sourceCap } from '../../limits/source-cap.ts'
import { httpArchive } from './http-archive.ts'

/** What has to be closed after a test, the last first. */
const opened: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close()
})

type Say = (response: ServerResponse, nth: number) => void

/** A real server that answers its nth request (from 1) as told. */
async function serving(say: Say): Promise<{ readonly url: string; readonly asked: () => number }> {
  let asked = 0
  const server = createServer((_, response) => say(response, ++asked))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  opened.push(async () => {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/journal`, asked: () => asked }
}

function reading(url: string, sleep?: (ms: number) => Promise<unknown>) {
  const archive = httpArchive({ url, token: null, ca: null, ...(sleep ? { sleep } : {}) })
  opened.push(archive.close)
  return archive
}

/** Sleeps no longer than a turn, and tells how long it was asked to. */
function shortSleep() {
  const slept: number[] = []
  return {
    slept,
    sleep: (ms: number) => {
      slept.push(ms)
      return new Promise((wake) => setImmediate(wake))
    },
  }
}

const capping = (response: ServerResponse, retryAfter?: string) =>
  response.writeHead(429, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end('{"code":"source_capped"}')
const text = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString()

describe('httpArchive, told that it asks too often', () => {
  it('waits as long as it was told, and then has what it asked for', async () => {
    const { url, asked } = await serving((response, nth) => (nth === 1 ? capping(response, '1') : response.end('tile')))
    const began = performance.now()
    expect(text(await reading(url).get('tile/0/000'))).toBe('tile')
    expect(performance.now() - began).toBeGreaterThanOrEqual(990)
    expect(asked()).toBe(2)
  })

  it.each([
    ['7', [7000]],
    ['30', [30_000]],
    ['31', [30_000]],
    ['86400', [30_000]],
    ['9'.repeat(400), [30_000]],
    ['0', [400]],
    ['-1', [400]],
    ['1.5', [400]],
    ['soon', [400]],
    ['Wed, 21 Oct 2026 07:28:00 GMT', [400]],
    [undefined, [400]],
  ])('told `%s`, waits %j ms', async (retryAfter, waits) => {
    const { url } = await serving((response, nth) => (nth === 1 ? capping(response, retryAfter) : response.end('tile')))
    const { slept, sleep } = shortSleep()
    expect(text(await reading(url, sleep).get('tile/0/000'))).toBe('tile')
    expect(slept).toEqual(waits)
  })

  it.each([
    ['told how long', '2', Array<number>(10).fill(2000)],
    ['told nothing', undefined, [400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000]],
  ])('gives up when nothing comes of ten waits, %s, and says what to do', async (_, retryAfter, waits) => {
    const { url, asked } = await serving((response) => capping(response, retryAfter))
    const { slept, sleep } = shortSleep()
    await expect(reading(url, sleep).get('checkpoint')).rejects.toMatchObject({
      code: 'gate_unreachable',
      message: `\`${url}/checkpoint\` answers 429: too many requests from this address, and nothing came after 10 waits`,
      next: expect.stringContaining('--token-file'),
    })
    expect(slept).toEqual(waits)
    expect(asked()).toBe(11)
  })

  it('goes on for as long as something comes between its waits, of an object that is there or of one that is not', async () => {
    const { url } = await serving((response, nth) => (nth % 8 === 0 ? response.writeHead(nth % 16 === 0 ? 404 : 200).end('tile') : capping(response, '1')))
    const { slept, sleep } = shortSleep()
    const archive = reading(url, sleep)
    for (const expected of ['tile', null, 'tile', null]) expect(text(await archive.get('tile/0/000'))).toBe(expected)
    expect(slept).toHaveLength(28)
  })

  it('waits once for all that it asked at the same time', async () => {
    let open = false
    const { url, asked } = await serving((response) => (open ? response.end('tile') : capping(response, '3')))
    const slept: number[] = []
    const { promise, resolve: wake } = Promise.withResolvers<void>()
    const archive = reading(url, (ms) => {
      slept.push(ms)
      return promise
    })
    const objects = Promise.all(Array.from({ length: 6 }, (_, i) => archive.get(`tile/0/00${i}`)))
    await expect.poll(asked).toBe(6)
    // What is asked for meanwhile is not even sent.
    const late = archive.get('tile/0/006')
    await new Promise((passed) => setTimeout(passed, 100))
    expect(asked()).toBe(6)
    open = true
    wake()
    expect((await objects).map(text)).toEqual(Array<string>(6).fill('tile'))
    expect(text(await late)).toBe('tile')
    expect(slept).toEqual([3000])
  })

  it("reads everything through the gate's own cap", async () => {
    const cap = sourceCap({ perSecond: 40, burst: 30 })
    const { url } = await serving((response) => {
      const seconds = cap.knock('192.0.2.7', Date.now())
      return seconds > 0 ? capping(response, String(seconds)) : response.end('tile')
    })
    const archive = reading(url)
    const objects = await Promise.all(Array.from({ length: 60 }, (_, i) => archive.get(`tile/0/0${i}`)))
    expect(objects.map(text)).toEqual(Array<string>(60).fill('tile'))
    expect([...cap.drain()].length).toBeGreaterThan(0)
  })

  it('waits no longer once it is closed', async () => {
    const { url, asked } = await serving((response) => capping(response, '30'))
    const archive = httpArchive({ url, token: null, ca: null })
    const asking = archive.get('checkpoint').then(
      () => 'answered',
      (cause: unknown) => (cause instanceof Error ? cause.name : 'no error'),
    )
    await expect.poll(asked).toBe(1)
    await new Promise((passed) => setTimeout(passed, 50))
    await archive.close()
    expect(await asking).toBe('AbortError')
  })
})

describe('httpArchive, told anything else', () => {
  it('tries again what may pass, and gives up after four times', async () => {
    const { url, asked } = await serving((response, nth) => response.writeHead(nth < 4 ? 503 : 200, { 'retry-after': '9' }).end('tile'))
    const { slept, sleep } = shortSleep()
    expect(text(await reading(url, sleep).get('tile/0/000'))).toBe('tile')
    expect([asked(), slept]).toEqual([4, [400, 800, 1600]])

    const broken = await serving((response) => response.writeHead(500).end())
    await expect(reading(broken.url, sleep).get('checkpoint')).rejects.toMatchObject({
      code: 'gate_unreachable',
      message: `\`${broken.url}/checkpoint\` answers 500`,
    })
    expect(broken.asked()).toBe(4)
  })

  it.each([
    [401, 'may not be read (401)'],
    [403, 'may not be read (403)'],
    [302, 'answers 302'],
    [418, 'answers 418'],
  ])('asks no second time after %i', async (status, words) => {
    const { url, asked } = await serving((response) => response.writeHead(status, { location: '/elsewhere', 'retry-after': '1' }).end())
    const { slept, sleep } = shortSleep()
    await expect(reading(url, sleep).get('checkpoint')).rejects.toMatchObject({ code: 'gate_refused', message: `\`${url}/checkpoint\` ${words}` })
    expect([asked(), slept]).toEqual([1, []])
  })

  it.each([404, 410])('finds nothing after %i', async (status) => {
    const { url, asked } = await serving((response) => response.writeHead(status).end('no such tile'))
    expect(await reading(url).get('tile/0/000')).toBeNull()
    expect(asked()).toBe(1)
  })
})
