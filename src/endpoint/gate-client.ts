import { Agent, type Dispatcher } from 'undici'
import type { Clock, Random } from '../base/clock.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { makeProof } from '../proof/dpop.ts'
import type { DeviceKey } from './key-store.ts'
import { gateConnector, NotConnected } from './pinned.ts'
import { readRefused, type Setback } from './setback.ts'

export type GateRequest = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string>>
  readonly accessToken?: string
}

/** Asks the gate: the body of its answer, parsed as JSON but not yet looked at, or why there is none. Any number at once. */
export type GateClient = { readonly ask: (request: GateRequest) => Promise<Outcome<unknown, Setback>>; readonly close: () => Promise<void> }

const CONNECT_MS = 5_000
const ANSWER_MS = 30_000
const ANSWER_BYTES_MAX = 32 * 1024 * 1024

type Reply = { readonly status: number; readonly nonce: string | undefined; readonly date: string | undefined; readonly body: unknown }

/** Whether a proof made anew would do: each is tried once. */
type Cure = (reply: Reply) => boolean

/**
 * Every request carries a fresh proof. One that the gate turned back for its nonce, or for a clock that is off, is made again
 * once each: the gate did nothing for it. Nothing else is ever sent twice, since it may have been done.
 */
export function openGateClient(given: {
  readonly gate: string
  readonly pin?: string | undefined
  readonly key: DeviceKey
  readonly clock: Clock
  readonly random: Random
}): GateClient {
  const agent = new Agent({
    connect: gateConnector(given.pin, CONNECT_MS),
    headersTimeout: ANSWER_MS,
    bodyTimeout: ANSWER_MS,
    maxResponseSize: ANSWER_BYTES_MAX,
  })
  let nonce: string | undefined
  let skewMs = 0

  async function send(request: GateRequest): Promise<Outcome<Reply, Setback>> {
    const { method, path, accessToken } = request
    const proof = makeProof({
      key: given.key.privateKey,
      jwk: given.key.publicJwk,
      method,
      url: given.gate + path,
      clock: () => given.clock() + skewMs,
      random: given.random,
      ...(nonce === undefined ? {} : { nonce }),
      ...(accessToken === undefined ? {} : { accessToken }),
    })
    const headers = { accept: 'application/json', dpop: proof, ...(accessToken === undefined ? {} : { authorization: `DPoP ${accessToken}` }) }
    try {
      const reply = await read(await agent.request({ origin: given.gate, path, method, ...withBody(request, headers) }))
      nonce = reply.nonce ?? nonce
      return done(reply)
    } catch (error) {
      return refuse(unreachable(error))
    }
  }

  async function ask(request: GateRequest, cures: readonly Cure[]): Promise<Outcome<unknown, Setback>> {
    const reply = await send(request)
    if (!reply.ok) return reply
    const cure = cures.find((one) => one(reply.value))
    if (cure === undefined) return judge(reply.value)
    if (cure === rightClock) skewMs = Date.parse(reply.value.date ?? '') - given.clock()
    return ask(request, without(cures, cure))
  }

  return { ask: (request) => ask(request, [freshNonce, rightClock]), close: () => agent.destroy() }
}

const without = <T>(all: readonly T[], one: T): readonly T[] => all.filter((each) => each !== one)

function withBody(request: GateRequest, headers: Record<string, string>): Pick<Dispatcher.RequestOptions, 'headers' | 'body' | 'signal'> {
  const signal = AbortSignal.timeout(CONNECT_MS + ANSWER_MS)
  if (request.form !== undefined)
    return { signal, headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(request.form).toString() }
  if (request.json !== undefined) return { signal, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(request.json) }
  return { signal, headers }
}

async function read({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Reply> {
  const one = (name: string) => [headers[name]].flat()[0]
  const text = await body.text()
  return { status: statusCode, nonce: one('dpop-nonce'), date: one('date'), body: parse(text) }
}

function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** RFC 9449 §8, §9: an OAuth error at the authorization server, a problem with our own code elsewhere. */
const freshNonce: Cure = ({ status, nonce, body }) =>
  (status === 400 || status === 401) && nonce !== undefined && (field(body, 'error') === 'use_dpop_nonce' || field(body, 'code') === 'proof_nonce_required')

/** The proof's time is checked against the gate's clock: its Date header tells how far ours is off. */
const rightClock: Cure = ({ status, date, body }) =>
  (status === 400 || status === 401) && field(body, 'code') === 'proof_expired' && Number.isFinite(Date.parse(date ?? ''))

const field = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined

function judge({ status, body }: Reply): Outcome<unknown, Setback> {
  if (status >= 200 && status < 300 && body !== undefined) return done(body)
  const refused = readRefused(status, body)
  if (refused !== null) return refuse({ kind: 'refused', refused })
  return refuse({ kind: 'garbled', detail: `status ${status} without the answer a gate gives` })
}

function unreachable(error: unknown): Setback {
  if (!(error instanceof NotConnected))
    return { kind: 'unreachable', sent: true, detail: `the gate did not answer (${codeOf(error)})`, next: 'look whether it was done before asking again' }
  if (error.wrongCertificate)
    return {
      kind: 'unreachable',
      sent: false,
      detail: 'the gate showed another certificate than the one pinned at enrolment; nothing was sent',
      next: 'tell your security team: someone may be in between, or the gate has a new certificate and the device must be enrolled again',
    }
  const code = codeOf(error.cause)
  if (/CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(code))
    return {
      kind: 'unreachable',
      sent: false,
      detail: `the gate's certificate is not trusted here (${code}); nothing was sent`,
      next: 'enrol with the whole code, with its part after the #, or name your company authority in NODE_EXTRA_CA_CERTS',
    }
  return { kind: 'unreachable', sent: false, detail: `the gate cannot be reached (${code})`, next: 'check the network, then try again' }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? (error instanceof Error ? error.name : 'unknown')
