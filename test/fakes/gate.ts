import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { z } from 'zod'
import { DEVICE_CODE_GRANT, DeclaredPosture, EnrolRequest, type Problem, SessionRequest, TokenRequest } from '../../src/contract/connector.ts'
import type { Operation } from '../../src/endpoint/tool.ts'
import { nextStepOf, type RefusalCode, statusOf, titleOf } from '../../src/model/refusal.ts'
import { accessTokenHash, checkProof, type Proof } from '../../src/proof/dpop.ts'

type Device = { readonly id: string; readonly jkt: string; readonly name: string; revoked: boolean }
type Session = {
  readonly id: string
  readonly device: Device
  readonly agent: { readonly name: string; readonly version: string }
  readonly posture: z.infer<typeof DeclaredPosture>
  readonly deviceCode: string
  readonly userCode: string
  /** Milliseconds since the epoch; null until a person has decided. */
  endsAt: number | null
  denied: boolean
  revoked: string | null
  refreshToken: string
  polledAt: number
  renewals: number
}
type Token = { readonly session: Session; readonly endsAt: number }
type Reply = { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }

export type FakeGateOptions = {
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Any free one when left out. */
  readonly port?: number
  readonly intervalSeconds?: number
  readonly accessSeconds?: number
  readonly sessionSeconds?: number
  /** How far the gate's clock is ahead of this machine's. */
  readonly aheadMs?: number
  /** Each nonce is good for this many proofs, then the next is wanted. */
  readonly nonceUses?: number
}

/** A gate small enough to read: the connector's whole contract, with every proof truly verified. What a test turns is in its members. */
export type FakeGate = {
  readonly url: string
  readonly codes: Set<string>
  readonly devices: Device[]
  readonly sessions: Session[]
  /** `METHOD path status` of everything that came in, in order. */
  readonly seen: string[]
  operations: readonly Operation[]
  /** What an operation answers; a problem's code refuses. */
  answers: Record<string, (input: Record<string, unknown>) => unknown>
  readonly grant: () => void
  readonly deny: () => void
  readonly revoke: (why: string) => void
  readonly close: () => Promise<void>
}

export class Refuse extends Error {
  readonly code: RefusalCode
  readonly more: Partial<z.infer<typeof Problem>>
  constructor(code: RefusalCode, detail: string, more: Partial<z.infer<typeof Problem>> = {}) {
    super(detail)
    this.code = code
    this.more = more
  }
}

type Inside = FakeGate & {
  readonly options: Required<Omit<FakeGateOptions, 'tls' | 'port'>>
  readonly tokens: Map<string, Token>
  readonly used: Set<string>
  nonce: { readonly text: string; uses: number }
  readonly now: () => number
}

const secret = (): string => randomBytes(16).toString('base64url')

export async function startFakeGate({ tls, port = 0, ...given }: FakeGateOptions = {}): Promise<FakeGate> {
  const options = { intervalSeconds: 0.2, accessSeconds: 300, sessionSeconds: 3600, aheadMs: 0, nonceUses: 50, ...given }
  const handle = (request: IncomingMessage, response: ServerResponse) => void serve(gate, request, response)
  const server: Server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle)
  await new Promise<void>((ready) => server.listen(port, '127.0.0.1', ready))
  const waiting = () => gate.sessions.filter((session) => session.endsAt === null && !session.denied)
  const gate: Inside = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    options,
    codes: new Set(),
    devices: [],
    sessions: [],
    seen: [],
    operations: [],
    answers: {},
    tokens: new Map(),
    used: new Set(),
    nonce: { text: secret(), uses: 0 },
    now: () => Date.now() + options.aheadMs,
    grant: () => waiting().forEach((session) => (session.endsAt = gate.now() + options.sessionSeconds * 1000)),
    deny: () => waiting().forEach((session) => (session.denied = true)),
    revoke: (why) => gate.sessions.forEach((session) => (session.revoked = why)),
    close: () => new Promise<void>((closed) => (server.closeAllConnections(), server.close(() => closed()))),
  }
  return gate
}

