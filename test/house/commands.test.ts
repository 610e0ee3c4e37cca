import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { run } from '../support/cli.ts'
import { passableFolder } from '../support/pilot-command.ts'
import { processesNaming } from '../support/processes.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const PASSWORD = 'pw-that-nobody-prints'
const NOWHERE = `postgresql://admin:${PASSWORD}@127.0.0.1:1/postgres`

const place = passableFolder()
afterAll(() => rmSync(place, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(place, name)
  writeFileSync(path, text)
  return path
}

const CONFIG = {
  publicUrl: 'https://gate.example:8443',
  deskUrl: 'https://gate.example:8444',
  listen: { gate: '127.0.0.1:18443', desk: '127.0.0.1:18444' },
  keys: join(place, 'keys'),
  logOrigin: 'journal.example/gatehouse',
  catalogue: join(REPOSITORY, 'catalogue'),
  policies: join(REPOSITORY, 'policies'),
  useCases: join(REPOSITORY, 'policies/usecases.yaml'),
  systems: { tms: { kind: 'postgres', readUrl: 'TMS_READ_URL', writeUrl: 'TMS_WRITE_URL' } },
}

describe('--help', () => {
  it.each([
    { of: 'gatehouse', names: ['pilot', 'serve', 'connect', 'enrol', 'journal', 'receipt', 'check', '--version'] },
    { of: 'gatehouse pilot', names: ['--data', '--port', '--once', '--shipments', '--mapping', '--agent-user', '--demo-uncontained'] },
    { of: 'gatehouse serve', names: ['--config', '--part', 'DATABASE_URL'] },
    { of: 'gatehouse connect', names: ['--home', '--install', '--print', 'claude-desktop, cursor, vscode'] },
    { of: 'gatehouse enrol', names: ['--gate', '--code', '--name', '--home', '--replace', '--invite', '--config'] },
    { of: 'gatehouse journal', names: ['verify', 'proof', 'search', 'export'] },
    {
      of: 'gatehouse journal verify',
      names: ['--key', '--policy', '--signed', '--against', '--folder', '--url', '--bucket', '--incremental', '--json', 'DATABASE_URL', 'Exit code'],
    },
    { of: 'gatehouse journal search', names: ['--session', '--person', '--since', '--json'] },
    { of: 'gatehouse journal export', names: ['--case', '--reason', '--out'] },
    { of: 'gatehouse receipt verify', names: ['--key', '--policy', '--entry', '--leaf', 'Exit code'] },
    { of: 'gatehouse check', names: ['--config', '--catalogue', '--policies', '--use-cases'] },
  ])('of `$of` names every option and does nothing else', async ({ of, names }) => {
    const { code, out, err } = await run([...of.split(' ').slice(1), '--help'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^Usage: gatehouse/)
    for (const name of names) expect(out).toContain(name)
  })
})

describe('a command line that says nothing we know', () => {
  it.each([
    { what: 'an unknown command', args: ['explode'], says: "error: unknown command 'explode'", shows: 'Commands:' },
    { what: 'an unknown option', args: ['pilot', '--nope'], says: "error: unknown option '--nope'", shows: '--demo-uncontained' },
    {
      what: 'a part that is none',
      args: ['serve', '--config', 'x', '--part', 'root'],
      says: 'Allowed choices are sign, archive, apply, gate',
      shows: '--config <file>',
    },
    { what: 'no configuration to serve', args: ['serve'], says: "error: required option '--config <file>' not specified", shows: '--part' },
    { what: 'nothing', args: [], says: 'Usage: gatehouse', shows: 'Commands:' },
  ])('$what: exit code 1, what is wrong and what there is, on standard error', async ({ args, says, shows }) => {
    const { code, out, err } = await run(args)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(says)
    expect(err).toContain(shows)
    expect(err).not.toMatch(/\n\s+at /)
  })
})

type Faulty = {
  readonly what: string
  readonly args: () => readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly code: string
  /** 1, but for commands that judge: 3 when they could not ask. */
  readonly exit?: number
  readonly says: readonly (string | RegExp)[]
  readonly next: string
}

const withConfig = (name: string, over: object): string => file(name, JSON.stringify({ ...CONFIG, ...over }))

const FAULTS: readonly Faulty[] = [
  {
    what: 'a configuration with several faults names each with its line',
    args: () => [
      'check',
      '--config',
      file(
        'several.yaml',
        'publicUrl: ftp://gate.example\ndeskUrl: https://gate.example:8444\nlisten:\n  gate: nowhere\n  desk: 127.0.0.1:99999\nkeys: keys\nlogOrigin: "no spaces please"\nsystems: {}\nfrobnicate: true\n',
      ),
    ],
    code: 'config_invalid',
    says: [
      /several\.yaml:1: publicUrl: /,
      /several\.yaml:4: listen\.gate: /,
      /several\.yaml:5: listen\.desk: /,
      /several\.yaml:7: logOrigin: /,
      /several\.yaml:\d: .*frobnicate/,
    ],
    next: 'correct them; docs/guide/administrator.md describes every setting',
  },
  {
    what: 'a configuration that is no YAML names the line',
    args: () => ['serve', '--config', file('broken.yaml', 'publicUrl: https://gate.example\nlisten: [\n')],
    env: { DATABASE_URL: NOWHERE },
    code: 'config_invalid',
    says: [/broken\.yaml:\d: /],
    next: 'correct them; docs/guide/administrator.md describes every setting',
  },
  {
    what: 'plain http beyond this machine',
    args: () => [
      'check',
      '--config',
      withConfig('open.yaml', { publicUrl: 'http://gate.example', tls: 'off', listen: { gate: '0.0.0.0:80', desk: '127.0.0.1:81' } }),
    ],
    code: 'config_invalid',
    says: ['`tls: off` with http listens on 0.0.0.0:80, beyond this machine'],
    next: 'listen on 127.0.0.1, or set `tls` to `self` or to your certificate',
  },
  {
    what: 'a configuration that is not there',
    args: () => ['serve', '--config', join(place, 'none.yaml')],
    code: 'config_invalid',
    says: [/the configuration .*none\.yaml cannot be read/],
    next: 'name it with --config; docs/guide/administrator.md has one to start from',
  },
  {
    what: 'serve without DATABASE_URL',
    args: () => ['serve', '--config', withConfig('good.yaml', {})],
    code: 'config_invalid',
    says: ["DATABASE_URL is not set: Gatehouse's own PostgreSQL server, as its administrator"],
    next: 'set DATABASE_URL in the environment of this process',
  },
  {
    what: 'a PostgreSQL that cannot be reached',
    args: () => ['serve', '--config', withConfig('good.yaml', {})],
    env: { DATABASE_URL: NOWHERE, TMS_READ_URL: NOWHERE, TMS_WRITE_URL: NOWHERE },
    code: 'postgres_unreachable',
    says: ['the database server does not let us in: ', 'ECONNREFUSED'],
    next: 'check that it runs, and its address, role and password',
  },
  {
    what: 'a catalogue with several faults names each with file and line',
    args: () => ['check', '--catalogue', faultyCatalogue(), '--policies', CONFIG.policies, '--use-cases', CONFIG.useCases],
    code: 'catalogue_invalid',
    says: [/operations\.yaml:\d+: .*\bsecretField\b/, /operations\.yaml:\d+: .*nowhere/],
    next: 'correct them, then run `gatehouse check`',
  },
  {
    what: 'a catalogue folder that is not there',
    args: () => ['check', '--catalogue', join(place, 'none')],
    code: 'catalogue_invalid',
    says: [/the folder .*none cannot be read/],
    next: 'correct its path in the configuration',
  },
  {
    what: 'policies with several faults name each with file and line',
    args: () => ['check', '--catalogue', CONFIG.catalogue, '--policies', faultyPolicies(), '--use-cases', join(place, 'policies/usecases.yaml')],
    code: 'policy_invalid',
    says: [/more\.cedar:\d+: /, /usecases\.yaml:\d+: /],
    next: 'correct them, then run `gatehouse check`',
  },
  {
    what: 'a verifier key that is none',
    args: () => ['journal', 'verify', '--key', file('no.vkey', 'not a key\n')],
    env: { DATABASE_URL: NOWHERE },
    exit: 3,
    code: 'config_invalid',
    says: ['that file holds no verifier key'],
    next: "give the file that lies beside the signer's key, `*.vkey`",
  },
  {
    what: 'a port that is none',
    args: () => ['pilot', '--data', join(place, 'unmade'), '--port', '65535'],
    code: 'config_invalid',
    says: ['`65535` is not a port for the gate'],
    next: 'name one from 1 to 65534 with --port; the console takes the next',
  },
  {
    what: 'a port that is not even a number, for a scripted run',
    args: () => ['pilot', '--once', '--port', 'http'],
    code: 'config_invalid',
    says: ['`http` is not a port for the gate'],
    next: 'name one from 1 to 65534 with --port; the console takes the next',
  },
  {
    what: 'a data folder of a newer version',
    args: () => ['pilot', '--data', dataFolder('newer', { version: '3\n' })],
    code: 'data_newer',
    says: [/was written by a newer Gatehouse \(data version 3, this one knows 2\)/],
    next: 'start it with that newer version, or name another folder with --data',
  },
  {
    what: "a folder of somebody else's",
    args: () => ['pilot', '--data', dataFolder('theirs', { 'thesis.tex': 'years of work' })],
    code: 'data_unreachable',
    says: ['is not empty and not a Gatehouse data folder'],
    next: 'name an empty or a new folder with --data',
  },
  {
    what: 'a gate that does not answer',
    args: () => ['enrol', '--gate', 'http://127.0.0.1:1', '--code', 'CODE-NOBODY-PRINTS', '--home', join(place, 'home')],
    code: 'gate_unreachable',
    says: ['the gate cannot be reached (ECONNREFUSED) at `http://127.0.0.1:1`'],
    next: 'check the network, then try again',
  },
]

describe('a fault', () => {
  it.each(FAULTS)('$what: $code, and what to do next', async ({ args, env = {}, code, says, next, exit = 1 }) => {
    const given = args()
    const before = contents(place)
    const ran = await run(given, { env })
    expect(ran.err).toMatch(/^gatehouse: /)
    for (const said of says) expect(ran.err).toMatch(said)
    expect(ran.err.slice(ran.err.indexOf('\n  code: '))).toBe(`\n  code: ${code}\n  next: ${next}\n`)
    expect(ran).toMatchObject({ code: exit, out: '' })
    expect(ran.err).not.toMatch(/\n\s+at |node:internal/)
    expect(ran.err).not.toContain(PASSWORD)
    expect(ran.err).not.toContain('NOBODY-PRINTS')
    expect(contents(place).filter((name) => !before.includes(name) && !/^(keys|home$)/.test(name))).toEqual([])
    expect(processesNaming(place)).toEqual([])
  })

  it('is not found in the repository as it is', async () => {
    const ran = await run(['check', '--config', withConfig('good.yaml', {})])
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toMatch(/^no fault found: \d+ resources, \d+ operations, \d+ policies \(serial .+\), 2 use cases\n$/)
  })
})

function faultyCatalogue(): string {
  const folder = join(place, 'catalogue')
  cpSync(join(REPOSITORY, 'catalogue'), folder, { recursive: true })
  const path = join(folder, 'tms/operations.yaml')
  const text = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    text.replace('returns: [shipmentId, reference,', 'returns: [shipmentId, secretField,').replace('resource: shipmentEvent', 'resource: nowhere'),
  )
  return folder
}

function faultyPolicies(): string {
  const folder = join(place, 'policies')
  cpSync(join(REPOSITORY, 'policies'), folder, { recursive: true })
  writeFileSync(join(folder, 'more.cedar'), 'permit (principal, action, resource)\nwhen { principal.nosuch == 7 };\n')
  const path = join(folder, 'usecases.yaml')
  writeFileSync(path, readFileSync(path, 'utf8').replace('title: Work the exceptions of the day', 'titel: Work'))
  return folder
}

function dataFolder(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(place, name)
  mkdirSync(folder, { recursive: true })
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
  return folder
}

const contents = (folder: string): readonly string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' })
