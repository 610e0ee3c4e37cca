import { hash } from 'node:crypto'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionOptions, connect } from 'node:tls'
import { Agent, setGlobalDispatcher } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { type Agent as ScriptedAgent, startScriptedAgent } from '../../src/bin/pilot/agent.ts'
import { type DeskPerson, signInAt } from '../../src/bin/pilot/desk-client.ts'
import { cosignerKey, formatVkey } from '../../src/log/note-key.ts'
import { guestDatabase } from '../../src/store/guest.ts'
import { seedPilot } from '../../src/synth/seed.ts'
import { TMS_OWNER } from '../../src/synth/tms.ts'
import { selfSigned } from '../support/certificate.ts'
import { type Ran, type Running, run, start } from '../support/cli.ts'
import { urlOf } from '../support/database.ts'
import { type ExternalPostgres, startExternalPostgres } from '../support/external-postgres.ts'
import { freePorts, passableFolder } from '../support/pilot-command.ts'
import { processesNaming } from '../support/processes.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const PASSPHRASE = 'correct horse battery staple'
const HEX_64 = /^[0-9a-f]{64}$/
const LOGINS = { tms_read: 'read-pw-that-nobody-prints', tms_write: 'write-pw-that-nobody-prints' }

const place = passableFolder()
const config = join(place, 'gatehouse.yaml')
let postgres: ExternalPostgres
let gateUrl: string
let deskUrl: string
let env: Readonly<Record<string, string>>
let served: Running | null = null

beforeAll(async () => {
  postgres = await startExternalPostgres(place)
  await guestDatabase({ admin: postgres.superuser, database: 'tms', owner: TMS_OWNER, logins: LOGINS })
  await seedPilot({ owner: { ...postgres.superuser, database: 'tms' }, onProgress: () => undefined })
  const login = (role: keyof typeof LOGINS) => urlOf({ ...postgres.superuser, user: role, password: LOGINS[role] }, 'tms')
  env = { DATABASE_URL: urlOf(postgres.superuser, 'postgres'), TMS_READ_URL: login('tms_read'), TMS_WRITE_URL: login('tms_write') }
  const port = await freePorts()
  ;[gateUrl, deskUrl] = [`https://127.0.0.1:${port}`, `https://127.0.0.1:${port + 1}`]
  writeConfig()
})
afterAll(async () => {
  served?.kill('SIGTERM')
  await served?.ended
  await postgres.stop()
  rmSync(place, { recursive: true, force: true })
})

function writeConfig(tls: 'self' | { readonly cert: string; readonly key: string } = 'self'): void {
  const useCases = parseDocument(readFileSync(join(REPOSITORY, 'policies/usecases.yaml'), 'utf8'))
  useCases.setIn(['groups', 'customer-service', 'accounts'], ['C-1001', 'C-1002', 'C-1003'])
  writeFileSync(join(place, 'usecases.yaml'), useCases.toString())
  const settings = {
    publicUrl: gateUrl,
    deskUrl,
    listen: { gate: new URL(gateUrl).host, desk: new URL(deskUrl).host },
    tls,
    catalogue: join(REPOSITORY, 'catalogue'),
    policies: join(REPOSITORY, 'policies'),
    useCases: 'usecases.yaml',
    keys: 'keys',
    logOrigin: 'journal.example/serve-test',
    systems: { tms: { kind: 'postgres', readUrl: 'TMS_READ_URL', writeUrl: 'TMS_WRITE_URL' } },
    people: [{ id: 'anna', name: 'Anna Lind', groups: ['customer-service'] }],
  }
  writeFileSync(config, JSON.stringify(settings, null, 2))
}

/** As `sha256sum` prints it. */
const sha256Of = (name: string): string => hash('sha256', readFileSync(join(place, name)))

const databases = async (): Promise<readonly string[]> =>
  (await postgres.sql('select datname from pg_database order by 1')).rows.map(({ datname }) => String(datname))
