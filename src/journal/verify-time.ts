import type { FaultList } from './fault-list.ts'
import type { Inspection } from './verify-inspect.ts'

/** Clocks are stepped and requests overtake each other: less than this is every day's. */
const BACK_MS_MAX = 2_000
/** Whoever wrote the journal chose the names of nodes: only so many are held. */
const NODES_MAX = 1024

/**
 * Looks whether each node's time runs on. A warning, not a fault: the order of the tree is proof, a clock is not, and one that was set back is no forgery. But
 * who relies on times should know where they jump.
 */
export function timeCheck({ warnings, now }: { readonly warnings: FaultList; readonly now: number | null }) {
  const latest = new Map<string, { readonly at: number; readonly index: number }>()
  return (first: number, { times, nodes, nodeOf }: Inspection): void => {
    for (const [i, at] of times.entries()) {
      if (Number.isNaN(at)) continue
      const index = first + i
      const node = nodes[nodeOf[i] ?? 0] ?? ''
      const before = latest.get(node)
      if (before && before.at - at > BACK_MS_MAX)
        warnings.add(`entry ${index} of \`${node}\` says ${iso(at)}, ${seconds(before.at - at)} before its entry ${before.index}: a clock was set back`)
      if (now !== null && at - now > BACK_MS_MAX)
        warnings.add(`entry ${index} of \`${node}\` says ${iso(at)}, ${seconds(at - now)} from now: a clock runs ahead`)
      if (before || latest.size < NODES_MAX) latest.set(node, { at, index })
    }
  }
}

const iso = (at: number): string => new Date(at).toISOString()
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
