import { z } from 'zod'

/**
 * What the connector on a desktop and the gate say to each other. Every request carries a DPoP proof (RFC 9449) by the
 * device's key, ES256; the gate answers `use_dpop_nonce` with a DPoP-Nonce header when the proof's nonce is missing or old.
 *
 *   POST /enrol                       EnrolRequest (JSON)                -> 201 Enrolled
 *   POST /oauth/device_authorization  SessionRequest (form)              -> 200 SessionPending   (RFC 8628 §3.1, §3.2)
 *   POST /oauth/token                 TokenRequest (form)                -> 200 SessionOpened    (RFC 8628 §3.4, RFC 6749 §6)
 *   POST /oauth/revoke                token, client_id (form)            -> 200                  (RFC 7009)
 *   GET  /v1/operations               proof alone: what this device's sessions may be offered; with a token: what this one is
 *   GET  /v1/receipts/{index}         Authorization: DPoP <token>        -> 200 the receipt of an entry (C2SP tlog-proof), or a problem
 *   POST /v1/operations/{name}        arguments (JSON), Authorization: DPoP <token>    -> 200 Answer, or a problem (RFC 9457)
 */
export const EnrolRequest = z.strictObject({
  code: z.string().min(8).max(128),
  jwk: z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string().length(43), y: z.string().length(43) }),
  name: z.string().min(1).max(100),
  platform: z.string().min(1).max(50),
})
export const Enrolled = z.object({ device: z.string(), person: z.string(), gate: z.url() })

/** `posture` is what the device says of itself; the gate marks it `self`. */
export const DeclaredPosture = z.strictObject({
  platform: z.string().max(50),
  osVersion: z.string().max(100),
  diskEncrypted: z.boolean(),
  firewallOn: z.boolean(),
})

export const SessionRequest = z.strictObject({
  client_id: z.string().min(1).max(64),
  agent_name: z.string().min(1).max(100),
  agent_version: z.string().min(1).max(50),
  /** JSON of DeclaredPosture. */
  posture: z.string().max(1000),
})
export const SessionPending = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.url(),
  verification_uri_complete: z.url(),
  /** Seconds. */
  expires_in: z.number(),
  /** Seconds to wait between polls. */
  interval: z.number(),
})

export const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
export const TokenRequest = z.discriminatedUnion('grant_type', [
  z.strictObject({ grant_type: z.literal(DEVICE_CODE_GRANT), device_code: z.string().max(128), client_id: z.string().max(64) }),
  z.strictObject({ grant_type: z.literal('refresh_token'), refresh_token: z.string().max(128), client_id: z.string().max(64) }),
])
export const SessionOpened = z.object({
  access_token: z.string(),
  token_type: z.literal('DPoP'),
  /** Seconds the token lasts, at most 300. */
  expires_in: z.number(),
  /** Good until the session's end, for this key alone. */
  refresh_token: z.string(),
  session: z.string(),
  /** Seconds the session lasts, at most 3600. */
  session_expires_in: z.number(),
  use_case: z.string(),
  person: z.string(),
})

export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string(),
  correlationId: z.string(),
  next: z.string(),
  rule: z.object({ id: z.string(), owner: z.string(), reason: z.string() }).optional(),
  requestAccess: z.url().optional(),
  retryAfterSeconds: z.number().optional(),
})

/** RFC 6749 §5.2, with what the house says of every refusal beside it. */
export const OAuthError = Problem.pick({ code: true, correlationId: true, rule: true, requestAccess: true }).extend({
  error: z.string(),
  error_description: z.string(),
})

export const OfferedOperation = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  readOnly: z.boolean(),
  inputSchema: z.record(z.string(), z.unknown()),
  outputSchema: z.record(z.string(), z.unknown()),
})
export const Offer = z.object({ operations: z.array(OfferedOperation) })

/** Rows covered as the permit says, and the journal entry that proves it. */
export const AnswerBody = z.object({
  rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  /** How each field that is not clear was covered. */
  covered: z.record(z.string(), z.enum(['token', 'partial', 'redact'])),
  /** Pass it as `cursor` to get the rows after these. */
  next: z.string().optional(),
  /** `digest`: of what was released; `leaf`: the entry's leaf hash (RFC 6962), which the receipt of that index proves. */
  entry: z.object({ index: z.number(), digest: z.string(), leaf: z.string() }),
})
