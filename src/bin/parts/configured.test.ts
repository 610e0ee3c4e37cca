import { appendFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { grantKey } from '../../../test/support/authority.ts'
import { type FreshJournal, freshJournal } from '../../../test/support/journal.ts'
import { PACK } from '../../../test/support/pack.ts'
import { parseConfig } from '../../config/config.ts'
import { type AuthorityHouse, type GrantKey, openAuthority } from '../../journal/authority.ts'
import { grantText, linksOf, openDigest } from '../../journal/authority-link.ts'
import { authorityFile } from '../../journal/authority-state.ts'
import type { Recorded } from '../../journal/recorded.ts'
import { readTail } from '../../journal/tail.ts'
import { cosignerKey, formatVkey } from '../../log/note-key.ts'
import { type Configuration, configurationOf, tellConfiguration } from './configured.ts'
import { loadPack } from './pack.ts'
import { readWitnessPolicy } from './witness-policy.ts'

const ROOT = join(import.meta.dirname, '../../..')
const BUCKET = { bucket: 's3://vault/pilot', tilesDays: 400, checkpointsDays: 400 }
const SETTINGS = {
  publicUrl: 'https://gate.example:7300',
  deskUrl: 'https://desk.example:7301',
  listen: { gate: '10.0.0.5:7300', desk: '10.0.0.5:7301' },
  keys: 'keys',
  logOrigin: 'gatehouse.test/log',
  systems: { tms: { kind: 'postgres', readUrl: 'TMS_READ_URL', writeUrl: 'TMS_WRITE_URL' } },
  journal: { witness: { policy: 'journal.policy' }, worm: BUCKET },
  people: [{ id: 'anna', name: 'Anna Lind', groups: ['customer-service'] }],
} as const

let fresh: FreshJournal
/** Each test's gate has a key of its own: to it the journal is empty. */
let key: GrantKey
/** The packs as they are shipped, or as the test left their files. */
let load: typeof loadPack
beforeAll(async () => {
  fresh = await freshJournal()
})
afterAll(() => fresh.close())
beforeEach(() => {
  key = grantKey()
  load = () => PACK
  for (const name of ['catalogue', 'policies']) cpSync(join(ROOT, name), at(name), { recursive: true })
  const witness = formatVkey(cosignerKey('witness.example/w', Buffer.alloc(32, 7)))
  writeFileSync(at('journal.policy'), `log ${formatVkey(fresh.key)}\nwitness w ${witness} https://witness.example/w\nquorum w\n`)
})

const at = (name: string): string => join(fresh.folder, name)
const memory = () => authorityFile(at('authority.state'), key.digests)

/** What a gate with this configuration file runs by. */
function configurationWith(over: object = {}): Configuration {
  const config = parseConfig(at('gatehouse.yaml'), JSON.stringify({ ...SETTINGS, ...over }))
  return configurationOf({ config, pack: load(config) }, { policySha256: readWitnessPolicy(config, fresh.key)?.sha256 ?? null })
}

async function told(): Promise<readonly Recorded[]> {
  const lines = await readTail(fresh.store, 0, 1000)
  return lines.flatMap((line) => ('entry' in line && line.entry.kind === 'house.configured' ? [line.entry] : []))
}

/** A gate starts with it and writes down what it learnt. The entries of the start. */
async function startWith(over: object = {}, house: Partial<AuthorityHouse> = {}): Promise<readonly Recorded[]> {
  const before = (await told()).length
  const { store, journal } = fresh
  const authority = await openAuthority({ store, record: journal.record, key, vkey: async () => null, memory: memory(), clock: Date.now, ...house })
  await tellConfiguration(authority, configurationWith(over))
  await authority.keep()
  return (await told()).slice(before)
}

const afterOf = (entry: Recorded | undefined): unknown => entry?.detail?.['after']
const linksIn = (entry: Recorded | undefined) => {
  const signed = entry && linksOf(entry)
  if (!signed || signed === 'malformed') throw new Error('an entry without links')
  expect(key.verify(grantText('house.configured', signed.links), signed.signature)).toBe(true)
  return signed.links
}

/** A part, and what changes it alone: in the configuration file, or in a file that this names. */
const CHANGES: readonly (readonly [part: keyof Configuration, what: string, change: object | (() => void)])[] = [
  ['publicUrl', 'another address', { publicUrl: 'https://gate.example:7400' }],
  ['deskUrl', 'another address', { deskUrl: 'https://desk.example:7401' }],
  ['listen', 'every address of the machine', { listen: { gate: '0.0.0.0:7300', desk: '10.0.0.5:7301' } }],
  ['tls', 'off behind a proxy', { tls: 'off' }],
  ['tls', "the company's certificate", { tls: { cert: 'a.crt', key: 'a.key' } }],
  ['trustedProxies', 'one more', { trustedProxies: ['10.0.0.9'] }],
  ['logOrigin', 'another name', { logOrigin: 'gatehouse.test/other' }],
  ['timeZone', 'Berlin', { timeZone: 'Europe/Berlin' }],
  ['limits', 'a higher cost', { limits: { costMax: 61 } }],
  ['systems', 'a longer wait', { systems: { tms: { ...SETTINGS.systems.tms, timeoutMs: 5001 } } }],
  ['systems', 'another role to read', { systems: { tms: { ...SETTINGS.systems.tms, readUrl: 'TMS_WRITE_URL' } } }],
  ['journal', 'open to all', { journal: { ...SETTINGS.journal, open: true } }],
  ['journal', 'days in the database', { journal: { ...SETTINGS.journal, hotDays: 90 } }],
  ['journal', 'a longer lag', { journal: { witness: { policy: 'journal.policy', lagSeconds: 301 }, worm: BUCKET } }],
  ['journal', 'a shorter lock', { journal: { ...SETTINGS.journal, worm: { ...BUCKET, tilesDays: 399 } } }],
  ['journal', 'no lock', { journal: { witness: SETTINGS.journal.witness } }],
  ['journal', 'another bucket', { journal: { ...SETTINGS.journal, archive: 's3://other/pilot' } }],
  ['catalogue', 'a word in a pack', () => appendFileSync(at('catalogue/gatehouse.yaml'), '# one more word\n')],
  ['policies', 'a reason', () => replaceIn('policies/pilot.cedar', 'are answered from', 'are answered out of')],
  ['useCases', 'a larger budget', () => replaceIn('policies/usecases.yaml', /subject: \d+/, 'subject: 9999')],
  ['witnessPolicy', 'another place', () => replaceIn('journal.policy', 'witness.example/w\n', 'witness.example/w2\n')],
]

function replaceIn(name: string, what: string | RegExp, by: string): void {
  const text = readFileSync(at(name), 'utf8')
  expect(text.replace(what, by)).not.toBe(text)
  writeFileSync(at(name), text.replace(what, by))
}

describe('a start', () => {
  it('tells at the first time all that the gate runs by, with what was before unknown, and at the second nothing', async () => {
    const first = await startWith()
    expect(first).toMatchObject([{ kind: 'house.configured', outcome: 'done', node: 'test' }])
    expect(first[0]).not.toHaveProperty('person')
    expect(afterOf(first[0])).toEqual(configurationWith())
    expect(linksIn(first[0]).map(({ n, before }) => [n, before])).toEqual(Object.keys(configurationWith()).map(() => [1, null]))
    expect(await startWith()).toEqual([])
  })

  it.each(CHANGES)('tells a change of `%s` once, %s: that part alone, as it is now, and the digest of it before and now', async (part, _, change) => {
    const [first] = await startWith()
    const over = typeof change === 'function' ? {} : change
    if (typeof change === 'function') {
      change()
      load = loadPack
    }
    const changed = await startWith(over)
    const value = configurationWith(over)[part]
    expect(changed.map(afterOf)).toEqual([{ [part]: value }])
    expect(value).not.toEqual((afterOf(first) as Configuration)[part])
    const subject = `configuration:${part}`
    const before = linksIn(first).find((link) => link.subject === subject)?.state
    expect(linksIn(changed[0])).toEqual([{ subject, n: 2, before, state: openDigest({ subject, state: value }) }])
    expect(before).toBe(openDigest({ subject, state: (afterOf(first) as Configuration)[part] }))
    expect(await startWith(over)).toEqual([])
  })

  it('tells the way back as well', async () => {
    await startWith()
    await startWith({ tls: 'off' })
    expect((await startWith()).map(afterOf)).toEqual([{ tls: 'self' }])
  })

  it.each([
    ['people, who have entries of their own', { people: [{ id: 'ben', name: 'Ben Okafor', groups: [] }] }],
    ['a folder of the same archive', { journal: { ...SETTINGS.journal, archive: '/srv/journal' } }],
    ['a folder of keys', { keys: '/srv/keys' }],
  ])('tells nothing of %s', async (_, over) => {
    await startWith()
    expect(await startWith(over)).toEqual([])
  })

  it('tells nothing of the same files in another folder', async () => {
    await startWith()
    load = loadPack
    mkdirSync(at('moved'))
    for (const name of ['catalogue', 'policies', 'journal.policy']) renameSync(at(name), at(`moved/${name}`))
    const journal = { ...SETTINGS.journal, witness: { policy: 'moved/journal.policy' } }
    expect(await startWith({ catalogue: 'moved/catalogue', policies: 'moved/policies', useCases: 'moved/policies/usecases.yaml', journal })).toEqual([])
  })
})

describe('what a gate last ran by', () => {
  it.each([
    ['lost', (file: string) => rmSync(file)],
    ['altered', (file: string) => writeFileSync(file, readFileSync(file, 'utf8').replace('configuration:limits', 'configuration:nothing'))],
    ['of before the change', (file: string, earlier: string) => writeFileSync(file, earlier)],
  ])('is known from the journal when its memory is %s: no change is hidden and none is made up', async (_, spoil) => {
    await startWith()
    const earlier = readFileSync(at('authority.state'), 'utf8')
    const [changed] = await startWith({ limits: { costMax: 61 } })
    const state = linksIn(changed)[0]?.state
    spoil(at('authority.state'), earlier)
    expect(await startWith({ limits: { costMax: 61 } })).toEqual([])
    spoil(at('authority.state'), earlier)
    const back = await startWith()
    expect(back.map(afterOf)).toEqual([{ limits: configurationWith().limits }])
    expect(linksIn(back[0])).toMatchObject([{ n: 3, before: state }])
  })

  it('is not what an entry says that the gate did not sign', async () => {
    await startWith()
    const subject = 'configuration:tls'
    const links = [{ subject, n: 2, before: openDigest({ subject, state: 'self' }), state: openDigest({ subject, state: 'off' }) }]
    const grant = { links, signature: grantKey().sign(grantText('house.configured', links)) }
    expect((await fresh.journal.record({ kind: 'house.configured', outcome: 'done', detail: { after: { tls: 'off' }, grant } })).ok).toBe(true)
    expect((await startWith({ tls: 'off' })).map(afterOf)).toEqual([{ tls: 'off' }])
  })

  it('is that of the gate that started last, where two run by something else', async () => {
    const other = { listen: { gate: '10.0.0.6:7300', desk: '10.0.0.6:7301' } }
    await startWith()
    const starts = [await startWith(other, { memory: null }), await startWith(), await startWith(other, { memory: null })]
    expect(starts.map((entries) => entries.map(afterOf))).toEqual([[other], [{ listen: SETTINGS.listen }], [other]])
  })
})

describe('a start whose configuration is not told', () => {
  const FAULT = { code: 'postgres_unreachable', next: expect.stringContaining('then start again') }
  const DOWN = { ok: false, refusal: { code: 'journal_unavailable', detail: 'down' } } as const

  it('is none: it faults, nothing is recorded, and the next start that the journal takes tells it', async () => {
    await startWith()
    const before = (await told()).length
    await expect(startWith({ tls: 'off' }, { record: async () => DOWN })).rejects.toMatchObject({
      ...FAULT,
      message: expect.stringMatching(/`house.configured`: down$/),
    })
    expect(await told()).toHaveLength(before)
    expect((await startWith({ tls: 'off' })).map(afterOf)).toEqual([{ tls: 'off' }])
  })

  it('is none either where whoever rules the database lets every entry in but this one', async () => {
    await startWith()
    const before = (await told()).length
    await fresh.sql(`create function silence() returns trigger language plpgsql as $$ begin
      if position('house.configured'::bytea in new.body) > 0 then raise exception 'no'; end if; return new; end $$`)
    await fresh.sql('create trigger silence before insert on journal_entry for each row execute function silence()')
    try {
      await fresh.fill(1)
      await expect(startWith({ tls: 'off' })).rejects.toMatchObject(FAULT)
      expect(await startWith()).toEqual([])
    } finally {
      await fresh.sql('drop function silence cascade')
    }
    expect(await told()).toHaveLength(before)
  })

  it('is none where the journal cannot be read on: what another gate told last is not known', async () => {
    await startWith()
    let heads = 0
    const head = () => (heads++ === 0 ? fresh.store.head() : Promise.reject(new Error('away')))
    await expect(startWith({}, { store: { ...fresh.store, head } })).rejects.toMatchObject(FAULT)
    expect(heads).toBe(2)
  })

  it('looks again when another gate told its own in the same moment, and tells what still differs', async () => {
    await startWith()
    const other = inSameMoment([{ tls: 'off', limits: { costMax: 61 } }])
    const [others, lost, again, ...more] = (await startWith({ tls: 'off', timeZone: 'Europe/Berlin' }, { record: other })).map(afterOf)
    expect([others, lost]).toMatchObject([
      { tls: 'off', limits: { costMax: 61 } },
      { tls: 'off', timeZone: 'Europe/Berlin' },
    ])
    expect(again).toEqual({ limits: configurationWith().limits, timeZone: 'Europe/Berlin' })
    expect(more).toEqual([])
    expect(await startWith({ tls: 'off', timeZone: 'Europe/Berlin' })).toEqual([])
  })

  it('is tried five times where another gate is first each time, and then faults', async () => {
    await startWith()
    const others = (times: number) => inSameMoment(Array.from({ length: times }, (_, n) => ({ limits: { costMax: 61 + n } })))
    expect(await startWith({ tls: 'off', limits: { costMax: 70 } }, { record: others(4) })).toHaveLength(2 * 4 + 1)
    await expect(startWith({ tls: 'self', limits: { costMax: 71 } }, { record: others(5) })).rejects.toMatchObject(FAULT)
  })

  /** Before each of our entries of this kind another gate starts with the next of these. */
  function inSameMoment(others: readonly object[]): AuthorityHouse['record'] {
    const next = others.values()
    return async (entry) => {
      const { value } = entry.kind === 'house.configured' ? next.next() : {}
      if (value) await startWith(value, { memory: null })
      return fresh.journal.record(entry)
    }
  }
})

it('tells no setting that has no place, nested or not, whatever it holds', () => {
  const config = parseConfig(at('gatehouse.yaml'), JSON.stringify(SETTINGS))
  const more = <T extends object>(group: T | undefined): T => ({ ...(group as T), later: 'hunter2' })
  const { listen, limits, journal, systems } = config
  const grown = {
    ...more(config),
    listen: more(listen),
    limits: more(limits),
    journal: { ...more(journal), s3: more(journal.s3), witness: more(journal.witness), worm: more(journal.worm) },
    systems: { tms: more(systems['tms']) },
  }
  const witnessing = { policySha256: null }
  const pack = load(config)
  expect(configurationOf({ config: grown, pack }, witnessing)).toEqual(configurationOf({ config, pack }, witnessing))
})

it('tells nothing personal and no secret: no person, no path, no password of a URL', async () => {
  const home = 'home-of-anna'
  load = loadPack
  mkdirSync(at(home))
  for (const name of ['catalogue', 'policies', 'journal.policy']) renameSync(at(name), at(`${home}/${name}`))
  const endpoint = 'https://anna:hunter2@minio.example:9000/of-anna'
  const [first] = await startWith({
    catalogue: `${home}/catalogue`,
    policies: `${home}/policies`,
    useCases: `${home}/policies/usecases.yaml`,
    keys: `${home}/keys`,
    tls: { cert: `${home}/tls.crt`, key: `${home}/tls.key` },
    journal: { archive: `${home}/journal`, s3: { endpoint }, witness: { policy: `${home}/journal.policy` }, worm: { ...BUCKET, endpoint } },
    people: [{ id: 'anna', name: 'Anna Lind', groups: ['customer-service', 'of-anna'] }],
  })
  const text = JSON.stringify(first)
  for (const canary of ['anna', 'Anna', 'Lind', 'hunter2', fresh.folder, 'customer-service']) expect(text).not.toContain(canary)
  const bucket = { region: 'us-east-1', endpoint: 'https://minio.example:9000', pathStyle: false }
  expect(afterOf(first)).toMatchObject({
    tls: 'certificate',
    journal: { open: false, archive: 'folder', s3: bucket, witness: { lagSeconds: 300 }, worm: { ...BUCKET, ...bucket, payloadsDays: {} } },
    systems: { tms: { kind: 'postgres', readUrl: 'TMS_READ_URL', writeUrl: 'TMS_WRITE_URL', poolMax: 8, timeoutMs: 5000 } },
  })
})
