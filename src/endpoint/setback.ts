import type { z } from 'zod'
import { OAuthError, Problem } from '../contract/connector.ts'
import { nextStepOf, REFUSAL_CODES, type RefusalCode, titleOf } from '../model/refusal.ts'

/** A refusal as the gate sent it, problem (RFC 9457) or OAuth error (RFC 6749 §5.2) alike. Codes newer than ours are possible. */
export type Refused = Readonly<Omit<z.infer<typeof Problem>, 'type'>>

/**
 * Why there is no answer. `unreachable`: it did not arrive, or `sent` and nothing came back, so it may have been done.
 * `garbled`: whatever answered does not speak as a gate does. `refused`: the gate said no.
 */
export type Setback =
  | { readonly kind: 'unreachable'; readonly sent: boolean; readonly detail: string; readonly next: string }
  | { readonly kind: 'garbled'; readonly detail: string }
  | { readonly kind: 'refused'; readonly refused: Refused }

/** The refusal in an answer's body, or null when there is none to read. */
export function readRefused(status: number, body: unknown): Refused | null {
  const problem = Problem.safeParse(body)
  if (problem.success) return problem.data
  const oauth = OAuthError.safeParse(body)
  if (!oauth.success) return null
  const { error, error_description: detail, ...said } = oauth.data
  const { code } = said
  return { ...said, status, detail, title: isKnown(code) ? titleOf(code) : error, next: isKnown(code) ? nextStepOf(code) : 'ask your IT desk' }
}

const isKnown = (code: string): code is RefusalCode => (REFUSAL_CODES as readonly string[]).includes(code)

/** Whether the same may well succeed a little later, so that nothing need be given up. */
export const isPassing = (setback: Setback): boolean => setback.kind !== 'refused' || setback.refused.status >= 500 || setback.refused.status === 429
