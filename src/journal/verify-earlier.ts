import { sameBytes } from '../base/bytes.ts'
import { type Frontier, rootOf } from '../log/frontier.ts'
import { tileProver } from '../log/tile-proof.ts'
import type { FaultList } from './fault-list.ts'
import type { LogSource } from './source.ts'

/** A tree that somebody signed or remembers, smaller than what this verification began with: its root cannot be met on the way. */
export type Earlier = { readonly name: string; readonly size: number; readonly root: Uint8Array }

/**
 * Holds trees from before against the whole, by proofs out of the source's tiles (RFC 6962 §2.1.2). One that cannot be held against it is a fault: nobody may
 * take what was left out for what was found.
 */
export async function holdEarlier({
  earlier,
  source,
  tree,
  faults,
}: {
  readonly earlier: readonly Earlier[]
  readonly source: Pick<LogSource, 'tiles' | 'name'>
  readonly tree: Frontier
  readonly faults: FaultList
}): Promise<void> {
  const prover = source.tiles && tileProver(source.tiles)
  for (const { name, size, root } of earlier) {
    const what = `the tree of ${size} entries in ${name}`
    const proven = prover ? await prover.consistency(size, { size: tree.size, root: rootOf(tree) }) : null
    if (!proven)
      faults.add(`${what} lies within what was verified earlier, and ${source.name} has no tiles to prove it by: verify in full, without --incremental`)
    else if (!proven.ok) faults.add(`${what} lies within what was verified earlier, and could not be compared: ${proven.refusal}`)
    else if (!sameBytes(proven.value.oldRoot, root)) faults.add(`${what} is not that of these entries: the log was forked or rewritten before entry ${size}`)
  }
}
