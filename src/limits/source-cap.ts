import { buckets } from './bucket.ts'

/**
 * Requests an address may make before anyone has authenticated. Beyond it they are refused unread and only counted: an
 * attacker must not be able to fill the journal. `drain` gives the counts since the last call, for one entry about all.
 */
export type SourceCap = {
  /** Seconds to wait, 0 when the request may go on. */
  readonly knock: (source: string, now: number) => number
  readonly drain: () => ReadonlyMap<string, number>
}

/** Addresses named apart in one entry; further ones are counted together under `others`. */
const NAMED_MAX = 50

export function sourceCap(rate: { readonly perSecond: number; readonly burst: number }): SourceCap {
  const held = buckets(20_000)
  let refused = new Map<string, number>()
  return {
    knock(address, now) {
      const source = sourceOf(address)
      const wait = held.wait(source, 1, rate, now)
      if (wait === 0) held.take(source, 1)
      else {
        const name = refused.has(source) || refused.size < NAMED_MAX ? source : 'others'
        refused.set(name, (refused.get(name) ?? 0) + 1)
      }
      return wait
    },
    drain() {
      const counts = refused
      refused = new Map()
      return counts
    },
  }
}

/** Who is counted together: an IPv4 address, or the /64 that one IPv6 host may choose from at will. */
function sourceOf(address: string): string {
  const plain = address
    .toLowerCase()
    .replace(/^::ffff:(?=\d+\.)/, '')
    .replace(/%.*$/, '')
  if (!plain.includes(':')) return plain
  const [head = '', tail = ''] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const zeros = plain.includes('::') ? Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0') : []
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`
}
