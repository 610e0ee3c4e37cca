import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type DeskPerson, signInAt } from '../../src/bin/pilot/desk-client.ts'
import { type Overrides, type Raise, raisePilot } from '../../src/bin/pilot/raise.ts'
import { ofTheRun } from './database.ts'
import { passableFolder } from './pilot-command.ts'

/**
 * The whole pilot as people run it: its own PostgreSQL, its processes, its people. Takes some seconds; one for a file. What `gatehouse pilot` makes before its
 * parts is a copy here; `life`, `pilot-once` and others have it made.
 */
export type PilotHouse = {
  readonly raise: Raise
  readonly said: readonly string[]
  readonly employee: () => Promise<DeskPerson>
  readonly approver: () => Promise<DeskPerson>
  readonly close: () => Promise<void>
}

export async function startPilot(override: Overrides = {}): Promise<PilotHouse> {
  const folder = await laidPilot()
  const said: string[] = []
  const { raise, drop } = await raisePilot({ dataFolder: join(folder, 'data'), port: null, say: (line) => void said.push(line), override })
  const { people, deskUrl } = raise
  return {
    raise,
    said,
    employee: () => signInAt(deskUrl, people.employee.id, people.employee.passphrase),
    approver: () => signInAt(deskUrl, people.approver.id, people.approver.passphrase),
    async close() {
      await drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A new folder with `data` in it, as a pilot leaves it that stopped once its TMS was loaded. */
export async function laidPilot(): Promise<string> {
  const folder = passableFolder()
  execFileSync('cp', ['-a', await ofTheRun<string>('/pilot'), folder])
  return folder
}
