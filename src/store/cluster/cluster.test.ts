import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Cluster, openCluster } from './cluster.ts'
import { alive } from './postmaster.ts'

const asRoot = process.getuid?.() === 0
/** As root the house's group may pass; otherwise there is nobody else. */
const passable = asRoot ? '710' : '700'

let first: string
let place: string
let opened: Cluster[]
beforeAll(async () => {
  first = newPlace()
  await (await openCluster({ dataFolder: join(first, 'data'), say: () => undefined })).stop()
})
afterAll(() => rmSync(first, { recursive: true, force: true }))
beforeEach(() => {
  place = newPlace()
  opened = []
})
afterEach(async () => {
  for (const cluster of opened) await cluster.stop()
  rmSync(place, { recursive: true, force: true })
})

function newPlace(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-cluster-'))
  chmodSync(folder, 0o755)
  return folder
}

/** The data folder as a first start left it, for what is not about that start. */
const stood = (): void => void execFileSync('cp', ['-a', join(first, 'data'), place])

async function open(dataFolder = join(place, 'data'), said: string[] = []): Promise<Cluster> {
  const cluster = await openCluster({ dataFolder, say: (line) => said.push(line) })
  opened.push(cluster)
  return cluster
}

/** A server whose supervisor was killed; its process id. */
async function leftRunning(): Promise<number> {
  stood()
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../../test/support/supervisor.ts'), join(place, 'data')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [pid] = (await once(createInterface(child.stdout), 'line')) as [string]
  child.kill('SIGKILL')
  await once(child, 'exit')
  return Number(pid)
}

