import { spawnSync } from 'node:child_process'
import { existsSync, lchownSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { run } from '../support/cli.ts'
import { freePorts, type PilotCommand, passableFolder, startPilotCommand } from '../support/pilot-command.ts'
import { processesNaming } from '../support/processes.ts'
import { openProgram } from '../support/program.ts'

const asRoot = process.getuid?.() === 0
const PARTS = ['gate', 'apply', 'sign', 'archive'] as const

const opened = openProgram()
const program = { program: join(opened.root, 'src/bin/gatehouse.ts'), node: opened.node }
const place = passableFolder()
const folder = join(place, 'data')
let port: number
let pilot: PilotCommand

beforeAll(async () => {
  port = await freePorts()
  pilot = await startPilotCommand(folder, port, program)
  // The signer's first signature is at most a second away.
  await vi.waitUntil(() => existsSync(join(folder, 'keys/sign/journal.signed')), { timeout: 10_000 })
})
afterAll(async () => {
  await stop()
  rmSync(place, { recursive: true, force: true })
  opened.drop()
})

async function stop(): Promise<void> {
  pilot.program.kill('SIGINT')
  await pilot.program.ended
}

type Ids = { readonly uid: number; readonly gid: number }

/** Whom each process runs as, of the real user and group ids and all others. Throws for one that has groups beside its own. */
function idsOf(pattern: RegExp): Ids {
  const [found, ...more] = processesNaming(folder).filter(({ command }) => pattern.test(command))
  if (!found || more.length > 0) throw new Error(`not one process is ${pattern}`)
  const status = readFileSync(`/proc/${found.pid}/status`, 'utf8')
  const one = (name: string): number => {
    const ids = new Set(new RegExp(`^${name}:\\t(.*)$`, 'm').exec(status)?.[1]?.split('\t').map(Number))
    if (ids.size !== 1) throw new Error(`${pattern} has several: ${name} ${[...ids].join()}`)
    return [...ids][0] ?? -1
  }
  if (asRoot && /^Groups:\t\S/m.test(status)) throw new Error(`${pattern} has groups of root's`)
  return { uid: one('Uid'), gid: one('Gid') }
}

const users = (): Readonly<Record<(typeof PARTS)[number] | 'postgres', Ids>> => ({
  gate: idsOf(/--part gate/),
  apply: idsOf(/--part apply/),
  sign: idsOf(/--part sign/),
  archive: idsOf(/--part archive/),
  postgres: idsOf(/postgres -D/),
})

/** The secrets of the folder, each with whoever of these can read it. */
function readers(): Readonly<Record<string, readonly string[]>> {
  const paths = ['secrets', ...PARTS.map((part) => `keys/${part}`)].flatMap((of) =>
    readdirSync(join(folder, of))
      .filter((name) => !name.endsWith('.draft'))
      .map((name) => `${of}/${name}`),
  )
  const can = (path: string, { uid, gid }: Ids): boolean => spawnSync('/bin/cat', [join(folder, path)], asRoot ? { uid, gid } : {}).status === 0
  const all = Object.entries(users())
  return Object.fromEntries(
    paths.map((path) => [
      path,
      all
        .filter(([, ids]) => can(path, ids))
        .map(([name]) => name)
        .toSorted(),
    ]),
  )
}

const SECRETS = ['db-apply', 'db-archive', 'db-gate', 'db-sign', 'passphrase-anna', 'passphrase-ben', 'superuser', 'tms-read', 'tms-write', 'vault']
const EVERYBODY = ['apply', 'archive', 'gate', 'postgres', 'sign']
/** As root each file has the one reader that needs it; otherwise all run as the one user, and the files are closed to everybody else. */
const only = (...names: readonly string[]): readonly string[] => (asRoot ? names : EVERYBODY)
const EXPECTED = {
  ...Object.fromEntries(SECRETS.map((name) => [`secrets/${name}`, only()])),
  'keys/gate/root.key': only('gate'),
  'keys/gate/authority.state': only('gate'),
  'keys/gate/decisions.key': only('gate'),
  'keys/gate/decisions.key.vkey': only('gate'),
  'keys/gate/journal.key.vkey': only('gate'),
  'keys/gate/journal-reader': only('gate'),
  'keys/archive/journal.key.vkey': only('archive'),
  'keys/apply/decisions.key.vkey': only('apply'),
  'keys/apply/journal.key.vkey': only('apply'),
  'keys/sign/journal.key': only('sign'),
  'keys/sign/journal.key.vkey': only('sign'),
  'keys/sign/journal.signed': only('sign'),
}

describe('the pilot', () => {
  it('runs PostgreSQL and each part, when started as root, as a user of its own; otherwise as whoever started it', () => {
    const uids = Object.values(users()).map(({ uid }) => uid)
    expect([new Set(uids).size, uids.includes(process.getuid?.() ?? -1)]).toEqual(asRoot ? [5, false] : [1, true])
  })

  it('keeps every secret from all but the part that needs it', () => {
    expect(readers()).toEqual(EXPECTED)
    for (const path of Object.keys(EXPECTED)) expect({ path, others: statSync(join(folder, path, '..')).mode & 0o077 }).toEqual({ path, others: 0 })
  })

  it.skipIf(!asRoot)('keeps the credentials in a part’s environment from the other parts, as root (otherwise skipped aloud: they are one user)', () => {
    const [apply] = processesNaming(folder).filter(({ command }) => command.includes('--part apply'))
    const environment = `/proc/${apply?.pid}/environ`
    expect(readFileSync(environment, 'utf8')).toContain('TMS_WRITE_URL=')
    const { gate, sign, archive, postgres } = users()
    for (const { uid, gid } of [gate, sign, archive, postgres]) expect(spawnSync('/bin/cat', [environment], { uid, gid })).toMatchObject({ status: 1 })
  })

  it('goes on with the keys of before when it finds the folder of an older version, and its journal verifies', async () => {
    await stop()
    const before = flatten()
    pilot = await startPilotCommand(folder, port, program)
    expect(readers()).toEqual(EXPECTED)
    for (const [name, text] of Object.entries(before)) {
      const of = /^(root|decisions)/.test(name) ? 'gate' : 'sign'
      expect({ name, kept: readFileSync(join(folder, 'keys', of, name), 'utf8') === text }).toEqual({ name, kept: true })
    }
    expect(readdirSync(folder).filter((name) => name.endsWith('.yaml'))).toEqual(['apply.yaml', 'archive.yaml', 'gate.yaml', 'sign.yaml', 'usecases.yaml'])
    const verified = await run(['journal', 'verify', '--data', folder, '--json'])
    expect({ code: verified.code, report: JSON.parse(verified.out) as unknown }).toMatchObject({ code: 0, report: { ok: true, faults: [] } })
    expect((await (await pilot.approver()).call('me')).body).toMatchObject({ name: 'Ben Okafor' })
  }, 40_000)
})

/** As version 1 left it: one folder for all keys, root's, in a data folder of PostgreSQL's user's. Returns the keys, but for the signer's memory, which goes on. */
function flatten(): Readonly<Record<string, string>> {
  const keys = join(folder, 'keys')
  for (const [part, names] of [
    ['gate', ['root.key', 'decisions.key', 'decisions.key.vkey']],
    ['sign', ['journal.key', 'journal.key.vkey', 'journal.signed']],
  ] as const) {
    for (const name of names) {
      renameSync(join(keys, part, name), join(keys, name))
      lchownSync(join(keys, name), process.getuid?.() ?? -1, process.getgid?.() ?? -1)
    }
  }
  for (const part of PARTS) rmSync(join(keys, part), { recursive: true })
  for (const part of PARTS) rmSync(join(folder, `${part}.yaml`))
  writeFileSync(join(folder, 'gatehouse.yaml'), '{}\n')
  writeFileSync(join(folder, 'version'), '1\n')
  const { uid, gid } = statSync(join(folder, 'cluster'))
  if (asRoot) for (const path of ['', 'postgres.log']) lchownSync(join(folder, path), uid, gid)
  const names = readdirSync(keys).filter((name) => name !== 'journal.signed')
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(keys, name), 'utf8')]))
}