/** What a gate says of itself at its starts: its configuration where it changed, and that it started. */
const startsTold = async (): Promise<readonly unknown[]> => {
  const { rows } = await postgres.sql('select body from journal_entry order by index', 'gatehouse')
  const events = rows.map(({ body }) => JSON.parse(String(body)) as { readonly metadata: { readonly event_code: string }; readonly entity?: object })
  return events.filter(({ metadata }) => /^house\.(configured|started)$/.test(metadata.event_code)).map(({ entity }) => entity ?? 'started')
}
const ours = () => processesNaming(place).filter(({ command }) => command.includes('gatehouse.ts'))

function expectFault(ran: Ran, code: string, message: RegExp, next: RegExp): void {
  expect(ran.err).toMatch(message)
  expect(ran.err).toMatch(new RegExp(`\\n {2}code: ${code}\\n {2}next: ${next.source}\\n$`))
  expect(ran).toMatchObject({ code: 1, out: '' })
  expect(ran.err).not.toMatch(/\n\s+at /)
  for (const secret of [postgres.superuser.password, ...Object.values(LOGINS)]) expect(ran.err).not.toContain(secret)
}

describe('a PostgreSQL of the company on which the journal cannot stand', () => {
  it.each(['fsync', 'full_page_writes', 'synchronous_commit'])(
    'is turned back as fsync_off when %s is off, before anything is built on it',
    async (setting) => {
      const before = await databases()
      await postgres.sql(`alter system set ${setting} = off`)
      await postgres.sql('select pg_reload_conf()')
      try {
        await expect.poll(async () => (await postgres.sql(`show ${setting}`)).rows[0]).toEqual({ [setting]: 'off' })
        const ran = await run(['serve', '--config', config], { env })
        const next = new RegExp(`run as its superuser: ALTER SYSTEM SET ${setting} = on; SELECT pg_reload_conf\\(\\);`)
        expectFault(
          ran,
          'fsync_off',
          new RegExp(`this PostgreSQL may lose what it has confirmed \\(${setting} is off\\); the journal cannot stand on it`),
          next,
        )
      } finally {
        await postgres.sql(`alter system reset ${setting}`)
        await postgres.sql('select pg_reload_conf()')
      }
      expect(await databases()).toEqual(before)
      expect(ours()).toEqual([])
      await expect.poll(async () => (await postgres.sql(`show ${setting}`)).rows[0]).toEqual({ [setting]: 'on' })
    },
  )
})

describe('serve', () => {
  it('does not start without the variable of a source, names it, and leaves no part running', async () => {
    const { TMS_READ_URL: _, ...less } = env
    const ran = await run(['serve', '--config', config], { env: less })
    expectFault(ran, 'config_invalid', /TMS_READ_URL is not set: the reading role of system `tms`/, /set TMS_READ_URL in the environment of this process/)
    expect(ours()).toEqual([])
  }, 30_000)

  it('stands on that PostgreSQL with a certificate it made for itself, and says its pin', async () => {
    served = start(['serve', '--config', config], { env })
    const said = await served.until(/connectors pin it: sha256-[\w-]{43}\n/)
    expect(said).toContain(`the gate answers at ${gateUrl}, the console at ${deskUrl}; Ctrl-C stops`)
    expect(Number.parseInt(postgres.version, 10)).toBeGreaterThanOrEqual(15)
    expect(statSync(join(place, 'keys/tls.key')).mode & 0o777).toBe(0o600)
    for (const { command } of processesNaming(place)) expect(command).not.toMatch(/nobody-prints/)
    // Whoever trusts that certificate reaches both; whoever does not, neither.
    await expect(fetch(`${gateUrl}/healthz`)).rejects.toMatchObject({ cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } })
    setGlobalDispatcher(new Agent({ connect: { ca: readFileSync(join(place, 'keys/tls.crt')) } }))
    expect(await (await fetch(`${gateUrl}/healthz`)).json()).toEqual({ ok: true })
  }, 30_000)
})

