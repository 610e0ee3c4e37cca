import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { toBase64 } from '../base/bytes.ts'
import { PAGES } from '../contract/console.ts'
import { Fault } from '../model/fault.ts'
import type { Desk } from './desk.ts'

/** In the built page where the nonce goes; `src/console/index.html` has it once. */
const NONCE_MARK = '__STYLE_NONCE__'

/** The console's one HTML file at each of its paths, and its scripts and styles. Throws the Fault `console_missing` when it is not built. */
export async function servePages(scope: FastifyInstance, desk: Pick<Desk, 'folder' | 'random'>): Promise<void> {
  const page = await readFile(join(desk.folder, 'index.html'), 'utf8').catch((cause: unknown) => {
    throw new Fault('console_missing', 'the console is not built', 'run `npm run build`', { cause })
  })
  const parts = page.split(NONCE_MARK)
  if (parts.length !== 2) throw new Fault('console_missing', 'the built console has no place for the style nonce', 'run `npm run build`')
  for (const path of PAGES) {
    scope.get(path, async (_request, reply) => {
      const nonce = toBase64(desk.random(16))
      return reply.header('content-security-policy', policyOf(nonce)).type('text/html; charset=utf-8').send(parts.join(nonce))
    })
  }
  await scope.register(fastifyStatic, {
    root: join(desk.folder, 'desk/assets'),
    prefix: '/desk/assets/',
    decorateReply: false,
    index: false,
    cacheControl: false,
    // Every file's name carries the digest of its content.
    setHeaders: (reply) => void reply.header('cache-control', 'public, max-age=31536000, immutable'),
  })
}

/** CSP 3: our own files and nothing inline, but for the style elements the component library makes, which bear the nonce. No form goes anywhere by itself. */
const policyOf = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
