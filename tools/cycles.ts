/** Files that import each other in a ring, each ring once, shortest spelling from its first file in order of name. */
export function cycles(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  return components(graph).flatMap((members) => {
    const first = [...members].toSorted()[0]
    if (first === undefined) return []
    const ring = shortestRing(graph, first, members)
    return ring === null ? [] : [ring]
  })
}

/** Strongly connected components, by forward and backward reach: the graphs here are hundreds of files, not millions. */
function components(graph: ReadonlyMap<string, readonly string[]>): readonly ReadonlySet<string>[] {
  const back = new Map<string, string[]>()
  for (const [from, targets] of graph) for (const to of targets) back.set(to, [...(back.get(to) ?? []), from])
  const placed = new Set<string>()
  const found: ReadonlySet<string>[] = []
  for (const start of graph.keys()) {
    if (placed.has(start)) continue
    const members = onBoth(reach(graph, start), reach(back, start))
    for (const member of members) placed.add(member)
    found.push(members)
  }
  return found
}

const onBoth = (a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> => new Set([...a].filter((one) => b.has(one)))

function reach(graph: ReadonlyMap<string, readonly string[]>, start: string): Set<string> {
  const seen = new Set([start])
  for (const here of seen) for (const next of graph.get(here) ?? []) seen.add(next)
  return seen
}

/** From `first` back to it inside `members`, breadth first; null when it does not come back. */
function shortestRing(graph: ReadonlyMap<string, readonly string[]>, first: string, members: ReadonlySet<string>): readonly string[] | null {
  const paths: (readonly string[])[] = [[first]]
  const seen = new Set<string>()
  for (const path of paths) {
    for (const next of graph.get(path.at(-1) ?? '') ?? []) {
      if (next === first) return path
      if (!members.has(next) || seen.has(next)) continue
      seen.add(next)
      paths.push([...path, next])
    }
  }
  return null
}
