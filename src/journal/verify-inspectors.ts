import { Worker } from 'node:worker_threads'
import { blockOf, type Inspect, type Inspection, inspectHere } from './verify-inspect.ts'
import type { Asked } from './verify-worker.ts'

/** A short journal is read before threads have started. */
const PAGES_HERE = 16

export type Inspectors = { readonly inspect: Inspect; readonly close: () => Promise<void> }

type Waiting = { readonly resolve: (inspection: Inspection) => void; readonly reject: (cause: unknown) => void }

/** Inspects pages in as many threads beside this one, which are started only once a journal turns out to be long. A thread that dies fails its pages. */
export function openInspectors(threads: number): Inspectors {
  const here = inspectHere()
  const started: { readonly worker: Worker; readonly waiting: Waiting[] }[] = []
  let pages = 0

  function start(): void {
    while (started.length < threads) {
      const worker = new Worker(new URL('./verify-worker.ts', import.meta.url))
      const waiting: Waiting[] = []
      worker.on('message', (inspection: Inspection) => waiting.shift()?.resolve(inspection))
      worker.on('error', (cause) => waiting.splice(0).forEach(({ reject }) => reject(cause)))
      started.push({ worker, waiting })
    }
  }

  return {
    inspect: (bodies, wanted) => {
      pages += 1
      if (pages > PAGES_HERE) start()
      const [idlest] = started.toSorted((a, b) => a.waiting.length - b.waiting.length)
      if (!idlest) return here(bodies, wanted)
      return new Promise((resolve, reject) => {
        idlest.waiting.push({ resolve, reject })
        const block = blockOf(bodies)
        idlest.worker.postMessage({ block, wanted } satisfies Asked, [block.bytes.buffer as ArrayBuffer, block.ends.buffer as ArrayBuffer])
      })
    },
    close: async () => {
      await Promise.all(started.map(({ worker }) => worker.terminate()))
    },
  }
}
