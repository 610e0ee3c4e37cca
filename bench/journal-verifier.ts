/**
 * A verifier of the journal, a process of its own, so that its memory is its own. Told which journal, it waits; told to verify, it does, as
 * `gatehouse journal verify` does it, and says what that took; told again, it goes on from where it ended.
 * Its parent starts it with `--expose-gc`.
 */
import { availableParallelism } from 'node:os'
import type { EntryStore } from '../src/journal/entry-store.ts'
import { storeSource } from '../src/journal/source-store.ts'
import { verifyLog } from '../src/journal/verify.ts'
import { type Inspectors, openInspectors } from '../src/journal/verify-inspectors.ts'
import { type Trust, trustKey } from '../src/journal/verify-trust.ts'
import { EMPTY_FRONTIER } from '../src/log/frontier.ts'
import { parseVkey } from '../src/log/note-key.ts'
import { bulkRead } from '../src/store/journal-bulk.ts'
import { journalStore } from '../src/store/journal-store.ts'
import { openStorePool } from '../src/store/open-pool.ts'

/** `url` holds a password: it comes as a message, never as an argument. */
export type ToVerifier = { readonly type: 'open'; readonly url: string; readonly vkey: string } | { readonly type: 'verify' }

/** CPU of all threads of this process; memory in MB of a million bytes, the most that was seen after any page. */
export type Verified = {
  readonly entries: number
  readonly ms: number
  readonly cpuUs: number
  readonly residentMb: number
  /** Of the main thread: objects and buffers. */
  readonly heapMb: number
  /** The same after the last page, once all that nobody refers to any more was collected. */
  readonly keptMb: number
}
export type FromVerifier = { readonly type: 'verified'; readonly verified: Verified } | { readonly type: 'failed'; readonly why: string }

type Opened = { readonly store: EntryStore; readonly trust: Trust; readonly inspectors: Inspectors }

function open(url: string, vkey: string): Opened {
  const key = parseVkey(vkey)
  if (key === null) throw new Error('the bench gave no verifier key')
  const pool = openStorePool({ connectionString: url, max: 2 })
  return {
    store: { ...journalStore({ pool }), read: bulkRead({ pool }) },
    trust: trustKey(key),
    inspectors: openInspectors(Math.max(1, availableParallelism() - 1)),
  }
}

let opened: Opened | null = null
let tree = EMPTY_FRONTIER

async function verify(): Promise<Verified> {
  if (opened === null) throw new Error('told to verify before it was told what')
  const { store, trust, inspectors } = opened
  const memory = { residentMb: 0, heapMb: 0, keptMb: 0 }
  const look = ({ verified, size }: { readonly verified: number; readonly size: number }): void => {
    memory.residentMb = Math.max(memory.residentMb, process.memoryUsage.rss() / 1e6)
    memory.heapMb = Math.max(memory.heapMb, heapMb())
    if (verified < size) return
    // Buffers that the first finds unused are counted until the second.
    for (let times = 0; times < 2; times++) globalThis.gc?.()
    memory.keptMb = heapMb()
  }
  const [from, began, cpu] = [tree.size, performance.now(), process.cpuUsage()]
  const found = await verifyLog({ source: storeSource(store), trust, from: tree, inspect: inspectors.inspect, onProgress: look })
  const [ms, { user, system }] = [performance.now() - began, process.cpuUsage(cpu)]
  if (!found.report.ok) throw new Error(found.report.faults.join('; '))
  tree = found.tree
  return { entries: tree.size - from, ms, cpuUs: user + system, ...memory }
}

function heapMb(): number {
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 1e6
}

const tell = (message: FromVerifier): void => void process.send?.(message)
process.on('message', (message: ToVerifier) => {
  if (message.type === 'open') opened = open(message.url, message.vkey)
  else
    verify().then(
      (verified) => tell({ type: 'verified', verified }),
      (cause: unknown) => tell({ type: 'failed', why: String(cause) }),
    )
})
process.once('disconnect', () => process.exit(0))
