import type { z } from 'zod'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Refusal, refusal } from '../model/refusal.ts'

/** What a body has to be, or `malformed_request` naming the members that are not: never their values, which may be secrets. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): Outcome<T, Refusal> {
  const read = schema.safeParse(body)
  if (!read.success) return refuse(refusal('malformed_request', `not as documented: ${read.error.issues.map((issue) => nameOf(issue)).join(', ')}`))
  return hasControls(read.data) ? refuse(refusal('malformed_request', 'control characters are not taken')) : done(read.data)
}

/** A form (RFC 6749 appendix B) as an object. A parameter given twice is refused (§3.1): two readers could each believe another one. */
export function parseForm<T>(schema: z.ZodType<T>, body: unknown): Outcome<T, Refusal> {
  if (typeof body !== 'string') return refuse(refusal('malformed_request', 'the body is not a form'))
  const given = [...new URLSearchParams(body)]
  const form = Object.fromEntries(given)
  if (given.length !== Object.keys(form).length) return refuse(refusal('malformed_request', 'a parameter is given twice'))
  return parseBody(schema, form)
}

const nameOf = ({ path, code, ...rest }: z.core.$ZodIssue): string => {
  const names = code === 'unrecognized_keys' && 'keys' in rest ? (rest.keys as readonly string[]).slice(0, 5) : [path.map(String).join('.')]
  return names.map((name) => `\`${name.slice(0, 50)}\``).join(', ')
}

/** Nothing a machine or a person calls itself holds one, and the database would choke on some. */
const hasControls = (value: unknown): boolean =>
  typeof value === 'string' ? /\p{Cc}/u.test(value) : typeof value === 'object' && value !== null && Object.values(value).some(hasControls)
