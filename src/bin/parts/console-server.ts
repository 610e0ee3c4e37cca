import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { clientOf, type Door, refuseWith, trustIn } from '../../api/door.ts'
import type { Desk } from '../../desk/desk.ts'
import { deskRoutes, turnBackUnread } from '../../desk/routes.ts'
import type { SourceCap } from '../../limits/source-cap.ts'
import { refusal } from '../../model/refusal.ts'
import type { Tls } from './tls.ts'

type Parts = {
  readonly tls: Pick<Tls, 'key' | 'cert'> | null
  readonly proxies: readonly string[]
  readonly visitors: SourceCap
  readonly door: Pick<Door, 'publicUrl' | 'deskUrl' | 'clock' | 'failed'>
  readonly desk: Desk
}

/** The console's own server: another origin than the agents', and the same cap on addresses. */
export async function consoleServer({ tls, proxies, visitors, door, desk }: Parts): Promise<FastifyInstance> {
  const app = fastify({
    ...(tls ? { https: { key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' as const } } : {}),
    trustProxy: trustIn(proxies),
    forceCloseConnections: true,
    frameworkErrors: (_error, request: FastifyRequest, reply: FastifyReply) => void unreadable(request, reply),
  }) as unknown as FastifyInstance

  async function knock(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const wait = visitors.knock(clientOf(request), door.clock())
    return wait > 0 ? refuseWith(door, request, reply, refusal('source_capped', 'too many requests from this address', { retryAfterSeconds: wait })) : undefined
  }

  /** An address that cannot be read comes by no hook and no handler, and nobody hears what is thrown over it. */
  async function unreadable(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    try {
      await knock(request, reply)
      if (!reply.sent) await turnBackUnread(desk, request, reply)
    } catch (cause) {
      door.failed(cause, request.id)
      reply.raw.destroy()
    }
  }

  app.addHook('onRequest', knock)
  await deskRoutes(app, desk)
  return app
}
