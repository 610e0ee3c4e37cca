import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Hint } from '../contract/console.ts'
import type { Desk, Viewer } from './desk.ts'

const HEARTBEAT_SECONDS = 15
const GATHER_MILLISECONDS = 200
/** A page that does not read for so long that this piles up is let go; it comes back and asks anew. */
const UNREAD_BYTES_MAX = 64 * 1024

export type Streams = { readonly open: (request: FastifyRequest, reply: FastifyReply, viewer: Viewer, cookie: string) => void }

/**
 * Server-sent events (HTML §9.2): which kinds of thing changed, gathered so that a burst is one hint, never what. At each heartbeat
 * the cookie is looked at again, so a stream does not outlive the sign-in. All streams end before the server stops listening.
 */
export function streamsOf(scope: FastifyInstance, desk: Desk): Streams {
  const ends = new Set<() => void>()
  scope.addHook('preClose', async () => {
    for (const end of ends) end()
  })
  return {
    open: (request, reply, viewer, cookie) => {
      reply.hijack()
      const { raw } = reply
      raw.writeHead(200, { ...headersOf(reply), 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
      raw.write('retry: 2000\n\n')
      const gathered = new Set<Hint>()
      let timer: NodeJS.Timeout | undefined
      const flush = () => {
        timer = undefined
        for (const hint of gathered) raw.write(`data: ${hint}\n\n`)
        gathered.clear()
        if (raw.writableLength > UNREAD_BYTES_MAX) raw.destroy()
      }
      const stop = desk.subscribe(viewer, (hint) => {
        gathered.add(hint)
        timer ??= setTimeout(flush, GATHER_MILLISECONDS)
      })
      const heartbeat = setInterval(() => void stillSignedIn(), HEARTBEAT_SECONDS * 1000)
      const stillSignedIn = async () => {
        const found = await desk.whoIs(cookie).catch(() => null)
        if (found?.ok) raw.write(': here\n\n')
        else raw.end()
      }
      const end = () => raw.end()
      ends.add(end)
      raw.on('close', () => {
        stop()
        clearInterval(heartbeat)
        clearTimeout(timer)
        ends.delete(end)
      })
      request.raw.on('error', end)
    },
  }
}

function headersOf(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))
}
