import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { type DeskPerson, signInAt } from '../../src/bin/pilot/desk-client.ts'
import { PROCESS_ROLES } from '../../src/store/grants.ts'
import { guestDatabase } from '../../src/store/guest.ts'
import { statusesOf } from '../../src/synth/facts.ts'
import { seedPilot } from '../../src/synth/seed.ts'
import { TMS_OWNER } from '../../src/synth/tms.ts'
import { type Running, run, start } from '../support/cli.ts'
import { urlOf } from '../support/database.ts'
import { changeSeen, decide, proposeHold, shipmentsOnTheWay } from '../support/decisions.ts'
import { type ExternalPostgres, startExternalPostgres } from '../support/external-postgres.ts'
import { freePorts, passableFolder } from '../support/pilot-command.ts'
import { openProgram } from '../support/program.ts'
import { openProvenSession, type ProvenSession } from '../support/session.ts'

const asRoot = process.getuid?.() === 0
const REPOSITORY = join(import.meta.dirname, '../..')
const PASSPHRASE = 'correct horse battery staple'
const LOGINS = { tms_read: 'read-pw-that-nobody-prints', tms_write: 'write-pw-that-nobody-prints' }

const PARTS = ['sign', 'archive', 'apply', 'gate'] as const
type Part = (typeof PARTS)[number]
/** User ids that no account of a machine has (between systemd's ranges); a part needs no account, only an id of its own. */
const IDS: Readonly<Record<Part, number>> = { sign: 60_601, apply: 60_602, gate: 60_603, archive: 60_604 }
/** As docs/guide/administrator.md says: what each part is handed of the first start's keys. */
const HANDED: Readonly<Record<Part, readonly string[]>> = {
  gate: ['root.key', 'decisions.key', 'journal-reader', 'journal.key.vkey'],
  sign: ['journal.key', 'journal.signed'],
  archive: ['journal.key.vkey'],
  apply: ['journal.key.vkey', 'decisions.key.vkey'],
}

const opened = openProgram()
const program = { program: join(opened.root, 'src/bin/gatehouse.ts'), node: opened.node }
const place = passableFolder()
/** What the archive publishes; its own, and readable for the gate. */
const ARCHIVE = join(place, 'journal')
let postgres: ExternalPostgres
let urls: { readonly gate: string; readonly desk: string }
let env: Readonly<Record<string, string>>
const running = new Map<Part, Running>()

beforeAll(async () => {
  postgres = await startExternalPostgres(place)
  // The company's server takes connections of every user; its passwords tell them apart.
  chmodSync(join(place, 'theirs'), 0o711)
  await guestDatabase({ admin: postgres.superuser, database: 'tms', owner: TMS_OWNER, logins: LOGINS })
  await seedPilot({ owner: { ...postgres.superuser, database: 'tms' }, onProgress: () => undefined })
  const login = (role: keyof typeof LOGINS) => urlOf({ ...postgres.superuser, user: role, password: LOGINS[role] }, 'tms')
  env = { DATABASE_URL: urlOf(postgres.superuser, 'postgres'), TMS_READ_URL: login('tms_read'), TMS_WRITE_URL: login('tms_write') }
  const port = await freePorts()
  urls = { gate: `http://127.0.0.1:${port}`, desk: `http://127.0.0.1:${port + 1}` }
  const useCases = parseDocument(readFileSync(join(REPOSITORY, 'policies/usecases.yaml'), 'utf8'))
  useCases.setIn(
    ['groups', 'customer-service', 'accounts'],
    [...Array(40).keys()].map((nth) => `C-${1001 + nth}`),
  )
  writeFileSync(join(place, 'usecases.yaml'), useCases.toString())
  for (const name of ['whole', ...PARTS]) writeConfig(name)
})
afterAll(async () => {
  for (const part of [...running.keys()].toReversed()) await stop(part)
  await postgres.stop()
  rmSync(place, { recursive: true, force: true })
  opened.drop()
})

const configOf = (name: string): string => join(place, `${name}.yaml`)
const keysOf = (name: string): string => join(place, `keys-${name}`)

function writeConfig(name: string, keys = keysOf(name), file = configOf(name)): string {
  const settings = {
    publicUrl: urls.gate,
    deskUrl: urls.desk,
    listen: { gate: new URL(urls.gate).host, desk: new URL(urls.desk).host },
    tls: 'off',
    catalogue: join(opened.root, 'catalogue'),
    policies: join(opened.root, 'policies'),
    useCases: 'usecases.yaml',
    keys,
    logOrigin: 'journal.example/parts-apart',
    journal: { archive: ARCHIVE },
    systems: { tms: { kind: 'postgres', readUrl: 'TMS_READ_URL', writeUrl: 'TMS_WRITE_URL' } },
    people: [
      { id: 'anna', name: 'Anna Lind', groups: ['customer-service'] },
      { id: 'ben', name: 'Ben Okafor', groups: ['shift-leads'] },
    ],
  }
  writeFileSync(file, JSON.stringify(settings, null, 2), { mode: 0o644 })
  return file
}

