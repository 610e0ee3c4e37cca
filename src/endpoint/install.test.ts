import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CONNECTOR } from '../../test/support/connector.ts'
import { AGENT_CLIENTS, CLIENT_NAMES, type ClientName } from './agent-client.ts'
import type { Machine } from './home.ts'
import { install } from './install.ts'

const LAUNCH = { command: '/opt/node/bin/node', args: ['/opt/gatehouse/src/bin/gatehouse.ts', 'connect', '--home', '/home/amara/.config/gatehouse'] }
const NOW = new Date('2026-11-23T12:00:00.000Z')

const machine = (platform: NodeJS.Platform = 'linux'): Machine => ({ platform, env: {}, homedir: realpathSync(mkdtempSync(join(tmpdir(), 'gh-install-'))) })

function existing(name: ClientName, on: Machine, text: string): string {
  const file = AGENT_CLIENTS[name].file(on)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

const configOf = (file: string): Record<string, Record<string, unknown>> => JSON.parse(readFileSync(file, 'utf8'))
const expected = (name: ClientName) => (name === 'vscode' ? { type: 'stdio', ...LAUNCH } : LAUNCH)

describe.each(CLIENT_NAMES)('installing for %s', (name) => {
  const { member } = AGENT_CLIENTS[name]

  it('writes a file where there is none, for its owner alone', () => {
    const on = machine()
    const { file, change, backup } = install(name, LAUNCH, on, NOW)
    expect({ change, backup }).toEqual({ change: 'written', backup: null })
    expect(configOf(file)).toEqual({ [member]: { gatehouse: expected(name) } })
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('leaves other servers and settings as they are, and keeps the file as it was beside it', () => {
    const on = machine()
    const before = JSON.stringify({ theme: 'dark', [member]: { other: { command: 'x' }, gatehouse: { command: 'old' } }, last: [1] }, null, '\t')
    const file = existing(name, on, before)
    const { backup } = install(name, LAUNCH, on, NOW)
    expect(backup).toBe(`${file}.2026-11-23T12-00-00.000Z.bak`)
    expect(readFileSync(backup ?? '', 'utf8')).toBe(before)
    expect(configOf(file)).toEqual({ theme: 'dark', [member]: { other: { command: 'x' }, gatehouse: expected(name) }, last: [1] })
    expect(Object.keys(configOf(file))).toEqual(['theme', member, 'last'])
    expect(readFileSync(file, 'utf8')).toContain('\n\t"theme"')
  })

  it('changes nothing the second time', () => {
    const on = machine()
    const { file } = install(name, LAUNCH, on, NOW)
    const before = statSync(file).mtimeMs
    expect(install(name, LAUNCH, on, NOW)).toMatchObject({ change: 'already there', backup: null })
    expect(statSync(file).mtimeMs).toBe(before)
    expect(readdirSync(dirname(file))).toHaveLength(1)
  })

  it.each([
    ['comments', '{\n  // mine\n  "x": 1\n}'],
    ['half a file', '{"x": '],
    ['a list', '[]'],
    ['servers that are no object', `{"${member}": []}`],
  ])('leaves a file with %s untouched, and names the block to paste', (_, text) => {
    const on = machine()
    const file = existing(name, on, text)
    expect(() => install(name, LAUNCH, on, NOW)).toThrow(expect.objectContaining({ code: 'config_invalid', next: expect.stringContaining('"gatehouse": {') }))
    expect(readFileSync(file, 'utf8')).toBe(text)
    expect(readdirSync(dirname(file))).toHaveLength(1)
  })

  it.each(['', '\n', '\uFEFF{}', '{}'])('takes the empty file %j for an empty configuration', (text) => {
    const on = machine()
    const file = existing(name, on, text)
    install(name, LAUNCH, on, NOW)
    expect(configOf(file)).toEqual({ [member]: { gatehouse: expected(name) } })
  })

  it('writes through a link to the file behind it', () => {
    const on = machine()
    const kept = join(on.homedir, 'dotfiles.json')
    writeFileSync(kept, '{}')
    const file = AGENT_CLIENTS[name].file(on)
    mkdirSync(dirname(file), { recursive: true })
    symlinkSync(kept, file)
    expect(install(name, LAUNCH, on, NOW).file).toBe(kept)
    expect(configOf(kept)[member]).toHaveProperty('gatehouse')
  })
})

describe("a client's file", () => {
  it.each([
    ['claude-desktop', 'linux', '.config/Claude/claude_desktop_config.json'],
    ['claude-desktop', 'darwin', 'Library/Application Support/Claude/claude_desktop_config.json'],
    ['claude-desktop', 'win32', 'AppData/Roaming/Claude/claude_desktop_config.json'],
    ['cursor', 'linux', '.cursor/mcp.json'],
    ['cursor', 'darwin', '.cursor/mcp.json'],
    ['cursor', 'win32', '.cursor/mcp.json'],
    ['vscode', 'linux', '.config/Code/User/mcp.json'],
    ['vscode', 'darwin', 'Library/Application Support/Code/User/mcp.json'],
    ['vscode', 'win32', 'AppData/Roaming/Code/User/mcp.json'],
  ] as const)('of %s on %s is %s', (name, platform, path) => {
    const on = machine(platform)
    expect(AGENT_CLIENTS[name].file(on)).toBe(join(on.homedir, path))
  })
})

describe('gatehouse connect', () => {
  const run = (home: string, ...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [CONNECTOR, 'connect', ...args], { env: { ...process.env, HOME: home, XDG_CONFIG_HOME: '' } })

  it('--install enters this very Node and program by absolute paths, and says what to do next', async () => {
    const { homedir } = machine()
    const { stdout } = await run(homedir, '--install', 'cursor')
    const { mcpServers } = configOf(join(homedir, '.cursor', 'mcp.json'))
    const { command, args } = (mcpServers ?? {})['gatehouse'] as typeof LAUNCH
    expect(command).toBe(process.execPath)
    expect(args.slice(1)).toEqual(['connect', '--home', join(homedir, '.config', 'gatehouse')])
    expect(isAbsolute(args[0] ?? '') && args[0]?.endsWith(join('src', 'bin', 'gatehouse.ts'))).toBe(true)
    expect(stdout).toContain('Restart Cursor')
  })

  it('--print shows the block and changes nothing', async () => {
    const { homedir } = machine()
    const { stdout } = await run(homedir, '--print', 'vscode')
    expect(JSON.parse(stdout).servers.gatehouse).toMatchObject({ type: 'stdio', command: process.execPath })
    expect(readdirSync(homedir)).toEqual([])
  })

  it('names the clients it knows, and the block, when asked for another', async () => {
    const { homedir } = machine()
    await expect(run(homedir, '--install', 'emacs')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no client `emacs` is known; known are claude-desktop, cursor, vscode\n(.|\n)*"mcpServers"/),
    })
    expect(readdirSync(homedir)).toEqual([])
  })
})
