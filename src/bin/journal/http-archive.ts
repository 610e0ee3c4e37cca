import { setTimeout as wait } from 'node:timers/promises'
import { Agent, fetch, type RequestInit, type Response } from 'undici'
import type { TileArchive } from '../../journal/source-tiles.ts'
import { OBJECT_BYTES_MAX } from '../../log/tile.ts'
import { Fault } from '../../model/fault.ts'

const ASK_MS = 30_000
const TRIES = 4
const CONNECTIONS = 8
/** However long a server says to wait. */
const PAUSE_MS_MAX = 30_000
/** Waits of which nothing came: not one answer. */
const PAUSES_MAX = 10

/** Where a log is served, and what it wants of its readers. `ca`: certificates (PEM) to believe beside the system's; null for the system's alone. */
export type HttpPlace = { readonly url: string; readonly token: string | null; readonly ca: string | null }

/** `sleep`, in milliseconds, until `signal` breaks it off: otherwise the machine's. */
type Parts = HttpPlace & { readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown> }

/**
 * A log behind HTTP (C2SP tlog-tiles), as one who reads it: objects below `url`. Tries again what may pass; follows no redirect, for the token is this host's.
 * Told that it asks too often (429), all of it waits as long as it was told, 30 s at most, and goes on for as long as something comes between the waits.
 * Faults `gate_unreachable`, `gate_refused` (the token), `config_invalid` (the address).
 */
export function httpArchive({ url, token, ca, sleep = sleepWell }: Parts): TileArchive & { readonly close: () => Promise<void> } {
  const base = baseOf(url)
  const dispatcher = new Agent({ connections: CONNECTIONS, ...(ca === null ? {} : { connect: { ca } }) })
  const asking: RequestInit = { dispatcher, redirect: 'manual', headers: token === null ? {} : { authorization: `Bearer ${token}` } }
  const closing = new AbortController()
  let pause: Promise<unknown> | null = null
  let pauses = 0

  async function ask(path: string): Promise<Uint8Array | null> {
    const target = new URL(path, base)
    for (let tries = 1; ; ) {
      await pause
      const answer = await attempt(target)
      if ('bytes' in answer) {
        pauses = 0
        return answer.bytes
      }
      if ('retryAfter' in answer) await holdOff(answer.retryAfter, target)
      else if (tries === TRIES)
        throw new Fault('gate_unreachable', `\`${target.href}\` ${answer.trouble}`, 'look whether the log is served there, then try again')
      else await sleep(2 ** tries++ * 200, closing.signal)
    }
  }

  /** One wait for all that are told to within it: the cap is on the address, not on what it asks for. */
  async function holdOff(retryAfter: string | null, target: URL): Promise<void> {
    if (pause) return
    if (pauses === PAUSES_MAX) throw capped(target)
    pauses += 1
    pause = sleep(pauseMs(retryAfter, pauses), closing.signal).finally(() => (pause = null))
    await pause
  }

  async function attempt(target: URL): Promise<Answer> {
    try {
      const response = await fetch(target, { ...asking, signal: AbortSignal.timeout(ASK_MS) })
      if (response.status === 200) return { bytes: await bytesOf(response, target) }
      await response.body?.cancel()
      if (response.status === 404 || response.status === 410) return { bytes: null }
      if (response.status === 429) return { retryAfter: response.headers.get('retry-after') }
      if (response.status >= 500) return { trouble: `answers ${response.status}` }
      throw refused(response.status, target)
    } catch (cause) {
      if (cause instanceof Fault) throw cause
      return { trouble: `cannot be reached (${reasonOf(cause)})` }
    }
  }

  async function close(): Promise<void> {
    closing.abort()
    await dispatcher.close()
  }

  return { name: `the log at \`${base.href}\``, get: ask, list: null, close }
}

/** What stands there, null for nothing; how long to wait, as the server spells it; or trouble that may pass when asked again. */
type Answer = { readonly bytes: Uint8Array | null } | { readonly retryAfter: string | null } | { readonly trouble: string }

const sleepWell = (ms: number, signal: AbortSignal): Promise<void> => wait(ms, undefined, { signal })

/** Seconds (RFC 9110 §10.2.3); where none are named, as for a date, longer with each wait. */
function pauseMs(retryAfter: string | null, pauses: number): number {
  const told = /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : 0
  return Math.min(PAUSE_MS_MAX, told > 0 ? told : 2 ** pauses * 200)
}

const capped = ({ href }: URL): Fault =>
  new Fault(
    'gate_unreachable',
    `\`${href}\` answers 429: too many requests from this address, and nothing came after ${PAUSES_MAX} waits`,
    "try again later, or name the file of the reader's token with --token-file: who bears it may ask as fast as they like",
  )

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