async function serve(gate: Inside, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', gate.url).pathname
  const isOAuth = path.startsWith('/oauth/')
  const reply = await answer(gate, request, path).catch((error: unknown) => refusal(error, isOAuth))
  gate.seen.push(`${request.method} ${path} ${reply.status}`)
  response.writeHead(reply.status, {
    'content-type': reply.status < 400 || isOAuth ? 'application/json' : 'application/problem+json',
    'dpop-nonce': gate.nonce.text,
    date: new Date(gate.now()).toUTCString(),
    ...reply.headers,
  })
  response.end(JSON.stringify(reply.body))
}

async function answer(gate: Inside, request: IncomingMessage, path: string): Promise<Reply> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  const [, token] = /^DPoP (\S+)$/.exec(request.headers.authorization ?? '') ?? []
  const proof = await prove(gate, request, path, token)
  const form = Object.fromEntries(new URLSearchParams(text))
  switch (`${request.method} ${path}`) {
    case 'POST /enrol':
      return enrol(gate, proof, JSON.parse(text))
    case 'POST /oauth/device_authorization':
      return begin(gate, deviceOf(gate, proof), form)
    case 'POST /oauth/token':
      return issue(gate, deviceOf(gate, proof), form)
    case 'GET /v1/operations':
      deviceOf(gate, proof)
      if (token !== undefined) sessionOf(gate, proof, token)
      return { status: 200, body: { operations: gate.operations } }
    default:
      return operate(gate, path, text, sessionOf(gate, proof, token ?? ''))
  }
}

async function prove(gate: Inside, request: IncomingMessage, path: string, token: string | undefined): Promise<Proof> {
  const checked = checkProof(String(request.headers['dpop'] ?? ''), {
    method: request.method ?? '',
    url: gate.url + path,
    ath: token === undefined ? null : accessTokenHash(token),
    nonceIsFresh: (nonce) => nonce === gate.nonce.text,
    now: gate.now(),
  })
  if (!checked.ok) throw new Refuse(checked.refusal.code, checked.refusal.detail)
  if (gate.used.has(checked.value.jti)) throw new Refuse('proof_replayed', 'the proof was used before')
  gate.used.add(checked.value.jti)
  gate.nonce.uses += 1
  if (gate.nonce.uses >= gate.options.nonceUses) gate.nonce = { text: secret(), uses: 0 }
  return checked.value
}

function enrol(gate: Inside, proof: Proof, body: unknown): Reply {
  const { code, jwk, name } = EnrolRequest.parse(body)
  if (jwk.x !== proof.jwk.x || jwk.y !== proof.jwk.y) throw new Refuse('proof_invalid', 'the proof is by another key')
  if (!gate.codes.delete(code)) throw new Refuse('code_unknown', 'the code is unknown, used or too old')
  const device = { id: `dev-${gate.devices.length + 1}`, jkt: proof.jkt, name, revoked: false }
  gate.devices.push(device)
  return { status: 201, body: { device: device.id, person: 'amara', gate: gate.url } }
}

function deviceOf(gate: Inside, proof: Proof): Device {
  const device = gate.devices.find((one) => one.jkt === proof.jkt)
  if (device === undefined) throw new Refuse('device_unknown', 'no device has this key')
  if (device.revoked) throw new Refuse('device_revoked', 'the device was revoked')
  return device
}

function begin(gate: Inside, device: Device, form: unknown): Reply {
  const asked = SessionRequest.parse(form)
  const posture = DeclaredPosture.parse(JSON.parse(asked.posture))
  const [deviceCode, userCode] = [secret(), `CODE-${gate.sessions.length + 1}`]
  const agent = { name: asked.agent_name, version: asked.agent_version }
  const fresh = { endsAt: null, denied: false, revoked: null, refreshToken: secret(), polledAt: 0, renewals: 0 }
  gate.sessions.push({ id: `ses-${gate.sessions.length + 1}`, device, agent, posture, deviceCode, userCode, ...fresh })
  const link = `${gate.url}/sign-in`
  const links = { verification_uri: link, verification_uri_complete: `${link}?code=${userCode}` }
  return { status: 200, body: { device_code: deviceCode, user_code: userCode, ...links, expires_in: 600, interval: gate.options.intervalSeconds } }
}

