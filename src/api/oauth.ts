import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { done, type Outcome } from '../base/outcome.ts'
import { DEVICE_CODE_GRANT, DeclaredPosture, EnrolRequest, SessionRequest, TokenRequest } from '../contract/connector.ts'
import { type Admission, openSession, requestSession } from '../gate/admit.ts'
import { type Enrolment, enrol } from '../gate/enrol.ts'
import type { SessionOpened } from '../gate/give.ts'
import { renewSession } from '../gate/renew.ts'
import { giveUpSession, type Revoking } from '../gate/revoke.ts'
import type { Possession } from '../identity/possess.ts'
import type { Refusal } from '../model/refusal.ts'
import { thumbprint } from '../proof/head.ts'
import { credentialOf, type Door, refuseWith } from './door.ts'
import { parseBody, parseForm } from './form.ts'
import { oauthErrorOf, oauthStatusOf } from './oauth-error.ts'
import { isCallers, refusalOf, type Thrown } from './thrown.ts'

export type OAuth = {
  readonly door: Pick<Door, 'possess' | 'publicUrl' | 'deskUrl' | 'freshNonce'>
  readonly admission: Admission
  readonly enrolment: Enrolment
  readonly revoking: Revoking
}

const BODY_BYTES_MAX = 8192
const RevokeRequest = z.strictObject({ token: z.string().max(128), token_type_hint: z.string().max(50).optional(), client_id: z.string().max(64) })

/**
 * The authorization server's endpoints, as contract/connector.ts says. Each reads its body, wants a proof by the device's key, and leaves it
 * to the gate what that key may do. A refusal is an OAuth error (RFC 6749 §5.2) with our own code beside it; at /enrol, a problem (RFC 9457).
 */
export async function oauthRoutes(app: FastifyInstance, given: OAuth): Promise<void> {
  await app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: BODY_BYTES_MAX },
      async (_request: unknown, body: unknown) => body,
    )
    // A body nobody could read is refused in OAuth's words too (RFC 6749 §5.2). What our own code threw goes to the house's handler.
    scope.setErrorHandler(async (error: Thrown, request, reply) => {
      if (!isCallers(error)) throw new Error('the authorization server failed', { cause: error })
      const said = refusalOf(error, BODY_BYTES_MAX)
      return request.url.startsWith('/oauth/')
        ? oauthRefusal(given.door, request, reply, await told(given.admission, 'session.refused', request, said))
        : refuseWith(given.door, request, reply, await told(given.enrolment, 'device.enrol_refused', request, said))
    })
    scope.addHook('onRequest', async (_request, reply) => void reply.header('dpop-nonce', given.door.freshNonce()).header('cache-control', 'no-store'))
    enrolRoute(scope, given)
    requestRoute(scope, given)
    tokenRoute(scope, given)
    revokeRoute(scope, given)
  })
}

function enrolRoute(scope: FastifyInstance, { door, enrolment }: OAuth): void {
  scope.post('/enrol', { bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
    const asked = reads(door, request, parseBody(EnrolRequest, request.body))
    if (!asked.ok) return refuseWith(door, request, reply, await told(enrolment, 'device.enrol_refused', request, asked.refusal))
    const { by, code, jwk, name, platform } = asked.value
    const device = await enrol(enrolment, by, { code, jkt: thumbprint(jwk), name, platform, correlation: request.id })
    if (!device.ok) return refuseWith(door, request, reply, device.refusal)
    return reply.code(201).send({ device: device.value.id, person: device.value.person, gate: door.publicUrl })
  })
}

