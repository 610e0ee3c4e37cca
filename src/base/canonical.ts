import canonicalize from 'canonicalize'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** The one spelling of a JSON value (RFC 8785), so that equal values have equal digests. */
export function canonical(value: Json): string {
  const text = canonicalize(value)
  if (text === undefined) throw new Error('not a JSON value')
  return text
}
