import { isIP } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../base/clock.ts'
import type { Outcome } from '../base/outcome.ts'
import type { Gate, Knock } from '../gate/gate.ts'
import type { Offer } from '../gate/offer.ts'
import type { Authenticate, Caller } from '../identity/authenticate.ts'
import type { Credential, Possession } from '../identity/possess.ts'
import type { Refusal } from '../model/refusal.ts'
import { statusOf } from '../model/refusal.ts'
import { wwwAuthenticate } from './metadata.ts'
import { problemFor } from './problem.ts'

/** What the agents' doors need of the house. */
export type Door = {
  readonly gate: Gate
  readonly offer: Offer
  readonly authenticate: Authenticate
  /** Proof of an enrolled device's key, for the offer before a session. */
  readonly possess: (credential: Credential) => Outcome<Possession, Refusal>
  readonly isEnrolled: (jkt: string) => Promise<Outcome<boolean, Refusal>>
  readonly freshNonce: () => string
  /** Where agents reach us, without a trailing slash: what proofs are made for. */
  readonly publicUrl: string
  readonly deskUrl: string
  readonly clock: Clock
  /** Hears what our own code threw over a request: the caller learns only the correlation id. */
  readonly failed: (cause: unknown, correlation: string) => void
}

/** What a request shows of itself. The URL is ours and the path's: never the Host header's. */
export const credentialOf = (door: Pick<Door, 'publicUrl'>, request: FastifyRequest): Credential => ({
  authorization: request.headers.authorization,
  dpop: request.headers['dpop'],
  method: request.method,
  url: `${door.publicUrl}${request.url.split('?', 1)[0] ?? ''}`,
})

/**
 * Whose word on a request's client is taken (`X-Forwarded-For`), as fastify wants it: these proxies', or nobody's. The client is then the last
 * address in the header that is none of theirs; what stands before it the client wrote itself.
 */
export const trustIn = (proxies: readonly string[]): false | string[] => (proxies.length === 0 ? false : [...proxies])

/** Whom a request is counted to before anyone has authenticated. A proxy that tells something other than an address is counted itself. */
export const clientOf = ({ ip, socket }: FastifyRequest): string => (isIP(ip) === 0 ? (socket.remoteAddress ?? ip) : ip)

/** One request as the gate takes it. Its proof is checked once: a second check would find it replayed. */
export function knockOf(door: Pick<Door, 'publicUrl' | 'authenticate'>, request: FastifyRequest, operation: string, input: unknown): Knock {
  let asked: Promise<Outcome<Caller, Refusal>> | undefined
  return { operation, input, correlation: request.id, authenticate: () => (asked ??= door.authenticate(credentialOf(door, request))) }
}

/** Answers with a problem (RFC 9457), the authentication challenge with it where it is a 401. */
export function refuseWith(door: Pick<Door, 'publicUrl' | 'deskUrl'>, request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const status = statusOf(refusal.code)
  if (status === 401) reply.header('www-authenticate', wwwAuthenticate(refusal, door.publicUrl, request.url.split('?', 1)[0] === '/mcp' ? '/mcp' : ''))
  if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', String(refusal.retryAfterSeconds))
  return reply
    .code(status)
    .type('application/problem+json')
    .send(problemFor(refusal, request.id, door.deskUrl))
}
