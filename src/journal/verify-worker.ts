import { parentPort } from 'node:worker_threads'
import { type Block, inspectBlock } from './verify-inspect.ts'
import { recogniser } from './verify-recognise.ts'

const readBody = recogniser()

/** A thread of `verify-inspectors.ts`: answers each block with its inspection, in order. */
parentPort?.on('message', (block: Block) => {
  const inspection = inspectBlock(block, readBody)
  const parts = [inspection.leaves, inspection.times, inspection.nodeOf].map(({ buffer }) => buffer as ArrayBuffer)
  parentPort?.postMessage(inspection, parts)
})
