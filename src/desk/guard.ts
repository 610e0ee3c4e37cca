import { type Refusal, refusal } from '../model/refusal.ts'

/** What a request says of where it comes from. The attacker: a page of another origin in the same browser, or a name rebound to our address. */
export type Arrival = {
  readonly method: string
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly contentType: string | undefined
  readonly fetchSite: string | undefined
}

/** Whether it was addressed to the console at all: the Host is its own, so a rebound name gets nothing (RFC 9110 §7.2). */
export function addressedHere(arrival: Arrival, own: string): Refusal | null {
  if (arrival.host?.toLowerCase() === new URL(own).host) return null
  return refusal('origin_foreign', 'the request names another host than the console')
}

/**
 * Whether it came from the console's own page. A read may lack an Origin, as browsers send none, but never bears another's;
 * whatever changes something must bear ours and be JSON, which no form of another page can send.
 */
export function fromOwnPage(arrival: Arrival, own: string): Refusal | null {
  const reads = arrival.method === 'GET' || arrival.method === 'HEAD'
  if (arrival.origin === undefined && !reads) return refusal('origin_foreign', 'the request says of no page that it comes from it')
  if (arrival.origin !== undefined && arrival.origin !== own) return refusal('origin_foreign', 'the request comes from another page')
  if (arrival.fetchSite === 'cross-site' || arrival.fetchSite === 'same-site') return refusal('origin_foreign', 'the request comes from another site')
  if (reads || mediaType(arrival.contentType) === 'application/json') return null
  return refusal('malformed_request', 'the body is not application/json')
}

const mediaType = (header: string | undefined): string | undefined => header?.split(';', 1)[0]?.trim().toLowerCase()
