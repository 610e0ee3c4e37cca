/** Every way the house says no: HTTP status, a title, and what to do next. Codes are stable: callers, the journal and the SIEM all see them. */
const REFUSALS = {
  malformed_request: [400, 'The request cannot be read', 'send the documented shape; see /openapi.json'],
  no_such_address: [404, 'Nothing at this address', 'check address and method; an agent finds all there are in /openapi.json'],
  payload_too_large: [413, 'The request is too large', 'send a smaller request'],
  source_capped: [429, 'Too many requests from this address', 'wait, then try again'],
  origin_foreign: [403, 'The request does not come from the console', 'open the console at its own address and try again'],
  token_missing: [401, 'No access token', 'open a session through the connector'],
  token_unknown: [401, 'Access token not recognised', 'open a session through the connector'],
  token_expired: [401, 'Access token expired', 'renew it; the connector does so by itself'],
  token_foreign: [401, 'Access token is bound to another key', 'use the device the session was opened on'],
  proof_missing: [401, 'No DPoP proof', 'send a DPoP proof with each request (RFC 9449)'],
  proof_invalid: [401, 'DPoP proof not valid', 'make a fresh proof with the session key'],
  proof_expired: [401, 'DPoP proof too old or from the future', "check the device's clock, then make a fresh proof"],
  proof_replayed: [401, 'DPoP proof used before', 'make a fresh proof for each request'],
  proof_url_mismatch: [401, 'DPoP proof is for another request', 'make the proof for this method and URL'],
  proof_nonce_required: [401, 'DPoP proof needs a fresh nonce', 'repeat with the nonce in the DPoP-Nonce header'],
  device_unknown: [401, 'Device not enrolled', 'enrol it with a code from the console'],
  device_revoked: [401, 'Device no longer trusted', 'ask your security team'],
  session_revoked: [401, 'Session revoked', 'sign in again, or ask who revoked it'],
  session_ended: [401, 'Session ended', 'sign in again to open a new session'],
  code_unknown: [400, 'Code not valid', 'ask for a new code; each works once and for a short time'],
  sign_in_required: [401, 'Sign-in needed', 'sign in at the console'],
  sign_in_failed: [401, 'Sign-in failed', 'check name and passphrase, then try again'],
  authorization_pending: [400, 'Waiting for the person', 'ask again after the interval'],
  slow_down: [400, 'Asked too soon', 'wait for the interval before asking again'],
  access_denied: [400, 'The person said no', 'open a new session if this was a mistake'],
  use_case_not_assigned: [403, 'Use case not assigned to this person', 'ask its owner for it'],
  unknown_operation: [404, 'No such operation', 'list the operations offered to this session'],
  invalid_input: [400, 'Arguments not valid', 'correct the arguments named'],
  reference_meaningless: [400, 'Token not from an answer of this session', 'use one (such as `acc_…`) from an answer of this session'],
  forbidden: [403, 'Not permitted', "ask the rule's owner for access"],
  rate_limited: [429, 'Too many asks', 'wait, then ask again'],
  too_complex: [422, 'The ask costs too much', 'narrow it: fewer rows or a shorter range'],
  too_many_waiting: [429, 'Too many proposals wait for a decision', 'have some of them decided, then propose again'],
  exposure_exceeded: [403, 'Exposure budget spent', 'end this session, or ask the use case owner for a larger budget'],
  not_found: [404, 'No such record', 'check the identifier'],
  not_pushable: [422, 'The source cannot filter by this', 'ask in another way'],
  source_unavailable: [503, 'The source cannot be reached', 'try again in a minute'],
  source_failed: [502, 'The source did not answer as it should', 'tell your IT desk the correlation id'],
  authority_mismatch: [403, 'The database and the journal disagree', 'tell your security team; a finding stands in the journal'],
  journal_unavailable: [503, 'The journal cannot be written', 'nothing was released; try again in a minute'],
  journal_unwitnessed: [503, 'No witness has seen the journal for too long', 'reading goes on; ask whoever runs Gatehouse to look at the witnesses'],
  receipt_not_yet: [404, 'The receipt is not there yet', 'ask again in a few seconds'],
  reader_unknown: [401, 'The journal is not open to this reader', "send the reader's token as Bearer; who runs Gatehouse has it"],
  store_unavailable: [503, "Gatehouse's database cannot be reached", 'try again in a minute'],
  house_failed: [500, 'Gatehouse itself failed', 'tell your IT desk the correlation id'],
  change_not_waiting: [409, 'The change is not waiting for a decision', 'look at its present state'],
  change_moved: [409, 'The change is not the one you saw', 'read the new version and decide again'],
  own_change: [403, "Nobody approves their own agent's change", 'ask another approver'],
  not_approver: [403, 'Not an approver for this', "ask the use case's owner"],
  confirmation_needed: [403, 'Confirm that it is you', 'enter your passphrase again'],
} as const satisfies Readonly<Record<string, readonly [status: number, title: string, next: string]>>

export type RefusalCode = keyof typeof REFUSALS

/** A rule as people know it: what to name, and whom to ask. */
export type Rule = { readonly id: string; readonly owner: string; readonly reason: string }

/** `detail` is for the person concerned: lower case, no full stop, their own input in backticks, nothing of ours. */
export type Refusal = { readonly code: RefusalCode; readonly detail: string; readonly rule?: Rule; readonly retryAfterSeconds?: number }

export const refusal = (code: RefusalCode, detail: string, more: { readonly rule?: Rule; readonly retryAfterSeconds?: number } = {}): Refusal => ({
  code,
  detail,
  ...more,
})

export const statusOf = (code: RefusalCode): number => REFUSALS[code][0]
export const titleOf = (code: RefusalCode): string => REFUSALS[code][1]
export const nextStepOf = (code: RefusalCode): string => REFUSALS[code][2]
export const REFUSAL_CODES = Object.keys(REFUSALS) as readonly RefusalCode[]
