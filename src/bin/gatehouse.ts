#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { Command } from 'commander'
import { Fault } from '../model/fault.ts'
import { plainLines } from './journal/plain.ts'

/** Each command, loaded only when it is called: the connector on a desktop has no use for the gate. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  pilot: async () => (await import('./pilot.ts')).pilotCommand,
  serve: async () => (await import('./serve.ts')).serveCommand,
  connect: async () => (await import('./connect.ts')).connectCommand,
  enrol: async () => (await import('./enrol.ts')).enrolCommand,
  journal: async () => (await import('./journal.ts')).journalCommand,
  receipt: async () => (await import('./receipt.ts')).receiptCommand,
  witness: async () => (await import('./witness.ts')).witnessCommand,
  check: async () => (await import('./check.ts')).checkCommand,
}

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(
    `gatehouse needs Node 24 or newer, and this is ${process.versions.node}; \`npm ci\` brings one for Linux and Windows: use the npm scripts\n`,
  )
  process.exit(1)
}

// Beside our own code, never in a folder others may write to: what lies in it is run.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/gatehouse'))

const program = new Command('gatehouse')
  .description('The building a desktop AI agent has to pass before it reaches company data')
  .version('0.1.0')
  .showHelpAfterError()
const asked = COMMANDS[process.argv[2] ?? '']
for (const load of asked ? [asked] : Object.values(COMMANDS)) (await load())(program)

try {
  await program.parseAsync()
} catch (cause) {
  if (!(cause instanceof Fault)) throw cause
  // Not by itself: what was opened before the fault would keep the process alive.
  process.stderr.write(`gatehouse: ${plainLines(cause.message)}\n  code: ${cause.code}\n  next: ${plainLines(cause.next)}\n`, () => process.exit(1))
}
