import { chmodSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { contained, leak } from './contained.ts'
import type { Path } from './internal/paths.ts'

const at = (path: string, uid: number, mode: number, gid = uid) => ({ path, uid, gid, mode })
const root = at('/', 0, 0o755)
const sound = {
  agent: { name: 'ann', uid: 1000, gids: [1000, 27] },
  folders: [at('/var/lib/gatehouse/pilot/cluster', 101, 0o700), at('/var/lib/gatehouse/pilot/secrets', 0, 0o700)],
  file: at('/srv/export.csv', 0, 0o600),
  ancestors: [root],
  program: [at('/opt/gatehouse/src', 0, 0o755)],
  ways: [root, at('/opt', 0, 0o755)],
}
const data = (path: Path) => ({ folders: [...sound.folders, path] })
const file = (path: Path, ...ancestors: readonly Path[]) => ({ file: path, ancestors: [root, ...ancestors] })
const program = (path: Path) => ({ program: [...sound.program, path] })
const way = (path: Path) => ({ ways: [...sound.ways, path] })

describe("an export is out of an agent's reach", () => {
  it.each<[string, Partial<typeof sound>, string | null]>([
    ['another owner, all closed', {}, null],
    ['the agent is root', { agent: { ...sound.agent, uid: 0 } }, 'may read everything'],
    ['a folder of the program is the agent’s', program(at('/opt/g/src', 1000, 0o755)), '`/opt/g/src`, by which Gatehouse itself runs, can be altered by `ann`'],
    ['a file of the program is the agent’s, though read-only', program(at('/opt/g/src/gate/mediate.ts', 1000, 0o444)), 'can be altered by `ann`'],
    ['a file of the program is another user’s', program(at('/opt/g/src/gate/mediate.ts', 1001, 0o644)), null],
    ['a folder of the program may be written by others', program(at('/opt/g', 0, 0o757)), 'can be altered by `ann`'],
    ['a folder of the program may be added to by others', program(at('/opt/g/policies', 0, 0o1777)), 'can be altered by `ann`'],
    ["a file of the program may be written by a group of the agent's", program(at('/opt/g/a.cedar', 0, 0o664, 27)), 'can be altered by `ann`'],
    ["a file of the program may be read by a group of the agent's", program(at('/opt/g/a.cedar', 0, 0o644, 27)), null],
    ['a file of the program may be written by another group', program(at('/opt/g/a.cedar', 0, 0o664, 28)), null],
    ['a link of the program is the agent’s', program(at('/opt/g/node_modules/pg', 1000, 0)), 'can be altered by `ann`'],
    ['a link of the program is root’s', program(at('/opt/g/node_modules/pg', 0, 0)), null],
    ['a folder above is the agent’s', way(at('/home/ann', 1000, 0o755)), '`/home/ann`, on the way to the program or the data folder, can be altered by `ann`'],
    ['a folder above is another user’s', way(at('/home/bob', 1001, 0o755)), null],
    ['a folder above may be written by others', way(at('/srv', 0, 0o777)), 'can be altered by `ann`'],
    ['a folder above may be added to by others, who rename nothing there', way(at('/tmp', 0, 0o1777)), null],
    ['a folder above is sticky, and the agent’s', way(at('/tmp/ann', 1000, 0o1777)), 'can be altered by `ann`'],
    ["a folder above may be written by a group of the agent's", way(at('/srv', 0, 0o775, 27)), 'can be altered by `ann`'],
    ['a link on the way is the agent’s', way(at('/tmp/gatehouse', 1000, 0)), 'can be altered by `ann`'],
    ["the data folder is the agent's", data(at('/home/ann/d', 1000, 0o700)), 'belongs to `ann`'],
    ['the data folder is open to its group', data(at('/d', 101, 0o710)), 'open to its group or to others'],
    ['the data folder is open to others', data(at('/d', 101, 0o701)), 'open to its group or to others'],
    ['the file is readable by others', file(at('/e.csv', 0, 0o604)), 'can be read by `ann`'],
    ['the file is readable by others, in a closed folder', file(at('/c/e.csv', 0, 0o604), at('/c', 0, 0o700)), null],
    ["the file is readable by a group of the agent's", file(at('/e.csv', 0, 0o640, 27)), 'can be read by `ann`'],
    ['the file is readable by another group', file(at('/e.csv', 0, 0o640, 28)), null],
    ["the file is the agent's, though shut", file(at('/e.csv', 1000, 0o000)), 'can be read by `ann`'],
    ['its group is shut out where others are not', file(at('/e.csv', 0, 0o604, 27)), null],
    ["the closed folder is the agent's own", file(at('/c/e.csv', 0, 0o604), at('/c', 1000, 0o000)), 'can be read by `ann`'],
  ])('%s', (_title, has, reason) => {
    expect(leak({ ...sound, ...has }) ?? 'out of reach').toContain(reason ?? 'out of reach')
  })
})

describe('contained', () => {
  let place: string
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'gatehouse-contained-'))
    chmodSync(place, 0o755)
    mkdirSync(join(place, 'data'), { mode: 0o700 })
    mkdirSync(join(place, 'program/src/gate'), { recursive: true })
    writeFileSync(join(place, 'program/src/gate/mediate.ts'), '')
    writeFileSync(join(place, 'export.csv'), 'id\n1\n', { mode: 0o600 })
  })
  afterEach(() => rmSync(place, { recursive: true, force: true }))

  const ask = (agentUser: string, parts = ['src'], folder = 'data') => {
    const paths = parts.map((part) => join(place, 'program', part))
    return () => contained({ folders: [join(place, folder)], file: join(place, 'export.csv'), program: paths, agentUser })
  }

  it("turns back a data folder of the agent's own user, says why and names --demo-uncontained", () => {
    expect(ask(userInfo().username)).toThrow(/without asking Gatehouse/)
    expect(ask(userInfo().username)).toThrow(expect.objectContaining({ code: 'uncontained', next: expect.stringContaining('--demo-uncontained') }))
  })

  it.each(['no-such-user-here', '-u'])('turns back an agent user nobody knows: %s', (agentUser) => {
    expect(ask(agentUser)).toThrow(/is not known here/)
  })

  describe.skipIf(userInfo().uid !== 0)('as root (otherwise skipped aloud), with the agent `nobody`', () => {
    const inPlace = (path: string) => join(place, path)
    const give = (path: string) => lchownSync(inPlace(path), 65_534, 65_534)
    const leadTo = (target: string) => symlinkSync(target, inPlace('program/src/lead'))

    it('lets pass what another user owns and closes, beneath a folder where anybody may add', () => {
      expect(ask('nobody')()).toBeUndefined()
    })

    it.each([
      ['a file deep in it', 'program/src/gate/mediate.ts', () => give('program/src/gate/mediate.ts')],
      ['a folder deep in it', 'program/src/gate', () => chmodSync(inPlace('program/src/gate'), 0o777)],
      ['the folder above it', 'program', () => give('program')],
      ['the folder above that, which the data folder lies in too', '', () => chmodSync(inPlace(''), 0o777)],
      ['a link in it', 'program/src/lead', () => (leadTo('gate'), give('program/src/lead'))],
      [
        'what a link in it leads to',
        'elsewhere/a.ts',
        () => {
          mkdirSync(inPlace('elsewhere'))
          writeFileSync(inPlace('elsewhere/a.ts'), '')
          give('elsewhere/a.ts')
          leadTo('../../elsewhere')
        },
      ],
      [
        'a link on the way that a link in it leads',
        'ann/lead',
        () => {
          mkdirSync(inPlace('ann'))
          symlinkSync(inPlace('program/src/gate'), inPlace('ann/lead'))
          give('ann/lead')
          leadTo(inPlace('ann/lead/mediate.ts'))
        },
      ],
      [
        'the folder in which a link of it finds nothing yet',
        'ann',
        () => {
          mkdirSync(inPlace('ann'), { mode: 0o1777 })
          chmodSync(inPlace('ann'), 0o1777)
          leadTo(inPlace('ann/not-yet/src'))
        },
      ],
    ])('turns back %s that the agent can alter, and names it', (_title, path, loosen) => {
      loosen()
      const named = join(place, path)
      expect(ask('nobody')).toThrow(`\`${named}\`, `)
      expect(ask('nobody')).toThrow(expect.objectContaining({ code: 'uncontained', message: expect.stringContaining('can be altered by `nobody`') }))
    })

    it('turns back a data folder beneath a folder that the agent can alter', () => {
      mkdirSync(inPlace('ann/data'), { recursive: true, mode: 0o700 })
      expect(ask('nobody', ['src'], 'ann/data')()).toBeUndefined()
      give('ann')
      expect(ask('nobody', ['src'], 'ann/data')).toThrow(`\`${inPlace('ann')}\`, on the way to the program or the data folder, can be altered by \`nobody\``)
    })

    it('wants the folder closed in which a part of it is not there yet', () => {
      expect(ask('nobody', ['src', 'dist'])()).toBeUndefined()
      chmodSync(inPlace('program'), 0o1777)
      expect(ask('nobody', ['src'])()).toBeUndefined()
      expect(ask('nobody', ['src', 'dist'])).toThrow(`\`${inPlace('program')}\`, by which Gatehouse itself runs, can be altered by \`nobody\``)
    })

    it('comes to an end where links lead in a ring', () => {
      leadTo('.')
      symlinkSync('ring', inPlace('program/src/ring'))
      expect(ask('nobody')()).toBeUndefined()
    })
  })
})