async function ask(cluster: Cluster, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: cluster.url('postgres', cluster.superuser.user, cluster.superuser.password) })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows.map((row) => Object.values(row)[0])
  } finally {
    await client.end()
  }
}

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('openCluster', () => {
  it('makes a durable cluster that only its owner reaches, as root the house’s group too, and finds everything again at the second start', async () => {
    const made = await open()
    await ask(made, 'create table kept as select 42 as answer')
    expect(
      await ask(
        made,
        `select string_agg(name || '=' || setting, ' ' order by name) from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses')`,
      ),
    ).toEqual(['fsync=on full_page_writes=on listen_addresses= synchronous_commit=on'])
    expect(await ask(made, `select count(*)::int from pg_hba_file_rules where auth_method <> 'scram-sha-256'`)).toEqual([0])
    expect([mode(join(place, 'data')), mode(join(place, 'data', 'secrets')), mode(join(place, 'data', 'secrets', 'superuser'))]).toEqual([
      passable,
      '700',
      '600',
    ])
    expect(mode(made.superuser.host)).toBe(passable)
    const secret = made.secret('gate')
    await made.stop()
    expect(alive(made.pid)).toBe(false)

    const second = await open()
    expect(second.adopted).toBe(false)
    expect(await ask(second, 'select answer from kept')).toEqual([42])
    expect(second.secret('gate')).toBe(secret)
    expect(readdirSync(join(place, 'data')).filter((name) => name.includes('cluster'))).toEqual(['cluster'])
  })

  it('turns back a wrong password, and says nothing about the right one', async () => {
    stood()
    const cluster = await open()
    const asked = new pg.Client({ ...cluster.superuser, password: 'guess' }).connect()
    await expect(asked).rejects.toMatchObject({ code: '28P01' })
  })

  it('turns back a second supervisor on the same folder, whose first goes on undisturbed', async () => {
    stood()
    const supervised = await open()
    await expect(open()).rejects.toMatchObject({ code: 'data_in_use', message: expect.stringContaining('data') })
    expect(await ask(supervised, 'select 1')).toEqual([1])
  })

  it('lets one of two that start at once have a new folder, and turns the other back', async () => {
    const both = await Promise.allSettled([open(), open()])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'data_in_use' } })
    expect(await ask(opened[0] as Cluster, 'select 1')).toEqual([1])
  })

  it('adopts a server whose supervisor was killed, with what it had written, and stops it in the end', async () => {
    const pid = await leftRunning()
    expect(alive(pid)).toBe(true)
    const said: string[] = []
    const cluster = await open(undefined, said)
    expect([cluster.adopted, cluster.pid, said.length]).toEqual([true, pid, 1])
    expect(await ask(cluster, 'select answer from kept')).toEqual([42])
    await cluster.stop()
    expect(existsSync(join(place, 'data', 'cluster', 'postmaster.pid'))).toBe(false)
  })

  it('starts again after the server itself was killed, and clears what it left', async () => {
    stood()
    const killed = await open()
    await ask(killed, 'create table kept as select 42 as answer')
    process.kill(killed.pid, 'SIGKILL')
    while (alive(killed.pid)) await new Promise((wake) => setTimeout(wake, 20))
    expect(existsSync(join(place, 'data', 'cluster', 'postmaster.pid'))).toBe(true)
    await killed.stop()
    expect(await ask(await open(), 'select answer from kept')).toEqual([42])
  })

  it('turns back a folder of a newer version and touches nothing in it', async () => {
    const folder = join(place, 'data')
    mkdirSync(folder)
    writeFileSync(join(folder, 'version'), '3\n')
    await expect(open()).rejects.toMatchObject({ code: 'data_newer', message: expect.stringContaining('data version 3') })
    expect(readdirSync(folder)).toEqual(['version'])
    expect(statSync(folder).uid).toBe(process.getuid?.())
  })

  it('turns back a folder that holds something else and touches nothing in it', async () => {
    const folder = join(place, 'data')
    mkdirSync(folder)
    writeFileSync(join(folder, 'thesis.tex'), 'x')
    await expect(open()).rejects.toMatchObject({ code: 'data_unreachable' })
    expect(readdirSync(folder)).toEqual(['thesis.tex'])
  })

  it('shows the end of the log when the server will not start', async () => {
    stood()
    writeFileSync(join(place, 'data', 'cluster', 'postgresql.conf'), 'no_such_setting = 1\n')
    await expect(open()).rejects.toMatchObject({ code: 'data_unreachable', message: expect.stringContaining('no_such_setting') })
  })

  it('puts the socket elsewhere when the folder lies too deep for one, and takes it away again', async () => {
    const cluster = await open(join(place, 'd'.repeat(100), 'data'))
    expect(cluster.superuser.host.length).toBeLessThan(90)
    expect(await ask(cluster, 'select 1')).toEqual([1])
    await cluster.stop()
    expect(existsSync(cluster.superuser.host)).toBe(false)
  })

  it.skipIf(!asRoot)('as root (otherwise skipped aloud), names the folder on the way that the server cannot pass through, and what to do', async () => {
    mkdirSync(join(place, 'closed'), { mode: 0o700 })
    await expect(open(join(place, 'closed', 'data'))).rejects.toMatchObject({
      code: 'data_unreachable',
      message: expect.stringContaining(join(place, 'closed')),
      next: expect.stringContaining(`chmod o+x ${join(place, 'closed')}`),
    })
  })

  it('runs the server as a user who as root owns the cluster and the socket and nothing else, and otherwise is ourselves', async () => {
    const cluster = await open()
    const owners = Object.fromEntries(
      // Binaries are copied in where the server's user cannot reach the checkout's.
      readdirSync(join(place, 'data'))
        .filter((name) => !name.startsWith('postgres-'))
        .map((name) => [name, statSync(join(place, 'data', name)).uid]),
    )
    const server = owners['cluster'] ?? -1
    expect(server === 0).toBe(false)
    // Where there is no /proc the owner of what it writes has to do.
    const status = existsSync('/proc') ? readFileSync(`/proc/${cluster.pid}/status`, 'utf8') : `Uid:${`\t${server}`.repeat(4)}`
    expect(status).toMatch(new RegExp(`^Uid:(\\t${server}){4}$`, 'm'))
    const ours = process.getuid?.() ?? -1
    expect(owners).toEqual({ cluster: server, socket: server, secrets: ours, version: ours, 'postgres.log': ours })
    expect(statSync(join(place, 'data')).uid).toBe(ours)
  })

  it('keeps every password from the server’s user when we are root; otherwise owner-only', async () => {
    const cluster = await open()
    const files = ['superuser', 'gate'].map((name) => (cluster.secret(name), join(place, 'data', 'secrets', name)))
    const { uid, gid } = statSync(join(place, 'data', 'cluster'))
    for (const path of files) {
      expect(statSync(path)).toMatchObject({ uid: process.getuid?.(), mode: 0o100_600 })
      const read = spawnSync('/bin/cat', [path], asRoot ? { uid, gid } : {})
      expect({ path, status: read.status, out: read.stdout.toString() }).toEqual(
        asRoot ? { path, status: 1, out: '' } : { path, status: 0, out: readFileSync(path, 'utf8') },
      )
    }
  })
})

