import { canonical, type Json } from '../base/canonical.ts'

/** Perhaps half a surrogate pair, which JSON can spell and RFC 8785 cannot; perhaps only a backslash that somebody typed before these letters. */
const HALF = /\\ud[89a-f]/

/**
 * Whether a text is the RFC 8785 spelling of the value it was parsed into: no white space, no member twice, members in order. It is
 * `canonical(value) === text`, in a third of the time.
 */
export function isCanonical(text: string, value: Json): boolean {
  if (JSON.stringify(value) === text && isInOrder(value) && !HALF.test(text)) return true
  // Members whose names are numbers do not lie as they were read.
  try {
    return canonical(value) === text
  } catch {
    return false
  }
}

function isInOrder(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isInOrder)
  const members = value as { readonly [name: string]: Json }
  let last: string | null = null
  for (const name of Object.keys(members)) {
    if ((last !== null && name < last) || !isInOrder(members[name] ?? null)) return false
    last = name
  }
  return true
}
