import { describe, expect, it } from 'vitest'
import { type Arrival, addressedHere, fromOwnPage } from './guard.ts'

const OWN = 'http://127.0.0.1:4310'
const arrival = (over: Partial<Arrival>): Arrival => ({
  method: 'POST',
  host: '127.0.0.1:4310',
  origin: OWN,
  contentType: 'application/json',
  fetchSite: 'same-origin',
  ...over,
})

describe('where a request comes from', () => {
  const PAGES: readonly (readonly [string, Partial<Arrival>, string | null])[] = [
    ['our page, JSON', {}, null],
    ['our page, JSON with charset', { contentType: 'Application/JSON; charset=utf-8' }, null],
    ['a form', { contentType: 'application/x-www-form-urlencoded' }, 'malformed_request'],
    ['text that is JSON inside', { contentType: 'text/plain;application/json' }, 'malformed_request'],
    ['a longer media type', { contentType: 'application/json5' }, 'malformed_request'],
    ['no content type', { contentType: undefined }, 'malformed_request'],
    ['a write without an origin', { origin: undefined }, 'origin_foreign'],
    ['a sandboxed page', { origin: 'null' }, 'origin_foreign'],
    ['another port', { origin: 'http://127.0.0.1:4311' }, 'origin_foreign'],
    ['another scheme', { origin: 'https://127.0.0.1:4310' }, 'origin_foreign'],
    ['ours as a prefix', { origin: `${OWN}.evil.example` }, 'origin_foreign'],
    ['another site', { fetchSite: 'cross-site' }, 'origin_foreign'],
    ['a sister host', { fetchSite: 'same-site' }, 'origin_foreign'],
    ['a read typed into the address bar', { method: 'GET', origin: undefined, contentType: undefined, fetchSite: 'none' }, null],
    ['a read by another page', { method: 'GET', origin: 'https://evil.example', contentType: undefined }, 'origin_foreign'],
    ['a read by an image on another page', { method: 'GET', origin: undefined, contentType: undefined, fetchSite: 'cross-site' }, 'origin_foreign'],
    ['a browser without fetch metadata', { fetchSite: undefined }, null],
  ]
  it.each(PAGES)('%s', (_title, over, code) => {
    expect(fromOwnPage(arrival(over), OWN)?.code ?? null).toBe(code)
  })

  it.each([
    ['127.0.0.1:4310', null],
    ['127.0.0.1:4311', 'origin_foreign'],
    ['127.0.0.1', 'origin_foreign'],
    ['rebound.example:4310', 'origin_foreign'],
    ['localhost:4310', 'origin_foreign'],
    [undefined, 'origin_foreign'],
  ])('the host %s', (host, code) => {
    expect(addressedHere(arrival({ host }), OWN)?.code ?? null).toBe(code)
  })

  it("leaves the scheme's own port out, as browsers do", () => {
    expect(addressedHere(arrival({ host: 'Gate.example' }), 'https://gate.example')).toBeNull()
  })
})
