import { randomBytes } from 'node:crypto'
import type { SignedNote, Table } from '../../src/archive/table.ts'
import { utf8 } from '../../src/base/bytes.ts'
import type { StoredEntry } from '../../src/journal/entry-store.ts'
import { signedCheckpoint } from '../../src/log/checkpoint.ts'
import { EMPTY_FRONTIER, extend, type Frontier, rootOf } from '../../src/log/frontier.ts'
import { leafHash } from '../../src/log/leaf.ts'
import { type SignerKey, signerKey } from '../../src/log/note-key.ts'

/** A journal's table in memory, for logs too long or too often cut for a database; what it holds may be bent at will. */
export type SmallTable = Table & {
  readonly key: SignerKey
  readonly entries: StoredEntry[]
  readonly signed: SignedNote[]
  /** Appends entries, the n-th saying `word n`, or what it is given for n. */
  readonly append: (count: number, word?: string | ((n: number) => Uint8Array)) => SmallTable
  readonly sign: () => SmallTable
  /** Reads so far. */
  readonly reads: { count: number }
}

export function smallTable(key: SignerKey = signerKey('gatehouse.test/log', randomBytes(32))): SmallTable {
  let tree: Frontier = EMPTY_FRONTIER
  const table: SmallTable = {
    key,
    entries: [],
    signed: [],
    reads: { count: 0 },
    append(count, word = 'entry') {
      for (let i = 0; i < count; i++) {
        const body = typeof word === 'string' ? utf8(`${word} ${tree.size}`) : word(tree.size)
        const leaf = leafHash(body)
        table.entries.push({ index: tree.size, leaf, body })
        tree = extend(tree, [leaf])
      }
      return table
    },
    sign() {
      table.signed.push({ size: tree.size, note: signedCheckpoint(key, tree.size, rootOf(tree)) })
      return table
    },
    read: (from, limit) => {
      table.reads.count += 1
      return Promise.resolve(table.entries.slice(Math.max(0, from), Math.max(0, from) + limit))
    },
    latestCheckpoint: () => Promise.resolve(table.signed.at(-1) ?? null),
    checkpoints: (from, limit) => Promise.resolve(table.signed.filter(({ size }) => size >= from).slice(0, limit)),
  }
  return table
}
