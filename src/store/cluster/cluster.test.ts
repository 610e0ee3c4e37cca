import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Cluster, openCluster } from './cluster.ts'
import { alive } from './postmaster.ts'

const asRoot = process.getuid?.() === 0

let place: string
let opened: Cluster[]
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'gatehouse-cluster-'))
  chmodSync(place, 0o755)
  opened = []
})
afterEach(async () => {
  for (const cluster of opened) await cluster.stop()
  rmSync(place, { recursive: true, force: true })
})

async function open(dataFolder = join(place, 'data'), said: string[] = []): Promise<Cluster> {
  const cluster = await openCluster({ dataFolder, say: (line) => said.push(line) })
  opened.push(cluster)
  return cluster
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
  it('makes a durable cluster that only its owner reaches, and finds everything again at the second start', async () => {
    const first = await open()
    await ask(first, 'create table kept as select 42 as answer')
    expect(
      await ask(
        first,
        `select string_agg(name || '=' || setting, ' ' order by name) from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses')`,
      ),
    ).toEqual(['fsync=on full_page_writes=on listen_addresses= synchronous_commit=on'])
    expect(await ask(first, `select count(*)::int from pg_hba_file_rules where auth_method <> 'scram-sha-256'`)).toEqual([0])
    expect([mode(join(place, 'data')), mode(join(place, 'data', 'secrets')), mode(join(place, 'data', 'secrets', 'superuser'))]).toEqual(['700', '700', '600'])
    expect(mode(first.superuser.host)).toBe('700')
    const secret = first.secret('gate')
    await first.stop()
    expect(alive(first.pid)).toBe(false)

    const second = await open()
    expect(second.adopted).toBe(false)
    expect(await ask(second, 'select answer from kept')).toEqual([42])
    expect(second.secret('gate')).toBe(secret)
    expect(readdirSync(join(place, 'data')).filter((name) => name.includes('cluster'))).toEqual(['cluster'])
  })

  it('turns back a wrong password, and says nothing about the right one', async () => {
    const cluster = await open()
    const asked = new pg.Client({ ...cluster.superuser, password: 'guess' }).connect()
    await expect(asked).rejects.toMatchObject({ code: '28P01' })
  })

  it('turns back a second supervisor on the same folder, whose first goes on undisturbed', async () => {
    const first = await open()
    await expect(open()).rejects.toMatchObject({ code: 'data_in_use', message: expect.stringContaining('data') })
    expect(await ask(first, 'select 1')).toEqual([1])
  })

  it('lets one of two that start at once have a new folder, and turns the other back', async () => {
    const both = await Promise.allSettled([open(), open()])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'data_in_use' } })
    expect(await ask(opened[0] as Cluster, 'select 1')).toEqual([1])
  })

  it('adopts a server whose supervisor was killed, with what it had written, and stops it in the end', async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../../test/support/supervisor.ts'), join(place, 'data')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [pid] = (await once(createInterface(child.stdout), 'line')) as [string]
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(alive(Number(pid))).toBe(true)
    const said: string[] = []
    const cluster = await open(undefined, said)
    expect([cluster.adopted, cluster.pid, said.length]).toEqual([true, Number(pid), 1])
    expect(await ask(cluster, 'select answer from kept')).toEqual([42])
    await cluster.stop()
    expect(existsSync(join(place, 'data', 'cluster', 'postmaster.pid'))).toBe(false)
  })

  it('starts again after the server itself was killed, and clears what it left', async () => {
    const first = await open()
    await ask(first, 'create table kept as select 42 as answer')
    process.kill(first.pid, 'SIGKILL')
    while (alive(first.pid)) await new Promise((wake) => setTimeout(wake, 20))
    expect(existsSync(join(place, 'data', 'cluster', 'postmaster.pid'))).toBe(true)
    await first.stop()
    expect(await ask(await open(), 'select answer from kept')).toEqual([42])
  })

  it('turns back a folder of a newer version and touches nothing in it', async () => {
    const folder = join(place, 'data')
    mkdirSync(folder)
    writeFileSync(join(folder, 'version'), '2\n')
    await expect(open()).rejects.toMatchObject({ code: 'data_newer', message: expect.stringContaining('data version 2') })
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
    await (await open()).stop()
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

  it.skipIf(!asRoot)('as root (otherwise skipped aloud), runs the server as another user, who owns the data folder', async () => {
    const cluster = await open()
    const owner = statSync(join(place, 'data')).uid
    expect(owner).not.toBe(0)
    expect(readFileSync(`/proc/${cluster.pid}/status`, 'utf8')).toMatch(new RegExp(`^Uid:\\t${owner}\\t${owner}\\t${owner}\\t${owner}$`, 'm'))
  })
})
