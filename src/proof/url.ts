/**
 * A URL as `htu` compares it (RFC 9449 §4.3): without query and fragment, after syntax- and scheme-based normalisation
 * (RFC 3986 §6.2.2, §6.2.3). Null for what is no plain http(s) URL: user names, backslashes, control characters, spaces.
 */
export function normalUrl(text: string): string | null {
  if (!PLAIN.test(text) || !URL.canParse(text)) return null
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return null
  return url.origin + url.pathname.replace(ESCAPE, plainest)
}

const PLAIN = /^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/i
const ESCAPE = /%[0-9a-f]{2}/gi
const UNRESERVED = /[A-Za-z0-9\-._~]/

function plainest(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
  return UNRESERVED.test(character) ? character : escape.toUpperCase()
}
