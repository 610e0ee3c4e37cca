#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { Fault } from '../model/fault.ts'
import { plainLines } from './journal/plain.ts'
import { programFor } from './program.ts'

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(
    `gatehouse needs Node 24 or newer, and this is ${process.versions.node}; \`npm ci\` brings one for Linux and Windows: use the npm scripts\n`,
  )
  process.exit(1)
}

// Beside our own code, never in a folder others may write to: what lies in it is run.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/gatehouse'))

const program = await programFor(process.argv[2])

try {
  await program.parseAsync()
} catch (cause) {
  if (!(cause instanceof Fault)) throw cause
  // Not by itself: what was opened before the fault would keep the process alive.
  process.stderr.write(`gatehouse: ${plainLines(cause.message)}\n  code: ${cause.code}\n  next: ${plainLines(cause.next)}\n`, () => process.exit(1))
}
