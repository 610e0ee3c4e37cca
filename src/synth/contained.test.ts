import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { contained, leak } from './contained.ts'

const agent = { name: 'ann', uid: 1000, gids: [1000, 27] }
const at = (path: string, uid: number, mode: number, gid = uid) => ({ path, uid, gid, mode })
const folder = at('/var/lib/gatehouse/pilot', 101, 0o700)
const file = at('/srv/export.csv', 0, 0o600)
const root = at('/', 0, 0o755)
const program = [at('/opt/gatehouse', 0, 0o755)]

describe("an export is out of an agent's reach", () => {
  it.each([
    ['another owner, all closed', { agent, folder, file, ancestors: [root], program }, null],
    ['the agent is root', { agent: { ...agent, uid: 0 }, folder, file, ancestors: [root], program }, 'may read everything'],
    ['the program is the agent’s', { agent, folder, file, ancestors: [root], program: [at('/home/ann/gatehouse', 1000, 0o755)] }, 'can be altered by `ann`'],
    ['the program may be written by others', { agent, folder, file, ancestors: [root], program: [at('/opt/g', 0, 0o757)] }, 'can be altered by `ann`'],
    ["the data folder is the agent's", { agent, folder: at('/home/ann/d', 1000, 0o700), file, ancestors: [root], program }, 'belongs to `ann`'],
    ['the data folder is open to its group', { agent, folder: at('/d', 101, 0o710), file, ancestors: [root], program }, 'open to its group or to others'],
    ['the data folder is open to others', { agent, folder: at('/d', 101, 0o701), file, ancestors: [root], program }, 'open to its group or to others'],
    ['the file is readable by others', { agent, folder, file: at('/e.csv', 0, 0o604), ancestors: [root], program }, 'can be read by `ann`'],
    [
      'the file is readable by others, in a closed folder',
      { agent, folder, file: at('/c/e.csv', 0, 0o604), ancestors: [root, at('/c', 0, 0o700)], program },
      null,
    ],
    ["the file is readable by a group of the agent's", { agent, folder, file: at('/e.csv', 0, 0o640, 27), ancestors: [root], program }, 'can be read by `ann`'],
    ['the file is readable by another group', { agent, folder, file: at('/e.csv', 0, 0o640, 28), ancestors: [root], program }, null],
    ["the file is the agent's, though shut", { agent, folder, file: at('/e.csv', 1000, 0o000), ancestors: [root], program }, 'can be read by `ann`'],
    ['its group is shut out where others are not', { agent, folder, file: at('/e.csv', 0, 0o604, 27), ancestors: [root], program }, null],
    [
      "the closed folder is the agent's own",
      { agent, folder, file: at('/c/e.csv', 0, 0o604), ancestors: [root, at('/c', 1000, 0o000)], program },
      'can be read by `ann`',
    ],
  ])('%s', (_title, has, reason) => {
    expect(leak(has) ?? 'out of reach').toContain(reason ?? 'out of reach')
  })
})

describe('contained', () => {
  let place: string
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'gatehouse-contained-'))
    chmodSync(place, 0o755)
    mkdirSync(join(place, 'data'), { mode: 0o700 })
    writeFileSync(join(place, 'export.csv'), 'id\n1\n', { mode: 0o600 })
  })
  afterEach(() => rmSync(place, { recursive: true, force: true }))

  it("turns back a data folder of the agent's own user, says why and names --demo-uncontained", () => {
    const asked = () => contained({ folder: join(place, 'data'), file: join(place, 'export.csv'), program: [place], agentUser: userInfo().username })
    expect(asked).toThrow(/without asking Gatehouse/)
    expect(asked).toThrow(expect.objectContaining({ code: 'uncontained', next: expect.stringContaining('--demo-uncontained') }))
  })

  it.skipIf(userInfo().uid !== 0)('lets pass, as root (otherwise skipped aloud), what another user owns and closes', () => {
    expect(contained({ folder: join(place, 'data'), file: join(place, 'export.csv'), program: [place], agentUser: 'nobody' })).toBeUndefined()
  })

  it.each(['no-such-user-here', '-u'])('turns back an agent user nobody knows: %s', (agentUser) => {
    expect(() => contained({ folder: join(place, 'data'), file: join(place, 'export.csv'), program: [place], agentUser })).toThrow(/is not known here/)
  })
})
