import { lineAt, type Parsed } from './syntax.ts'

/** A way of writing that this repository gave up, and the story why, which is all the reader of the failure gets. */
export type Ban = {
  readonly why: string
  readonly where: (path: string) => boolean
  /** Offsets in the text where it occurs. */
  readonly find: (file: Parsed) => readonly number[]
}

export const breaches = (bans: readonly Ban[], file: Parsed): readonly string[] =>
  bans.filter(({ where }) => where(file.path)).flatMap(({ why, find }) => find(file).map((offset) => `${file.path}:${lineAt(file.text, offset)}: ${why}`))

/** Offsets of the nodes for which it holds. */
export const nodesWhere =
  (holds: (placed: Parsed['nodes'][number], file: Parsed) => boolean): Ban['find'] =>
  (file) =>
    file.nodes.filter((placed) => holds(placed, file)).map(({ node }) => node.start)
