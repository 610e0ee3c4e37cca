import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import type { PublicJwk } from '../../src/base/es256.ts'
import { makeKey } from '../../src/endpoint/key-store.ts'
import { makeProof } from '../../src/proof/dpop.ts'

export type Heard = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The body as JSON, or an empty object. */
  readonly body: Readonly<Record<string, unknown>>
}

export type Said = {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The address of this machine to come from. */
  readonly from?: string
}

/** One request just as written: any Host, any body, from any loopback address. `fetch` would mend some of it. */
export function say(origin: string, { method = 'POST', path, headers = {}, body, from }: Said): Promise<Heard> {
  const { hostname, port } = new URL(origin)
  return new Promise((heard, failed) => {
    const outgoing = httpRequest({ hostname, port, method, path, headers, agent: false, ...(from === undefined ? {} : { localAddress: from }) }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString()
        heard({ status: answer.statusCode ?? 0, headers: answer.headers, text, body: jsonOf(text) })
      })
      answer.on('error', failed)
    })
    outgoing.on('error', failed)
    outgoing.end(body)
  })
}

function jsonOf(text: string): Heard['body'] {
  try {
    return JSON.parse(text) as Heard['body']
  } catch {
    return {}
  }
}

/** A key of its own that nobody enrolled, and proofs by it. */
export function strangerAt(gateUrl: string): {
  readonly jkt: string
  readonly jwk: PublicJwk
  readonly dpop: (method: string, path: string, nonce?: string) => Promise<string>
} {
  const key = makeKey()
  return {
    jkt: key.jkt,
    jwk: key.publicJwk,
    dpop: async (method, path, nonce) =>
      makeProof({
        key: key.privateKey,
        jwk: key.publicJwk,
        method,
        url: `${gateUrl}${path}`,
        nonce: nonce ?? (await nonceOf(gateUrl)),
        clock: Date.now,
        random: randomBytes,
      }),
  }
}

/** What the gate hands everybody. */
const nonceOf = async (gateUrl: string): Promise<string> => String((await say(gateUrl, { method: 'GET', path: '/healthz' })).headers['dpop-nonce'])