describe.skipIf(!asRoot)('a data folder of before, as root (otherwise skipped aloud: there all of it is ours)', () => {
  /** As version 1 left it: the folder is the server's user's. */
  async function older(left: () => Promise<unknown> = async () => stood()): Promise<{ readonly folder: string; readonly uid: number; readonly gid: number }> {
    await left()
    const folder = join(place, 'data')
    const { uid, gid } = statSync(join(folder, 'cluster'))
    writeFileSync(join(folder, 'version'), '1\n')
    writeFileSync(join(folder, 'usecases.yaml'), 'kept: true\n')
    for (const name of ['', 'secrets', 'secrets/superuser', 'usecases.yaml', 'postgres.log']) lchownSync(join(folder, name), uid, gid)
    chmodSync(folder, 0o700)
    return { folder, uid, gid }
  }

  it('is taken back at the next start, with everything in it', async () => {
    const { folder, uid } = await older()
    const before = readFileSync(join(folder, 'secrets', 'superuser'), 'utf8')
    const cluster = await open()
    expect(await ask(cluster, 'select 1')).toEqual([1])
    expect(cluster.superuser.password).toBe(before)
    expect(readFileSync(join(folder, 'usecases.yaml'), 'utf8')).toBe('kept: true\n')
    expect(readFileSync(join(folder, 'version'), 'utf8')).toBe('2\n')
    const theirs = readdirSync(folder).filter((name) => statSync(join(folder, name)).uid === uid)
    expect([statSync(folder).uid, statSync(join(folder, 'secrets/superuser')).uid, theirs]).toEqual([0, 0, ['cluster', 'socket']])
  })

  it('is taken back from a server that was left running, which is stopped before and loses nothing', async () => {
    let pid = 0
    await older(async () => {
      pid = await leftRunning()
    })
    const cluster = await open()
    expect([cluster.adopted, alive(pid), cluster.pid === pid]).toEqual([false, false, false])
    expect(await ask(cluster, 'select answer from kept')).toEqual([42])
  })

  it('is left as it is while another supervisor lives', async () => {
    stood()
    const supervised = await open()
    const { folder, uid } = await older(async () => undefined)
    await expect(open()).rejects.toMatchObject({ code: 'data_in_use' })
    expect([statSync(folder).uid, readFileSync(join(folder, 'version'), 'utf8')]).toEqual([uid, '1\n'])
    expect(await ask(supervised, 'select 1')).toEqual([1])
  })

  it('is turned back when the server’s user put a link into it, which is not followed', async () => {
    const { folder, uid, gid } = await older()
    const elsewhere = join(place, 'elsewhere')
    mkdirSync(elsewhere, { mode: 0o700 })
    renameSync(join(folder, 'secrets'), join(folder, 'secrets-of-before'))
    symlinkSync(elsewhere, join(folder, 'secrets'))
    lchownSync(join(folder, 'secrets'), uid, gid)
    await expect(open()).rejects.toMatchObject({
      code: 'data_unreachable',
      message: expect.stringContaining(`\`${join(folder, 'secrets')}\` is neither a file nor a folder`),
    })
    expect(readdirSync(elsewhere)).toEqual([])
  })

  it('is turned back when a person made it, whose own it stays', async () => {
    const { folder } = await older()
    // Debian's `games`: not a server's user, and there on every machine.
    for (const name of ['', 'cluster']) lchownSync(join(folder, name), 5, 60)
    await expect(open()).rejects.toMatchObject({ code: 'data_unreachable', message: expect.stringMatching(/was made by the user `games`/) })
    expect(statSync(folder).uid).toBe(5)
  })
})
