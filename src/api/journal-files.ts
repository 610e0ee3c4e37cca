import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sha256 } from '../base/digest.ts'
import type { Outcome } from '../base/outcome.ts'
import { type Refusal, refusal, statusOf } from '../model/refusal.ts'
import type { Door } from './door.ts'
import { problemFor } from './problem.ts'

/** Bytes of the published journal with their headers. */
export type JournalFile = { readonly bytes: Uint8Array; readonly mediaType: string; readonly cacheControl: string }

/** What stands at a path of C2SP tlog-tiles; null for every other path, and for what is not published. The path is a stranger's. */
export type ReadJournalFile = (path: string) => Promise<Outcome<JournalFile | null, Refusal>>

/** Before the paths of the published journal. */
const PREFIX = '/journal/'

/** No path of the published journal is spelt otherwise. */
const SPELT = /^\/journal\/[\w./-]{1,200}$/

export type JournalReaders = {
  /** Whether what is published is shown to this request: it bears the token, or the journal is open. */
  readonly mayRead: (request: FastifyRequest) => boolean
  /** Whether it may ask as fast as it likes: a read that bears the token. INVARIANT: never a stranger's, however open the journal. */
  readonly isUnmetered: (request: FastifyRequest) => boolean
}

/** Who reads the published journal: who bears the reader's token (RFC 6750), compared in constant time, and everybody where it is open. */
export function journalReaders({ token, open }: { readonly token: string; readonly open: boolean }): JournalReaders {
  const wanted = sha256(token)
  const bears = ({ headers }: FastifyRequest): boolean => {
    const given = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(headers.authorization ?? '')?.[1]
    return given !== undefined && timingSafeEqual(sha256(given), wanted)
  }
  return {
    mayRead: (request) => open || bears(request),
    isUnmetered: (request) => (request.method === 'GET' || request.method === 'HEAD') && SPELT.test(request.url) && bears(request),
  }
}

/**
 * The published journal, read-only, with the specification's media types: `GET /journal/checkpoint`, `/journal/tile/…`. A path is taken as it was
 * sent, never decoded, and looked up only when it is spelt exactly as a tile's: there is nothing to traverse.
 */
export function journalFiles(app: FastifyInstance, door: Door, { mayRead, read }: Pick<JournalReaders, 'mayRead'> & { readonly read: ReadJournalFile }): void {
  app.get(`${PREFIX}*`, async (request, reply) => {
    if (!mayRead(request)) {
      const said = refusal('reader_unknown', "the request bears no token, or not the reader's")
      const receipt = await door.gate.record({ kind: 'ask.refused', outcome: said.code, correlation: request.id })
      reply.header('www-authenticate', 'Bearer realm="journal"')
      return problem(door, request, reply, receipt.ok ? said : receipt.refusal)
    }
    const file = await read(request.url.slice(PREFIX.length))
    if (!file.ok) return problem(door, request, reply, file.refusal)
    if (file.value === null) return problem(door, request, reply, refusal('not_found', 'the published journal has nothing at this path'))
    const { bytes, mediaType, cacheControl } = file.value
    return reply.header('cache-control', cacheControl).header('content-type', mediaType).send(Buffer.from(bytes))
  })
}

const problem = (door: Door, request: FastifyRequest, reply: FastifyReply, said: Refusal): FastifyReply =>
  reply
    .code(statusOf(said.code))
    .type('application/problem+json')
    .send(problemFor(said, request.id, door.deskUrl))
