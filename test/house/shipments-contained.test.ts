import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, cpSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { run, start } from '../support/cli.ts'
import { EXPORT, expectRefused, loaded, ROWS } from '../support/own-export.ts'
import { freePorts, passableFolder } from '../support/pilot-command.ts'
import { openProgram, type Program } from '../support/program.ts'

/** An account that every Unix has and nobody works as. */
const AGENT = { name: 'nobody', uid: 65_534, gid: 65_534 }

describe.skipIf(process.getuid?.() !== 0)("a company's own export beside an agent of another user, as root (otherwise skipped aloud)", () => {
  const place = passableFolder()
  const data = join(place, 'data')
  const exported = join(place, 'export.csv')
  const mapping = join(place, 'mapping.yaml')
  /** Where an administrator puts the program: nobody else may add to a folder above. */
  let installed: Program
  let home: string
  let port: number
  beforeAll(async () => {
    installed = openProgram('/var/lib')
    home = mkdtempSync('/var/lib/gatehouse-test-')
    port = await freePorts()
  })
  beforeEach(() => {
    copyFileSync(EXPORT, exported)
    chmodSync(exported, 0o600)
    chownSync(exported, 0, 0)
    chmodSync(home, 0o755)
    chownSync(home, 0, 0)
  })
  afterAll(() => {
    for (const folder of [place, home]) rmSync(folder, { recursive: true, force: true })
    installed.drop()
  })

  const toAgent = (path: string): void => chownSync(path, AGENT.uid, AGENT.gid)
  const startedFrom = (root: string) => ({ program: join(root, 'src/bin/gatehouse.ts'), node: installed.node })

  /** The same program once more, for a case to loosen. */
  function another(): string {
    const root = join(home, 'gatehouse')
    rmSync(root, { recursive: true, force: true })
    for (const part of ['src', 'catalogue', 'policies', 'package.json']) cpSync(join(installed.root, part), join(root, part), { recursive: true })
    symlinkSync(join(installed.root, 'node_modules'), join(root, 'node_modules'))
    return root
  }

  type Loosened = { readonly named: string; readonly root?: string; readonly more?: readonly string[] }
  const loosened = (path: string): Loosened => {
    const root = another()
    toAgent(join(root, path))
    return { root, named: join(root, path) }
  }
  it.each<[string, string, () => Loosened]>([
    ['the export is open to others', 'read', () => (chmodSync(exported, 0o644), { named: exported })],
    ['the export is the agent’s', 'read', () => (toAgent(exported), { named: exported })],
    [
      'the mapping file is the agent’s',
      'altered',
      () => {
        writeFileSync(mapping, 'notes: ~\n')
        toAgent(mapping)
        return { named: mapping, more: ['--mapping', mapping] }
      },
    ],
    ['a file deep in the program is the agent’s', 'altered', () => loosened('src/gate/mediate.ts')],
    ['the folder of policies is the agent’s', 'altered', () => loosened('policies')],
    ['the program lies in a folder of the agent’s, which they could exchange', 'altered', () => ({ ...loosened('..'), named: home })],
    [
      'the program lies in a folder where anybody may put a package beside it',
      'altered',
      () => {
        chmodSync(home, 0o1777)
        return { named: home, root: another() }
      },
    ],
  ])(
    'is not loaded where %s',
    async (_title, what, loosen) => {
      const { named, root = installed.root, more = [] } = loosen()
      const asked = ['--data', data, '--shipments', exported, '--agent-user', AGENT.name, ...more]
      const ran = await run(['pilot', '--once', ...asked], startedFrom(root))
      expectRefused(
        ran,
        'uncontained',
        `an agent could read this export without asking Gatehouse: \`${named}\``,
        /run the pilot as another user than the agent /,
      )
      expect(ran.err).toContain(`can be ${what} by \`${AGENT.name}\``)
      expect(await loaded(data)).toBeNull()
    },
    120_000,
  )

  it('is loaded where the agent can read and alter nothing of it, and found again so by a later start', async () => {
    const stand = async (more: readonly string[]) => {
      const standing = start(['pilot', '--data', data, '--port', String(port), '--agent-user', AGENT.name, ...more], startedFrom(installed.root))
      const stop = () => (standing.kill('SIGINT'), standing.ended)
      return { said: await standing.until(/Ctrl-C stops it/), stop }
    }
    const first = await stand(['--shipments', exported])
    expect(first.said).toContain(`${ROWS} rows of ${ROWS}, 12 customers, 108 orders; 128 cells kept as text, none dropped\n`)
    const reads = (path: string, who: object) => spawnSync(statSync(path).isDirectory() ? '/bin/ls' : '/bin/cat', [path], who).status === 0
    const readBy = (path: string) => ({ path, root: reads(path, {}), agent: reads(path, AGENT) })
    const open = join(place, 'open.txt')
    writeFileSync(open, 'for all\n', { mode: 0o644 })
    expect(readBy(open)).toEqual({ path: open, root: true, agent: true })
    for (const path of [exported, data, ...['cluster', 'cluster/PG_VERSION', 'secrets', 'secrets/superuser'].map((name) => join(data, name))])
      expect(readBy(path)).toEqual({ path, root: true, agent: false })
    expect(await first.stop()).toMatchObject({ code: 0, err: '' })

    const again = await stand([])
    expect(again.said).toContain(`Its TMS holds ${ROWS} shipments of 12 customers`)
    expect(await again.stop()).toMatchObject({ code: 0, err: '' })
    expect(await loaded(data)).toMatchObject({ shipments: ROWS, kept: 128 })
  }, 180_000)
})
