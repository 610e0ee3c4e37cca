import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import type { ProvenSession } from './session.ts'

/**
 * Adds what the conformance suite cannot: the session's token and a fresh proof to each request. Everything else passes as it
 * is, Host and Origin too, so that the gate judges them itself. It answers `use_dpop_nonce` by asking once more.
 */
export async function startDpopProxy(session: ProvenSession, gateUrl: string): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const gate = new URL(gateUrl)

  const forward = (incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { ...incoming.headers, ...session.headers(incoming.method ?? 'GET', incoming.url ?? '/') }
      const outgoing = httpRequest({ host: gate.hostname, port: gate.port, method: incoming.method, path: incoming.url, headers }, resolve)
      outgoing.on('error', reject)
      outgoing.end(body)
    })

  const server: Server = createServer((incoming, answer) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(chunk as Buffer)
      const body = Buffer.concat(chunks)
      let reply = await forward(incoming, body)
      hear(session, reply)
      if (reply.statusCode === 401 && String(reply.headers['www-authenticate']).includes('use_dpop_nonce')) {
        reply.resume()
        reply = await forward(incoming, body)
        hear(session, reply)
      }
      answer.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(answer)
      answer.on('close', () => reply.destroy())
    })().catch(() => answer.destroy())
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections()
        server.close(() => closed())
      }),
  }
}

const hear = (session: ProvenSession, reply: IncomingMessage): void =>
  session.heard(new Response(null, { headers: { 'dpop-nonce': String(reply.headers['dpop-nonce'] ?? '') } }))
