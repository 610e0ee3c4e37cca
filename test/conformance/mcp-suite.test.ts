import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { startDpopProxy } from '../support/dpop-proxy.ts'
import { type PilotHouse, startPilot } from '../support/pilot.ts'
import { openProvenSession } from '../support/session.ts'

const SUITE = join(dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')), 'dist/index.js')
const HERE = import.meta.dirname
const UNHURRIED = { costMax: 60, costPerMinute: 100_000, sourcePerSecond: 1000, sourceBurst: 1000 }

/** The official suite, server side, against the whole house: a proxy adds token and proofs, which the suite cannot. */
describe('the official MCP conformance suite', () => {
  let pilot: PilotHouse
  let proxy: Awaited<ReturnType<typeof startDpopProxy>>
  const catalogue = mkdtempSync(join(tmpdir(), 'gatehouse-catalogue-'))

  beforeAll(async () => {
    cpSync(join(HERE, '../../catalogue'), catalogue, { recursive: true })
    cpSync(join(HERE, '../fixtures/catalogue'), catalogue, { recursive: true })
    pilot = await startPilot({ catalogue, limits: UNHURRIED })
    proxy = await startDpopProxy(await openProvenSession(pilot), pilot.raise.gateUrl)
  })
  afterAll(async () => {
    await proxy.close()
    await pilot.close()
    rmSync(catalogue, { recursive: true, force: true })
  })

  it.each(['2026-07-28', '2025-11-25'])(
    'finds at %s nothing failing but what is not offered, and what is not offered failing',
    async (revision) => {
      const { code, said } = await run([
        'server',
        '--url',
        `${proxy.url}/mcp`,
        '--requirements',
        revision,
        '--expected-failures',
        join(HERE, `expected-failures-${revision}.yaml`),
      ])
      expect(said).toMatch(/Total: [1-9]\d* passed/)
      if (code !== 0) throw new Error(said.slice(said.indexOf('=== SUMMARY')).slice(0, 6000))
    },
    120_000,
  )

  it.each(['2026-07-28', '2025-11-25'])('lists for %s no scenario of what is offered: tools, their errors, headers, rebinding', (revision) => {
    const { server } = parse(readFileSync(join(HERE, `expected-failures-${revision}.yaml`), 'utf8')) as { readonly server: readonly string[] }
    const offered = [
      'tools-list',
      'tools-call-simple-text',
      'tools-call-error',
      'dns-rebinding-protection',
      'http-header-validation',
      'ping',
      'server-initialize',
    ]
    expect(server.length).toBeGreaterThan(10)
    expect(server.filter((entry) => offered.includes(entry.split(':')[0] ?? ''))).toEqual([])
  })
})

function run(args: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
  const output = mkdtempSync(join(tmpdir(), 'gatehouse-conformance-'))
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [SUITE, ...args, '-o', output], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
    child.on('exit', (code) => {
      rmSync(output, { recursive: true, force: true })
      resolve({ code, said })
    })
  })
}
