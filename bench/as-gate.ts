import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { RUNTIME } from '../src/bin/runtime.ts'

const { flags } = RUNTIME.gate

/** True in a program that runs with the gate's own settings of V8. Otherwise it is run so, to its end. */
export async function asGate(): Promise<boolean> {
  if (flags.every((flag) => process.execArgv.includes(flag))) return true
  const child = spawn(process.execPath, [...process.execArgv, ...flags, ...process.argv.slice(1)], { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  process.exitCode = code ?? 1
  return false
}