describe('gatehouse journal prune', () => {
  const prune = (...more: readonly string[]) => run(['journal', 'prune', '--config', config, '--authority', 'the retention policy', ...more], { env })
  const begins = async () => (await postgres.sql('select min(index)::int as first from journal_entry', 'gatehouse')).rows[0]

  it('takes the days and the place from the configuration, and nothing that is younger', async () => {
    expectFault(
      await prune(),
      'config_invalid',
      /nobody said how long entries stay in the database/,
      /set `journal.hotDays` in the configuration, or give --older-than-days/,
    )
    const days = JSON.parse(readFileSync(config, 'utf8')) as object
    writeFileSync(config, JSON.stringify({ ...days, journal: { hotDays: 90 } }))
    try {
      expect(await prune()).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringMatching(/^nothing may leave the journal's table: entries from 0 on are younger than 90 days\nnext: wait\n$/),
      })
      expect(await begins()).toEqual({ first: 0 })
    } finally {
      writeConfig()
    }
  })

  it('takes nothing when a witness policy is set and nobody knows what the witnesses saw', async () => {
    const settings = JSON.parse(readFileSync(config, 'utf8')) as object
    const vkey = readFileSync(join(place, 'keys/journal.key.vkey'), 'utf8').trim()
    const witness = formatVkey(cosignerKey('witness.example/w', Buffer.alloc(32, 7)))
    writeFileSync(join(place, 'journal.policy'), `log ${vkey}\nwitness w ${witness} https://127.0.0.1:1/\nquorum w\n`)
    writeFileSync(config, JSON.stringify({ ...settings, journal: { hotDays: 1, witness: { policy: 'journal.policy' } } }))
    try {
      const why = /nobody knows how many entries are under a checkpoint with the witnesses’ quorum/
      expectFault(await prune(), 'data_unreachable', why, /look at the witnesses/)
      expect(await begins()).toEqual({ first: 0 })
    } finally {
      writeConfig()
    }
  })
})

