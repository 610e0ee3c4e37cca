/** What the text spells in JSON; null for what spells nothing, as for `null` itself: whoever asks wants an object. */
export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