const idsOf = (part: Part): { readonly uid?: number; readonly gid?: number } => (asRoot ? { uid: IDS[part], gid: IDS[part] } : {})

/** Each part gets its own role's URL, and of the source's credentials its own one. */
function environmentOf(part: Part): Readonly<Record<string, string>> {
  const password = readFileSync(join(keysOf('whole'), `db-${part}`), 'utf8')
  const own = { DATABASE_URL: urlOf({ ...postgres.superuser, user: PROCESS_ROLES[part], password }, 'gatehouse') }
  const { TMS_READ_URL = '', TMS_WRITE_URL = '' } = env
  // Who seals and opens what is somebody's: the two that read and write records.
  const vault = { GATEHOUSE_VAULT_KEY: readFileSync(join(keysOf('whole'), 'vault'), 'utf8') }
  return { ...own, ...(part === 'gate' ? { ...vault, TMS_READ_URL } : part === 'apply' ? { ...vault, TMS_WRITE_URL } : {}) }
}

const startPart = (part: Part, config = configOf(part)): Running =>
  start(['serve', '--config', config, '--part', part], { env: environmentOf(part), ...program, ...idsOf(part) })

async function stop(part: Part): Promise<void> {
  running.get(part)?.kill('SIGTERM')
  const ended = await running.get(part)?.ended
  running.delete(part)
  expect({ part, ...ended }).toMatchObject({ part, code: 0, err: '' })
}

describe('the first start, as the administrator', () => {
  it('makes the database and the keys, which are then handed to the parts', async () => {
    const whole = start(['serve', '--config', configOf('whole')], { env, ...program })
    await whole.until(/Ctrl-C stops/)
    whole.kill('SIGTERM')
    expect(await whole.ended).toMatchObject({ code: 0, err: '' })
    for (const part of PARTS) {
      mkdirSync(keysOf(part), { mode: 0o700 })
      for (const name of HANDED[part])
        writeFileSync(join(keysOf(part), name), readFileSync(join(keysOf('whole'), name)), { mode: name.endsWith('.vkey') ? 0o644 : 0o600 })
      if (asRoot) for (const path of [keysOf(part), ...HANDED[part].map((name) => join(keysOf(part), name))]) chownSync(path, IDS[part], IDS[part])
    }
    if (asRoot) for (const path of ['', ...readdirSync(ARCHIVE, { recursive: true }).map(String)]) chownSync(join(ARCHIVE, path), IDS.archive, IDS.archive)
    // Nobody shall have two of them: what the administrator keeps is the backup.
    renameSync(keysOf('whole'), join(place, 'backup'))
    mkdirSync(keysOf('whole'), { mode: 0o700 })
    for (const name of readdirSync(join(place, 'backup')).filter((file) => file.startsWith('db-') || file === 'vault' || file === 'decisions.key'))
      renameSync(join(place, 'backup', name), join(keysOf('whole'), name))
    // The applier has one too once it verified something before it was stopped.
    expect(
      readdirSync(join(place, 'backup'))
        .filter((file) => file !== 'approvals.state')
        .toSorted(),
    ).toEqual(['authority.state', 'decisions.key.vkey', 'journal-reader', 'journal.key', 'journal.key.vkey', 'journal.signed', 'root.key'])
  }, 40_000)
})

describe('a part whose keys are not its own', () => {
  it.each(PARTS.filter((part) => part !== 'apply' && part !== 'archive'))(
    'does not start (%s): it says what is wrong and what to do, and touches nothing',
    async (part) => {
      // As root the folder is another part's; otherwise the one folder that is surely not ours to close.
      const keys = asRoot ? keysOf('apply') : '/'
      const before = readdirSync(keys)
      const wrong = startPart(part, writeConfig(part, keys, configOf(`wrong-${part}`)))
      const { code, err } = await wrong.ended
      expect(err).toMatch(
        asRoot ? /^gatehouse: the key folder \S+ belongs to another user \(60602\)\n/ : /^gatehouse: the key folder \/ cannot be made or closed to others/,
      )
      expect(err).toMatch(/\n {2}code: config_invalid\n {2}next: give it to the user who runs this, with mode 0700/)
      expect(err).not.toMatch(/\n\s+at /)
      expect([code, readdirSync(keys)]).toEqual([1, before])
    },
  )

  it.each([
    ['sign', 'journal.key'],
    ['sign', 'journal.signed'],
    ['gate', 'root.key'],
    ['gate', 'decisions.key'],
  ] as const)('does not start (%s) with a %s that it cannot read, or that others can', async (part, name) => {
    const file = join(keysOf(part), name)
    const { uid, gid } = statSync(file)
    chmodSync(file, asRoot ? 0o600 : 0o640)
    if (asRoot) chownSync(file, 0, 0)
    try {
      const { code, err } = await startPart(part).ended
      expect(err).toContain(
        `gatehouse: the key file ${file} ${asRoot ? 'cannot be read as this user' : 'is readable by other users'}\n  code: config_invalid\n`,
      )
      expect([code, err]).toEqual([1, expect.not.stringMatching(/\n\s+at /)])
    } finally {
      chmodSync(file, 0o600)
      if (asRoot) chownSync(file, uid, gid)
    }
  })
})

