import { type Refusal, refusal } from '../model/refusal.ts'

/** What fastify gives an error handler: its own complaint about a body, or whatever our code threw. */
export type Thrown = { readonly statusCode?: number; readonly message?: string }

/** A refusal for what was thrown: a body that is too large or cannot be read is the caller's fault, all else is ours (`house_failed`), and its text stays here. */
export function refusalOf(thrown: Thrown, bodyBytesMax: number): Refusal {
  if (thrown.statusCode === 413) return refusal('payload_too_large', `a request may hold ${bodyBytesMax} bytes`)
  if (isCallers(thrown)) return refusal('malformed_request', 'the body is not valid JSON of a known content type')
  return refusal('house_failed', 'something went wrong here; nothing was released')
}

export const isCallers = ({ statusCode }: Thrown): boolean => statusCode !== undefined && statusCode < 500
