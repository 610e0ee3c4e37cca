import { setTimeout as wait } from 'node:timers/promises'
import { Agent, fetch, type RequestInit, type Response } from 'undici'
import type { TileArchive } from '../../journal/source-tiles.ts'
import { OBJECT_BYTES_MAX } from '../../log/tile.ts'
import { Fault } from '../../model/fault.ts'

const ASK_MS = 30_000
const TRIES = 4
const CONNECTIONS = 8

/** Where a log is served, and what it wants of its readers. `ca`: certificates (PEM) to believe beside the system's; null for the system's alone. */
export type HttpPlace = { readonly url: string; readonly token: string | null; readonly ca: string | null }

/**
 * A log behind HTTP (C2SP tlog-tiles), as one who reads it: objects below `url`. Tries again what may pass; follows no redirect, for the token is this host's.
 * Faults `gate_unreachable`, `gate_refused` (the token), `config_invalid` (the address).
 */
export function httpArchive({ url, token, ca }: HttpPlace): TileArchive & { readonly close: () => Promise<void> } {
  const base = baseOf(url)
  const dispatcher = new Agent({ connections: CONNECTIONS, ...(ca === null ? {} : { connect: { ca } }) })
  const asking: RequestInit = { dispatcher, redirect: 'manual', headers: token === null ? {} : { authorization: `Bearer ${token}` } }

  async function ask(path: string): Promise<Uint8Array | null> {
    const target = new URL(path, base)
    for (let tries = 1; ; tries++) {
      const answer = await attempt(target)
      if ('bytes' in answer) return answer.bytes
      if (tries === TRIES) throw new Fault('gate_unreachable', `\`${target.href}\` ${answer.trouble}`, 'look whether the log is served there, then try again')
      await wait(2 ** tries * 200)
    }
  }

  async function attempt(target: URL): Promise<Answer> {
    try {
      const response = await fetch(target, { ...asking, signal: AbortSignal.timeout(ASK_MS) })
      if (response.status === 200) return { bytes: await bytesOf(response, target) }
      await response.body?.cancel()
      if (response.status === 404 || response.status === 410) return { bytes: null }
      if (response.status === 429 || response.status >= 500) return { trouble: `answers ${response.status}` }
      throw refused(response.status, target)
    } catch (cause) {
      if (cause instanceof Fault) throw cause
      return { trouble: `cannot be reached (${reasonOf(cause)})` }
    }
  }

  return { name: `the log at \`${base.href}\``, get: ask, list: null, close: () => dispatcher.close() }
}

/** What stands there, null for nothing; or trouble that may pass when asked again. */
type Answer = { readonly bytes: Uint8Array | null } | { readonly trouble: string }

async function bytesOf({ body }: Response, target: URL): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body ?? []) {
    length += (part as Uint8Array).length
    if (length > OBJECT_BYTES_MAX) throw new Fault('gate_refused', `\`${target.href}\` is longer than anything of a log`, 'look what is served there')
    parts.push(part as Uint8Array)
  }
  return Buffer.concat(parts)
}

function refused(status: number, { href }: URL): Fault {
  if (status === 401 || status === 403)
    return new Fault('gate_refused', `\`${href}\` may not be read (${status})`, "name the file of the reader's token with --token-file")
  return new Fault('gate_refused', `\`${href}\` answers ${status}`, 'name the address below which `checkpoint` and `tile/` are served, without a redirect')
}

function baseOf(url: string): URL {
  const base = URL.parse(url.endsWith('/') ? url : `${url}/`)
  if (base && ['https:', 'http:'].includes(base.protocol) && base.username === '' && base.password === '') return base
  throw new Fault('config_invalid', '--url is no address of a log', 'name an https address without user and password')
}

const reasonOf = (cause: unknown): string => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error ? ('code' in inner ? String(inner.code) : inner.message) : 'no answer'
}