function issue(gate: Inside, device: Device, form: unknown): Reply {
  const asked = TokenRequest.parse(form)
  const ofDevice = gate.sessions.filter((one) => one.device === device)
  if (asked.grant_type !== DEVICE_CODE_GRANT) {
    const session = ofDevice.find((one) => one.refreshToken === asked.refresh_token)
    if (session === undefined) throw new Refuse('token_unknown', 'no session has this token')
    session.renewals += 1
    return opened(gate, session)
  }
  const session = ofDevice.find((one) => one.deviceCode === asked.device_code)
  if (session === undefined) throw new Refuse('code_unknown', 'no request has this code')
  const early = gate.now() - session.polledAt < gate.options.intervalSeconds * 1000 - 50
  session.polledAt = gate.now()
  if (early) throw new Refuse('slow_down', 'asked too soon')
  if (session.denied) throw new Refuse('access_denied', 'amara said no')
  if (session.endsAt === null) throw new Refuse('authorization_pending', 'the person has not decided')
  return opened(gate, session)
}

function opened(gate: Inside, session: Session): Reply {
  const endsAt = alive(gate, session)
  const [token, seconds] = [secret(), Math.min(gate.options.accessSeconds, Math.floor((endsAt - gate.now()) / 1000))]
  gate.tokens.set(token, { session, endsAt: gate.now() + seconds * 1000 })
  const about = { session: session.id, session_expires_in: Math.floor((endsAt - gate.now()) / 1000), use_case: 'inquiries', person: 'amara' }
  return { status: 200, body: { access_token: token, token_type: 'DPoP', expires_in: seconds, refresh_token: session.refreshToken, ...about } }
}

function alive(gate: Inside, session: Session): number {
  if (session.revoked !== null) throw new Refuse('session_revoked', session.revoked)
  if (session.endsAt === null || session.endsAt <= gate.now()) throw new Refuse('session_ended', 'the session has ended')
  return session.endsAt
}

function sessionOf(gate: Inside, proof: Proof, text: string): Session {
  const token = gate.tokens.get(text)
  if (token === undefined) throw new Refuse('token_unknown', 'the token is unknown')
  if (token.session.device.jkt !== proof.jkt) throw new Refuse('token_foreign', 'the token is for another key')
  alive(gate, token.session)
  if (token.endsAt <= gate.now()) throw new Refuse('token_expired', 'the token has expired')
  return token.session
}

function operate(gate: Inside, path: string, text: string, session: Session): Reply {
  const name = decodeURIComponent(path.replace('/v1/operations/', ''))
  const work = gate.answers[name]
  if (work === undefined) throw new Refuse('unknown_operation', `\`${name}\` is not offered`)
  const rows = work(JSON.parse(text))
  return { status: 200, body: { rows, covered: {}, entry: { index: gate.seen.length, digest: session.id, leaf: 'leaf' } } }
}

function refusal(error: unknown, isOAuth: boolean): Reply {
  if (!(error instanceof Refuse)) return refusal(new Refuse('malformed_request', String(error)), isOAuth)
  const { code, message: detail, more } = error
  const status = statusOf(code)
  const correlationId = 'cor-1'
  if (isOAuth) {
    const name = code === 'proof_nonce_required' ? 'use_dpop_nonce' : code.startsWith('proof_') ? 'invalid_dpop_proof' : code
    return { status: status === 401 ? 400 : status, body: { error: name, error_description: detail, code, correlationId } }
  }
  return { status, body: { type: `urn:gatehouse:${code}`, title: titleOf(code), status, detail, code, correlationId, next: nextStepOf(code), ...more } }
}
