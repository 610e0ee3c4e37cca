import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CallFrame, Profile, ProfileNode } from './profile.ts'

/** Microseconds by stage. */
export type Stages = ReadonlyMap<string, number>

/** Rooms whose work is always somebody's: it counts for who called. */
const WORDS = ['base', 'model']
const SOURCE = join(import.meta.dirname, '../src')
const PACKAGES: readonly (readonly [stage: string, pattern: RegExp])[] = [
  ['MCP SDK', /node_modules\/(@modelcontextprotocol|@hono)\//],
  ['fastify', /node_modules\/(fastify|@fastify|avvio|find-my-way|light-my-request|fast-json-stringify|secure-json-parse|pino)\//],
  ['PostgreSQL driver', /node_modules\/pg[\w-]*\//],
]

/**
 * The profile by stage of an ask. A sample belongs to the nearest room of ours, or to the nearest of the packages named above, on the way
 * up from where it was taken: what a room calls, native code and small packages included, is the room's. The idle loop is left out.
 */
export function stagesOf({ nodes, samples, timeDeltas }: Profile): Stages {
  const stages = stageOfEach(nodes)
  const sums = new Map<string, number>()
  for (const [i, id] of samples.entries()) {
    const stage = stages.get(id) ?? 'node'
    if (stage !== IDLE) sums.set(stage, (sums.get(stage) ?? 0) + (timeDeltas[i] ?? 0))
  }
  return sums
}

const IDLE = '(idle)'

function stageOfEach(nodes: readonly ProfileNode[]): ReadonlyMap<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const stages = new Map<number, string>()
  const walk = (node: ProfileNode, above: string): void => {
    const stage = stageOf(node.callFrame) ?? above
    stages.set(node.id, stage)
    for (const child of node.children ?? []) {
      const found = byId.get(child)
      if (found) walk(found, stage)
    }
  }
  const [root] = nodes
  if (root) walk(root, 'node')
  return stages
}

/** Null: it is counted with its caller. */
function stageOf({ functionName, url }: CallFrame): string | null {
  if (functionName === '(idle)') return IDLE
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (!url.startsWith('file:')) return null
  const path = fileURLToPath(url)
  const inside = relative(SOURCE, path)
  const [room = ''] = inside.split(sep)
  if (room !== '..') return WORDS.includes(room) ? null : room
  return PACKAGES.find(([, pattern]) => pattern.test(path))?.[0] ?? null
}