describe('a person and their device', () => {
  let anna: DeskPerson
  let agent: ScriptedAgent
  const enrol = (home: string, typed: string) => run(['enrol', '--gate', gateUrl, '--home', join(place, home), '--name', 'desk 7'], { typed })

  it('is invited by the administrator with a link that works once', async () => {
    const invited = await run(['enrol', '--invite', 'anna', '--config', config], { env })
    expect(invited).toMatchObject({ code: 0, err: '' })
    const link = new URL(/https:\S+/.exec(invited.out)?.[0] ?? '')
    expect(link.origin + link.pathname).toBe(`${deskUrl}/welcome`)
    const setting = () =>
      fetch(`${deskUrl}/desk/api/passphrase`, {
        method: 'POST',
        headers: { origin: deskUrl, 'content-type': 'application/json' },
        body: JSON.stringify({ code: link.searchParams.get('code'), passphrase: PASSPHRASE }),
      })
    expect(await (await setting()).json()).toEqual({ person: 'anna' })
    expect(await (await setting()).json()).toMatchObject({ status: 400, code: 'code_unknown' })
    anna = await signInAt(deskUrl, 'anna', PASSPHRASE)
  })

  it('enrols only where the pinned certificate is shown: a wrong pin is refused and the code not spent, no pin is refused, the right one enrols', async () => {
    const { code, command } = (await anna.call('inviteDevice')).body as { readonly code: string; readonly command: string }
    expect(code).toMatch(/^[\w-]+#sha256-[\w-]{43}$/)
    expect(command).toContain(`--gate ${gateUrl}`)
    const [bare = '', pin = ''] = code.split('#')

    const wrong = await enrol('home', `${bare}#${pin.slice(0, -1)}${pin.endsWith('A') ? 'E' : 'A'}\n`)
    expect(wrong.code).toBe(1)
    expect(wrong.err).toMatch(/certificate.*\n {2}code: gate_\w+\n {2}next: .+\n$/)
    const unpinned = await enrol('home', `${bare}\n`)
    expect(unpinned.code).toBe(1)
    expect(unpinned.err).toMatch(/code: gate_unreachable\n/)

    const right = await enrol('home', `${code}\n`)
    expect(right).toMatchObject({ code: 0, out: expect.stringContaining(`The gate must show the certificate ${pin}.`) })
    for (const ran of [wrong, unpinned, right]) expect(ran.out + ran.err).not.toContain(bare)
  }, 30_000)

  it('gives its agent a session, and the agent asks through the connector', async () => {
    agent = await startScriptedAgent(join(place, 'home'))
    try {
      const first = await agent.ask('listExceptions', { kind: 'late', limit: 1 })
      const link = first.ok ? '' : (first.link ?? '')
      expect(link).toContain(`${deskUrl}/link?code=`)
      expect(await anna.call('grantSession', { useCase: 'customer-inquiry' }, new URL(link).searchParams.get('code') ?? '')).toMatchObject({ status: 200 })
      await expect
        .poll(async () => (await agent.ask('findShipments', { plannedFrom: '2000-01-01', limit: 3 })).ok, { timeout: 15_000, interval: 200 })
        .toBe(true)
      const found = await agent.ask('findShipments', { plannedFrom: '2000-01-01', limit: 50 })
      expect(found.ok && found.body.rows.length).toBeGreaterThan(0)
    } finally {
      await agent.close()
    }
  }, 30_000)

  it('is there after SIGTERM and another start: the same certificate, the same person, a journal that verifies', async () => {
    served?.kill('SIGTERM')
    const ended = await served?.ended
    expect(ended).toMatchObject({ code: 0, err: '' })
    expect(ours()).toEqual([])

    served = start(['serve', '--config', config], { env })
    const pin = /pin it: (\S+)/.exec(await served.until(/pin it: \S+\n/))?.[1]
    expect(ended?.out).toContain(`pin it: ${pin}\n`)
    expect(await (await signInAt(deskUrl, 'anna', PASSPHRASE)).call('me')).toMatchObject({ body: { name: 'Anna Lind', isApprover: false } })
    const url = urlOf({ ...postgres.superuser, user: 'gatehouse_gate', password: readFileSync(join(place, 'keys/db-gate'), 'utf8') }, 'gatehouse')
    const verified = await run(['journal', 'verify', '--json', '--key', join(place, 'keys/journal.key.vkey')], { env: { DATABASE_URL: url } })
    expect(verified.code).toBe(0)
    expect(JSON.parse(verified.out)).toMatchObject({ ok: true, faults: [] })
  }, 30_000)

  it('told what it runs by at its first start, and at the second nothing, as nothing had changed', async () => {
    const told = await startsTold()
    expect(told).toEqual([{ name: 'configuration', data: { after: expect.any(Object) } }, 'started', 'started'])
    const limits = { costMax: 60, costPerMinute: 1500, sourcePerSecond: 50, sourceBurst: 200, waitingPerSession: 20, waitingPerPerson: 50 }
    const files = { catalogue: expect.stringMatching(HEX_64), policies: expect.stringMatching(/^[0-9a-f]{16}$/), useCases: sha256Of('usecases.yaml') }
    expect(told[0]).toMatchObject({ data: { after: { publicUrl: gateUrl, deskUrl, tls: 'self', limits, ...files, witnessPolicy: null } } })
    for (const canary of ['anna', 'Anna', place]) expect(JSON.stringify(told)).not.toContain(canary)
  })
})

describe("the company's own certificate", () => {
  const { key, cert, der } = selfSigned()
  const companys = { cert: 'company.crt', key: 'company.key' }

  beforeAll(async () => {
    served?.kill('SIGTERM')
    await served?.ended
    writeFileSync(join(place, companys.cert), cert)
    writeFileSync(join(place, companys.key), key, { mode: 0o600 })
    writeConfig(companys)
  })

  it.each([
    ['is another certificate’s', () => selfSigned().key, /company\.key is not the key of the certificate in .*company\.crt, or one of them is not PEM/],
    ['is no key', () => 'not a key', /company\.key is not the key of the certificate/],
    ['is not there', () => null, /company\.key cannot be read/],
  ])(
    'is not served when its key %s, and nothing is left running',
    async (_title, wrong, message) => {
      const text = wrong()
      if (text === null) rmSync(join(place, companys.key))
      else writeFileSync(join(place, companys.key), text)
      try {
        expectFault(await run(['serve', '--config', config], { env }), 'config_invalid', message, /correct `tls` in the configuration, or set it to `self`/)
        expect(ours()).toEqual([])
      } finally {
        writeFileSync(join(place, companys.key), key, { mode: 0o600 })
      }
    },
    30_000,
  )

  it('is not served before the journal says so: where the database lets every entry in but that one, nothing starts', async () => {
    await postgres.sql(
      `create function silence() returns trigger language plpgsql as $$ begin
         if position('house.configured'::bytea in new.body) > 0 then raise exception 'not that one'; end if; return new; end $$;
       create trigger silence before insert on journal_entry for each row execute function silence()`,
      'gatehouse',
    )
    try {
      const message = /gatehouse gate: not that one\n(.*\n)*gatehouse: the gate does not start before the journal says by what it runs/
      expectFault(
        await run(['serve', '--config', config], { env }),
        'postgres_unreachable',
        message,
        /look at what the database said above .*, then start again/,
      )
      expect(ours()).toEqual([])
      expect(await startsTold()).toHaveLength(3)
    } finally {
      await postgres.sql('drop function silence cascade', 'gatehouse')
    }
  }, 30_000)

  it('is what the gate and the console show, and no connector is told to pin it', async () => {
    served = start(['serve', '--config', config], { env })
    const said = await served.until(/Ctrl-C stops/)
    for (const url of [gateUrl, deskUrl]) expect((await shownBy(url)).equals(Buffer.from(der))).toBe(true)
    expect(said + served.said()).not.toContain('pin')

    setGlobalDispatcher(new Agent({ connect: { ca: cert } }))
    expect(await (await fetch(`${gateUrl}/healthz`)).json()).toEqual({ ok: true })
    const anna = await signInAt(deskUrl, 'anna', PASSPHRASE)
    const { code } = (await anna.call('inviteDevice')).body as { readonly code: string }
    expect(code).not.toContain('#')
    const enrol = (more: Readonly<Record<string, string>>) =>
      run(['enrol', '--gate', gateUrl, '--home', join(place, 'trusting'), '--name', 'desk 8'], { typed: `${code}\n`, env: more })
    expect((await enrol({})).err).toMatch(/code: gate_unreachable\n/)
    const enrolled = await enrol({ NODE_EXTRA_CA_CERTS: join(place, companys.cert) })
    expect(enrolled).toMatchObject({ code: 0, out: expect.stringContaining("The gate's certificate is checked by the usual authorities.") })
  }, 30_000)

  it('was told in the journal, and nothing else, before the start that showed it', async () => {
    expect((await startsTold()).slice(3)).toEqual([{ name: 'configuration', data: { after: { tls: 'certificate' } } }, 'started'])
  })

  it('leaves no way in without TLS, nor with TLS 1.1', async () => {
    await expect(fetch(gateUrl.replace('https:', 'http:'))).rejects.toThrow('fetch failed')
    await expect(shownBy(gateUrl, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' })).rejects.toThrow(/alert|protocol/)
  })
})

/** The certificate a server shows, whoever vouches for it. */
const shownBy = (url: string, more: ConnectionOptions = {}): Promise<Buffer> =>
  new Promise((shown, failed) => {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ...more }, () => {
      shown(socket.getPeerCertificate().raw)
      socket.end()
    }).once('error', failed)
  })
