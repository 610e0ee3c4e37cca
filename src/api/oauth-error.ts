import type { z } from 'zod'
import type { OAuthError } from '../contract/connector.ts'
import type { Refusal, RefusalCode } from '../model/refusal.ts'
import { problemFor } from './problem.ts'

/** Our refusals in OAuth's words (RFC 6749 §5.2, RFC 8628 §3.5, RFC 9449 §5, §8). What is not here is the client's own mistake. */
const ERRORS: Readonly<Partial<Record<RefusalCode, readonly [status: number, error: string]>>> = {
  proof_missing: [400, 'invalid_dpop_proof'],
  proof_invalid: [400, 'invalid_dpop_proof'],
  proof_expired: [400, 'invalid_dpop_proof'],
  proof_replayed: [400, 'invalid_dpop_proof'],
  proof_url_mismatch: [400, 'invalid_dpop_proof'],
  proof_nonce_required: [400, 'use_dpop_nonce'],
  device_unknown: [401, 'invalid_client'],
  device_revoked: [401, 'invalid_client'],
  code_unknown: [400, 'invalid_grant'],
  token_unknown: [400, 'invalid_grant'],
  token_foreign: [400, 'invalid_grant'],
  session_revoked: [400, 'invalid_grant'],
  session_ended: [400, 'invalid_grant'],
  authorization_pending: [400, 'authorization_pending'],
  slow_down: [400, 'slow_down'],
  access_denied: [400, 'access_denied'],
  use_case_not_assigned: [400, 'access_denied'],
  payload_too_large: [413, 'invalid_request'],
  rate_limited: [429, 'temporarily_unavailable'],
  source_capped: [429, 'temporarily_unavailable'],
  journal_unavailable: [503, 'temporarily_unavailable'],
  store_unavailable: [503, 'temporarily_unavailable'],
}
const MISTAKE = [400, 'invalid_request'] as const

export const oauthStatusOf = ({ code }: Refusal): number => (ERRORS[code] ?? MISTAKE)[0]

/** The body of an OAuth error. The description keeps to the characters RFC 6749 allows there. */
export function oauthErrorOf(refusal: Refusal, correlationId: string, deskUrl: string): z.infer<typeof OAuthError> {
  const { title, detail, rule, requestAccess } = problemFor(refusal, correlationId, deskUrl)
  return {
    error: (ERRORS[refusal.code] ?? MISTAKE)[1],
    error_description: `${title}: ${detail}`.replace(/["\\]|[^\x20-\x7e]/g, "'"),
    code: refusal.code,
    correlationId,
    ...(rule ? { rule, requestAccess } : {}),
  }
}
