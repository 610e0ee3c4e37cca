import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { VerifierKey } from '../../log/note-key.ts'
import { originHash } from './memory.ts'
import type { Witness } from './witness.ts'

/** 63 hashes, and a note of 64 signatures with long names. */
const BODY_BYTES_MAX = 64 * 1024
const REQUEST_MS = 10_000
const CONNECTIONS_MAX = 256

export type WitnessServer = {
  readonly witness: Witness
  readonly logs: readonly VerifierKey[]
  /** Before every path, without a slash at its end; empty for none. */
  readonly prefix: string
  /** Hears what our own code or disk threw: whoever asked learns only that nothing was cosigned. */
  readonly failed: (cause: unknown) => void
}

/** `POST <prefix>/add-checkpoint`, and `GET <prefix>/<SHA-256 of the origin>/checkpoint` for whoever monitors the log. Nothing else is here. */
export function witnessServer(parts: WitnessServer): Server {
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    answer(parts, request, response).catch((cause: unknown) => {
      parts.failed(cause)
      if (!response.headersSent) say(response, 500, 'nothing was cosigned')
      else response.destroy()
    })
  })
  server.maxConnections = CONNECTIONS_MAX
  return server
}

async function answer({ witness, logs, prefix }: WitnessServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0] ?? ''
  if (path === `${prefix}/add-checkpoint`) {
    if (request.method !== 'POST') return say(response, 405, 'checkpoints are added by POST', { allow: 'POST' })
    const body = await bodyOf(request)
    if (body === null) return say(response, 413, `more than ${BODY_BYTES_MAX} bytes`, { connection: 'close' })
    const said = await witness.addCheckpoint(body)
    return say(response, said.status, said.body, { 'content-type': said.mediaType })
  }
  const log = logs.find(({ name }) => path === `${prefix}/${originHash(name)}/checkpoint`)
  const note = log === undefined ? null : await witness.latest(log.name)
  if (note === null) return say(response, 404, 'there is nothing here')
  return say(response, 200, note, { 'cache-control': 'no-cache' })
}

function say(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  const body = text.endsWith('\n') ? text : `${text}\n`
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(body), ...headers }).end(body)
}

/** All bytes, or null when they are too many. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > BODY_BYTES_MAX) return null
    parts.push(part)
  }
  return Buffer.concat(parts)
}
