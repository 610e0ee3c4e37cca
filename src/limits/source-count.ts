/** How often each address did something, for one entry about all: a stranger must not be able to fill the journal. */
export type SourceCount = {
  readonly add: (source: string, times?: number) => void
  /** The counts since the last call. */
  readonly drain: () => ReadonlyMap<string, number>
}

/** Addresses named apart; further ones are counted together under `others`. */
const NAMED_MAX = 50

export function sourceCount(): SourceCount {
  let counts = new Map<string, number>()
  return {
    add(address, times = 1) {
      const source = sourceOf(address)
      const name = counts.has(source) || counts.size < NAMED_MAX ? source : 'others'
      counts.set(name, (counts.get(name) ?? 0) + times)
    },
    drain() {
      const drained = counts
      counts = new Map()
      return drained
    },
  }
}

/** Who is counted together: an IPv4 address, or the /64 that one IPv6 host may choose from at will. */
export function sourceOf(address: string): string {
  const plain = address
    .toLowerCase()
    .replace(/^::ffff:(?=\d+\.)/, '')
    .replace(/%.*$/, '')
  if (!plain.includes(':') || plain.endsWith(PREFIX)) return plain
  const [head = '', tail = ''] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const zeros = plain.includes('::') ? Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0') : []
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}${PREFIX}`
}

const PREFIX = '::/64'
