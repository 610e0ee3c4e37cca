import { fastifyCookie } from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { newId } from '../base/id.ts'
import { EVENTS_PATH } from '../contract/console.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { answerCalls } from './calls.ts'
import type { Desk } from './desk.ts'
import { streamsOf } from './events.ts'
import { type Arrival, addressedHere, fromOwnPage } from './guard.ts'
import { servePages } from './pages.ts'
import { callerOf } from './route.ts'
import { turnBack } from './turn-back.ts'

const BODY_BYTES_MAX = 16 * 1024
const NOWHERE = refusal('no_such_address', 'the console has nothing at this address')

/**
 * The console on a fastify server of its own: pages, `/desk/assets/`, `/desk/api/`, and a refusal everywhere else. Throws the Fault
 * `console_missing` when the page is not built.
 */
export async function deskRoutes(app: FastifyInstance, desk: Desk): Promise<void> {
  await app.register(async (scope) => {
    // Read first: who is signed in where a forged request came from is worth knowing.
    if (!scope.hasRequestDecorator('cookies')) await scope.register(fastifyCookie)
    scope.addHook('onRequest', async (request, reply) => {
      reply.headers(HEADERS)
      const refused = misdirected(request, desk.origin())
      return refused === null ? undefined : turnBack(desk, request, reply, refused)
    })
    scope.setErrorHandler((error: { readonly statusCode?: number }, request, reply) => {
      const correlation = newId('cor', desk.random)
      if (error.statusCode === 413) return turnBack(desk, request, reply, refusal('payload_too_large', `more than ${BODY_BYTES_MAX} bytes`), correlation)
      if (error.statusCode !== undefined && error.statusCode < 500)
        return turnBack(desk, request, reply, refusal('malformed_request', 'the body is not JSON'), correlation)
      request.log.error({ err: error, correlation }, 'a call of the console failed')
      return turnBack(desk, request, reply, refusal('house_failed', 'something went wrong here, not with you'), correlation)
    })
    scope.setNotFoundHandler((request, reply) => turnBack(desk, request, reply, NOWHERE))
    await scope.register(async (pages) => servePages(pages, desk))
    await scope.register(async (api) => serveApi(api, desk), { bodyLimit: BODY_BYTES_MAX })
  })
}

/** The same for an address that cannot be read, which comes by none of the hooks above; not even its cookies were looked at. */
export function turnBackUnread(desk: Desk, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  request.cookies = fastifyCookie.parse(request.headers.cookie ?? '')
  return turnBack(desk, request, reply.headers(HEADERS), misdirected(request, desk.origin()) ?? NOWHERE)
}

function misdirected(request: FastifyRequest, own: string): Refusal | null {
  const arrival = arrivalOf(request)
  return addressedHere(arrival, own) ?? (request.url.startsWith('/desk/api/') ? fromOwnPage(arrival, own) : null)
}

async function serveApi(api: FastifyInstance, desk: Desk): Promise<void> {
  api.addHook('onRoute', (route) => {
    route.bodyLimit = BODY_BYTES_MAX
  })
  answerCalls(api, desk)
  const streams = streamsOf(api, desk)
  api.get(EVENTS_PATH, async (request, reply) => {
    const caller = await callerOf(request, desk, 'person')
    if (!caller.ok) return turnBack(desk, request, reply, caller.refusal)
    return streams.open(request, reply, caller.value.viewer, caller.value.cookie)
  })
}

/** On everything of ours. Nothing is kept by caches, framed, sniffed, or told to other sites: addresses here carry codes. */
const HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

const arrivalOf = (request: FastifyRequest): Arrival => ({
  method: request.method,
  host: request.headers.host,
  origin: request.headers.origin,
  contentType: request.headers['content-type'],
  fetchSite: headerOf(request, 'sec-fetch-site'),
})

const headerOf = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}