describe('a signer whose memory is gone', () => {
  it('does not start: it says what to do, and begins no new memory by itself', async () => {
    const memory = join(keysOf('sign'), 'journal.signed')
    renameSync(memory, `${memory}.away`)
    try {
      const { code, err } = await startPart('sign').ended
      expect(err).toContain(`gatehouse: the signer's key stands, and its memory \`${memory}\` is gone: it may have signed what it no longer knows\n`)
      expect(err).toMatch(/\n {2}code: config_invalid\n {2}next: restore the file from your backup/)
      expect([code, readdirSync(keysOf('sign')).includes('journal.signed')]).toEqual([1, false])
    } finally {
      renameSync(`${memory}.away`, memory)
    }
  })
})

describe('the parts, each started by itself, as root each as a user of its own, otherwise all as ourselves', () => {
  let anna: DeskPerson
  let ben: DeskPerson
  let session: ProvenSession

  it('stand, and run as whom they were started', async () => {
    for (const part of PARTS) {
      running.set(part, startPart(part))
      await running.get(part)?.until(new RegExp(`^the ${part} part runs`))
      const status = readFileSync(`/proc/${running.get(part)?.pid}/status`, 'utf8')
      expect(status).toMatch(new RegExp(`^Uid:\\t${asRoot ? IDS[part] : process.getuid?.()}\\t`, 'm'))
      expect(status).toMatch(asRoot ? /^Groups:\t *$/m : /^Groups:/m)
    }
    expect(await (await fetch(`${urls.gate}/healthz`)).json()).toEqual({ ok: true })
  }, 30_000)

  it('keep their keys and credentials from each other, as root; otherwise owner-only', () => {
    for (const part of PARTS) {
      const others = PARTS.filter((other) => other !== part)
      const secrets = [
        ...HANDED[part].filter((name) => !name.endsWith('.vkey')).map((name) => join(keysOf(part), name)),
        `/proc/${running.get(part)?.pid}/environ`,
      ]
      for (const path of secrets) {
        const can = others.filter((other) => spawnSync('/bin/cat', [path], idsOf(other)).status === 0)
        expect({ path, can }).toEqual({ path, can: asRoot ? [] : others })
        expect(statSync(path).mode & 0o077).toBe(0)
      }
    }
  })

  it('let two people set their passphrases, and an agent its session', async () => {
    for (const person of ['anna', 'ben']) {
      const invited = await run(['enrol', '--invite', person, '--config', configOf('whole')], { env })
      const code = new URL(/http:\S+/.exec(invited.out)?.[0] ?? '').searchParams.get('code')
      const headers = { origin: urls.desk, 'content-type': 'application/json' }
      const set = await fetch(`${urls.desk}/desk/api/passphrase`, { method: 'POST', headers, body: JSON.stringify({ code, passphrase: PASSPHRASE }) })
      expect(await set.json()).toEqual({ person })
    }
    anna = await signInAt(urls.desk, 'anna', PASSPHRASE)
    ben = await signInAt(urls.desk, 'ben', PASSPHRASE)
    const { code } = (await anna.call('inviteDevice')).body as { readonly code: string }
    session = await openProvenSession({ employee: async () => anna, raise: { gateUrl: urls.gate, people: { enrolmentCode: code } } })
    expect(session.id).toMatch(/^s-/)
  }, 30_000)

  it('bring a change from the agent over the approver into the source: the gate decides, the signer signs, the applier writes', async () => {
    const [shipmentId = ''] = await shipmentsOnTheWay(session, 1)
    const change = await proposeHold(session, shipmentId)
    expect(await decide(ben, await changeSeen(ben, change), 'approve')).toMatchObject({ status: 200 })
    await expect.poll(async () => (await changeSeen(ben, change)).state, { timeout: 15_000 }).toBe('applied')
    expect((await statusesOf({ ...postgres.superuser, database: 'tms' }, [shipmentId])).get(shipmentId)).toBe('held')
  }, 30_000)

  it('stop by themselves, and leave a journal that the signer’s key and memory verify', async () => {
    for (const part of PARTS.toReversed()) await stop(part)
    const files = ['--key', join(keysOf('apply'), 'journal.key.vkey'), '--signed', join(keysOf('sign'), 'journal.signed')]
    const url = urlOf({ ...postgres.superuser, user: PROCESS_ROLES.sign, password: readFileSync(join(keysOf('whole'), 'db-sign'), 'utf8') }, 'gatehouse')
    const verified = await run(['journal', 'verify', '--json', ...files], { env: { DATABASE_URL: url } })
    expect({ code: verified.code, report: JSON.parse(verified.out) as unknown }).toMatchObject({ code: 0, report: { ok: true, faults: [], unsignedTail: 0 } })
  }, 30_000)
})
