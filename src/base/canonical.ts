export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/**
 * The one spelling of a JSON value (RFC 8785), so that equal values have equal digests: members in the order of their names' UTF-16 code
 * units, no white space, strings and numbers as ECMAScript spells them. A member that is `undefined` is not there. Throws on what has
 * no spelling: NaN, an infinity, half a surrogate pair, a function.
 */
export function canonical(value: Json): string {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'number':
      if (!Number.isFinite(value)) throw new Error(`${value} is not JSON`)
      return `${value}`
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? list(value as readonly Json[]) : members(value as { readonly [name: string]: Json })
    default:
      throw new Error(`a ${typeof value} is not JSON`)
  }
}

function list(values: readonly Json[]): string {
  let text = ''
  for (let i = 0; i < values.length; i++) text += `${i === 0 ? '' : ','}${canonical(values[i] as Json)}`
  return `[${text}]`
}

function members(value: { readonly [name: string]: Json | undefined }): string {
  // A Date and its like: the types keep them out, and an empty object in their stead would go unnoticed.
  if (typeof value['toJSON'] === 'function') throw new Error('what spells itself is not JSON')
  let text = ''
  for (const name of sorted(Object.keys(value))) {
    const member = value[name]
    if (member !== undefined) text += `${text === '' ? '' : ','}${quoted(name)}:${canonical(member)}`
  }
  return `{${text}}`
}

/** So few names, nearly in order already, are put in order in less time than the engine takes to begin. */
const FEW = 24

function sorted(names: string[]): readonly string[] {
  if (names.length > FEW) return names.sort()
  for (let i = 1; i < names.length; i++) {
    const name = names[i] as string
    let to = i
    for (; to > 0 && (names[to - 1] as string) > name; to--) names[to] = names[to - 1] as string
    names[to] = name
  }
  return names
}

/** Nothing in it that JSON escapes, and nothing beyond ASCII. Nearly every string is so, and spelling it asks nothing of the engine. */
const PLAIN = /^[ !#-[\]-~]*$/

function quoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  if (!text.isWellFormed()) throw new Error('half a surrogate pair is not JSON')
  return JSON.stringify(text)
}