function requestRoute(scope: FastifyInstance, { door, admission }: OAuth): void {
  scope.post('/oauth/device_authorization', async (request, reply) => {
    const asked = reads(door, request, readSessionRequest(request.body))
    if (!asked.ok) return oauthRefusal(door, request, reply, await told(admission, 'session.refused', request, asked.refusal))
    const { by, agent, posture } = asked.value
    const pending = await requestSession(admission, by, { agent, posture, correlation: request.id })
    if (!pending.ok) return oauthRefusal(door, request, reply, pending.refusal)
    const { deviceCode, userCode, expiresInSeconds, intervalSeconds } = pending.value
    const page = `${door.deskUrl}/link`
    return reply.send({
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?code=${userCode}`,
      expires_in: expiresInSeconds,
      interval: intervalSeconds,
    })
  })
}

function tokenRoute(scope: FastifyInstance, { door, admission }: OAuth): void {
  scope.post('/oauth/token', async (request, reply) => {
    const asked = reads(door, request, parseForm(TokenRequest, request.body))
    if (!asked.ok) return oauthRefusal(door, request, reply, await told(admission, 'session.refused', request, asked.refusal))
    const { by, ...form } = asked.value
    const correlation = request.id
    const opened =
      form.grant_type === DEVICE_CODE_GRANT
        ? await openSession(admission, by, { deviceCode: form.device_code, correlation })
        : await renewSession(admission, by, { refreshToken: form.refresh_token, correlation })
    return opened.ok ? reply.send(tokenBody(opened.value, admission.clock())) : oauthRefusal(door, request, reply, opened.refusal)
  })
}

function revokeRoute(scope: FastifyInstance, { door, revoking }: OAuth): void {
  scope.post('/oauth/revoke', async (request, reply) => {
    const asked = reads(door, request, parseForm(RevokeRequest, request.body))
    if (!asked.ok) return oauthRefusal(door, request, reply, await told(revoking, 'session.refused', request, asked.refusal))
    const ended = await giveUpSession(revoking, asked.value.by, { token: asked.value.token, correlation: request.id })
    return ended.ok ? reply.send({}) : oauthRefusal(door, request, reply, ended.refusal)
  })
}

/** A body that was read, from the holder of a key. */
function reads<T extends object>(
  door: Pick<Door, 'possess' | 'publicUrl'>,
  request: FastifyRequest,
  body: Outcome<T, Refusal>,
): Outcome<T & { readonly by: Possession }, Refusal> {
  if (!body.ok) return body
  const by = door.possess(credentialOf(door, request))
  return by.ok ? done({ ...body.value, by: by.value }) : by
}

function readSessionRequest(body: unknown) {
  const form = parseForm(SessionRequest, body)
  if (!form.ok) return form
  const posture = parseBody(DeclaredPosture, parseJson(form.value.posture))
  return posture.ok ? done({ agent: { name: form.value.agent_name, version: form.value.agent_version }, posture: posture.value }) : posture
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Recorded before it is answered, when the gate did not get to see it. Asking for a nonce is no refusal: every connector starts so. */
async function told(
  house: Pick<Admission, 'record'>,
  kind: 'device.enrol_refused' | 'session.refused',
  request: FastifyRequest,
  said: Refusal,
): Promise<Refusal> {
  if (said.code === 'proof_nonce_required') return said
  const receipt = await house.record({ kind, outcome: said.code, correlation: request.id })
  return receipt.ok ? said : receipt.refusal
}

function oauthRefusal({ deskUrl }: Pick<Door, 'deskUrl'>, request: FastifyRequest, reply: FastifyReply, said: Refusal): FastifyReply {
  if (said.retryAfterSeconds !== undefined) reply.header('retry-after', String(said.retryAfterSeconds))
  return reply.code(oauthStatusOf(said)).send(oauthErrorOf(said, request.id, deskUrl))
}

const tokenBody = ({ session, accessToken, accessEndsAt, refreshToken }: SessionOpened, now: number) => ({
  access_token: accessToken,
  token_type: 'DPoP',
  expires_in: secondsLeft(accessEndsAt, now),
  refresh_token: refreshToken,
  session: session.id,
  session_expires_in: secondsLeft(session.endsAt, now),
  use_case: session.useCase,
  person: session.person,
})

const secondsLeft = (endsAt: number, now: number): number => Math.max(0, Math.floor((endsAt - now) / 1000))
