import { parentPort } from 'node:worker_threads'
import { type Block, inspectBlock, type Wanted } from './verify-inspect.ts'
import { recogniser } from './verify-recognise.ts'

export type Asked = { readonly block: Block; readonly wanted: Wanted }

const readBody = recogniser()

/** A thread of `verify-inspectors.ts`: answers each block with its inspection, in order. */
parentPort?.on('message', ({ block, wanted }: Asked) => {
  const inspection = inspectBlock(block, readBody, wanted)
  const parts = [inspection.leaves, inspection.times, inspection.nodeOf].map(({ buffer }) => buffer as ArrayBuffer)
  parentPort?.postMessage(inspection, parts)
})
