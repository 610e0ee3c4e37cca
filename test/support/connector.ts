import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { enrol } from '../../src/endpoint/enrol.ts'
import type { FakeGate } from '../fakes/gate.ts'

/** The program that tests start: the real one. */
export const CONNECTOR = join(import.meta.dirname, '..', '..', 'src', 'bin', 'gatehouse.ts')

export const freshHome = (): string => join(mkdtempSync(join(tmpdir(), 'gh-connector-')), 'home')

/** A folder with a device enrolled at this gate. */
export async function enrolledHome(gate: FakeGate): Promise<string> {
  const home = freshHome()
  const code = `code-${randomBytes(4).toString('hex')}`
  gate.codes.add(code)
  await enrol({ gate: gate.url, code, name: 'desk 7', home, replace: false, clock: Date.now, random: randomBytes })
  return home
}

export type Era = '2025-11-25' | '2026-07-28'

/** An agent's own MCP client, talking to a connector process it started. `errors` fills with what that process logs. */
export async function startAgent(home: string, era: Era): Promise<{ readonly client: Client; readonly errors: string[]; readonly changes: () => number }> {
  let changes = 0
  const client = new Client(
    { name: 'test agent', version: '1.2.3' },
    {
      versionNegotiation: { mode: era === '2025-11-25' ? 'legacy' : { pin: era } },
      listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => void (changes += 1) } },
    },
  )
  const transport = new StdioClientTransport({ command: process.execPath, args: [CONNECTOR, 'connect', '--home', home], stderr: 'pipe' })
  const errors: string[] = []
  transport.stderr?.on('data', (chunk) => errors.push(String(chunk)))
  await client.connect(transport)
  return { client, errors, changes: () => changes }
}
