import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { SourceCap } from '../limits/source-cap.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import type { Door } from './door.ts'
import { clientOf, refuseWith, trustIn } from './door.ts'
import { mcpRoutes } from './mcp.ts'
import { restRoutes } from './rest.ts'
import { isCallers, refusalOf, type Thrown } from './thrown.ts'

export type AgentApp = {
  readonly door: Door
  readonly sources: SourceCap
  /** Host names agents may reach us by: another is a web page that had its own name point here (DNS rebinding). */
  readonly hosts: readonly string[]
  /** Addresses and networks of proxies that are believed about where a request comes from; nobody is when left out. */
  readonly proxies?: readonly string[]
  /** Which requests of good form are not counted: reads of the published journal with its token. None when left out. */
  readonly isUnmetered?: (request: FastifyRequest) => boolean
  readonly tls: { readonly key: string; readonly cert: string } | null
  /** Adds OAuth, enrolment and metadata. */
  readonly also: (app: FastifyInstance) => Promise<void> | void
}

/** No ask needs more; a larger body is refused unread. */
const BODY_BYTES_MAX = 256 * 1024
const NOWHERE = refusal('no_such_address', 'there is nothing at this address')

/** The agents' front door: everything an agent or its connector may reach. What is wrong with a request's form is turned back here. */
export async function agentApp({ door, sources, hosts, proxies = [], isUnmetered = () => false, tls, also }: AgentApp): Promise<FastifyInstance> {
  const app = fastify({
    ...(tls ? { https: { key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' as const } } : {}),
    bodyLimit: BODY_BYTES_MAX,
    trustProxy: trustIn(proxies),
    genReqId: () => door.gate.newId('req'),
    requestIdHeader: false,
    routerOptions: { ignoreTrailingSlash: false },
    forceCloseConnections: 'idle',
    requestTimeout: 30_000,
    return503OnClosing: true,
    frameworkErrors: (_error, request: FastifyRequest, reply: FastifyReply) => void unreadable(request, reply),
  }) as unknown as FastifyInstance

  /** Counted and looked at; answered, when it comes no further. */
  async function arrive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const form = formOf(request.headers.host, request.headers.origin, hosts)
    // INVARIANT: what is journalled one by one was counted before.
    const wait = form.ok && isUnmetered(request) ? 0 : sources.knock(clientOf(request), door.clock())
    // Counted, not journalled one by one: see limits/source-cap.ts.
    if (wait > 0) return refuseWith(door, request, reply, refusal('source_capped', 'too many requests from this address', { retryAfterSeconds: wait }))
    if (!form.ok) return turnAway(request, reply, form.refusal)
    reply
      .header('dpop-nonce', door.freshNonce())
      .header('cache-control', 'no-store')
      .header('x-content-type-options', 'nosniff')
      .header('x-correlation-id', request.id)
    return undefined
  }

  async function turnAway(request: FastifyRequest, reply: FastifyReply, said: Refusal): Promise<FastifyReply> {
    const receipt = await door.gate.record({ kind: 'ask.refused', outcome: said.code, correlation: request.id })
    return refuseWith(door, request, reply, receipt.ok ? said : receipt.refusal)
  }

  /** An address that cannot be read comes by no hook and no handler, and nobody hears what is thrown over it. */
  async function unreadable(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    try {
      await arrive(request, reply)
      if (!reply.sent) await turnAway(request, reply, NOWHERE)
    } catch (cause) {
      door.failed(cause, request.id)
      reply.raw.destroy()
    }
  }

  app.addHook('onRequest', arrive)
  app.setErrorHandler(async (error: Thrown, request, reply) => {
    if (!isCallers(error)) door.failed(error, request.id)
    return turnAway(request, reply, refusalOf(error, BODY_BYTES_MAX))
  })
  app.setNotFoundHandler((request, reply) => turnAway(request, reply, NOWHERE))
  app.get('/healthz', async () => ({ ok: true }))
  restRoutes(app, door)
  mcpRoutes(app, door)
  await also(app)
  return app
}

function formOf(host: string | undefined, origin: string | undefined, hosts: readonly string[]): Outcome<true, Refusal> {
  if (host === undefined || !hosts.includes(nameOf(host))) return refuse(refusal('malformed_request', 'this is not a name this gate answers to'))
  if (origin === undefined) return done(true)
  const from = URL.canParse(origin) ? nameOf(new URL(origin).host) : ''
  return hosts.includes(from) ? done(true) : refuse(refusal('malformed_request', 'web pages of other origins may not ask here'))
}

/** The name in a Host header: without its port, and an IPv6 address without its brackets. */
const nameOf = (host: string): string =>
  host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
