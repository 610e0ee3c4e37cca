import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { grantKey } from '../../test/support/authority.ts'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import type { Grant } from '../model/grant.ts'
import { type Authority, type AuthorityHouse, openAuthority } from './authority.ts'
import { grantText, type Link } from './authority-link.ts'
import { authorityFile } from './authority-state.ts'
import type { Entry } from './entry.ts'
import { openJournal } from './open.ts'
import { readTail } from './tail.ts'

let fresh: FreshJournal
let now = Date.UTC(2026, 8, 1)
const key = grantKey()
beforeAll(async () => {
  fresh = await freshJournal()
})
afterAll(() => fresh.close())
let count = 0
let device: Grant
beforeEach(() => {
  now = Date.UTC(2026, 8, 1)
  device = { subject: `device:d-${++count}`, state: { person: 'anna', jkt: 'thumb' } }
})

const open = (over: Partial<AuthorityHouse> = {}): Promise<Authority> =>
  openAuthority({ store: fresh.store, record: fresh.journal.record, key, vkey: async () => fresh.key, memory: null, clock: () => now, ...over })
const holds = (authority: Authority, grant: Grant): boolean => authority.claim([grant])()
const ENROLLED: Entry = { kind: 'device.enrolled', outcome: 'done', person: 'anna' }
const revoked = (grant: Grant): Entry => ({ kind: 'device.revoked', outcome: 'done', device: grant.subject.slice('device:'.length) })
const findings = async (): Promise<readonly unknown[]> =>
  (await readTail(fresh.store, 'end', 5)).flatMap((line) => ('entry' in line && line.entry.kind === 'finding.authority_mismatch' ? [line.entry.detail] : []))

/** An entry with links that this key signs, written by somebody who is no authority. */
const forge = (links: readonly Link[], by = grantKey(), kind: Entry['kind'] = 'device.enrolled') =>
  fresh.journal.record({ kind, outcome: 'done', detail: { grant: { links, signature: by.sign(grantText(kind, links)) } } })

describe('grant', () => {
  it('counts once it resolves, in exactly that state, for every gate of the house that looks', async () => {
    const [here, there] = [await open(), await open()]
    expect(holds(here, device)).toBe(false)
    expect((await here.grant(ENROLLED, [device])).ok).toBe(true)
    expect(holds(here, device)).toBe(true)
    expect(holds(here, { ...device, state: { person: 'ben', jkt: 'thumb' } })).toBe(false)
    expect(holds(there, device)).toBe(false)
    await there.lookAgain()
    expect(holds(there, device)).toBe(true)
    expect(holds(await open(), device)).toBe(true)
  })

  it('counts for nothing when the journal does not take it', async () => {
    const down = await open({ record: async () => ({ ok: false, refusal: { code: 'journal_unavailable', detail: 'down' } }) })
    expect(await down.grant(ENROLLED, [device])).toMatchObject({ ok: false, refusal: { code: 'journal_unavailable' } })
    expect(holds(down, device)).toBe(false)
    expect(holds(await open(), device)).toBe(false)
  })

  it('ends at once what this process takes away, and elsewhere at the next look', async () => {
    const [here, there] = [await open(), await open()]
    await here.grant(ENROLLED, [device])
    await there.lookAgain()
    await here.record(revoked(device))
    expect([holds(here, device), here.isEnded(device.subject), holds(there, device)]).toEqual([false, true, true])
    await there.lookAgain()
    expect(holds(there, device)).toBe(false)
  })

  it('lets one of two gates win that say different things in the same moment, and both know which', async () => {
    const [here, there] = [await open(), await open()]
    const [one, other] = [
      { subject: device.subject, state: 1 },
      { subject: device.subject, state: 2 },
    ]
    const answers = await Promise.all([here.grant(ENROLLED, [one]), there.grant(ENROLLED, [other])])
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
    expect(answers.find(({ ok }) => !ok)).toMatchObject({ refusal: { code: 'authority_mismatch' } })
    await Promise.all([here.lookAgain(), there.lookAgain()])
    expect([holds(here, one), holds(here, other)]).toEqual([holds(there, one), holds(there, other)])
    expect([holds(here, one), holds(here, other)]).toEqual(answers.map(({ ok }) => ok))
  })
})

describe('an entry that the house did not write', () => {
  const link = (): Link => ({ subject: device.subject, n: 1, before: null, state: 'x'.repeat(43) })

  it('grants nothing, however well formed, and is a finding', async () => {
    const here = await open()
    await forge([link()])
    await here.lookAgain()
    expect(here.isKnown(device.subject)).toBe(false)
    await expect.poll(findings).toContainEqual({ what: 'an entry that grants without our signature', index: expect.any(Number) })
  })

  it('grants nothing with the signature of an entry of another kind', async () => {
    const here = await open()
    const links = [link()]
    await fresh.journal.record({
      kind: 'person.assigned',
      outcome: 'done',
      detail: { grant: { links, signature: key.sign(grantText('device.enrolled', links)) } },
    })
    await here.lookAgain()
    expect(here.isKnown(device.subject)).toBe(false)
  })

  it('gives nothing back by saying once more what the house said before', async () => {
    const here = await open()
    const receipt = await here.grant(ENROLLED, [device])
    await here.record(revoked(device))
    const [said] = await readTail(fresh.store, receipt.ok ? receipt.value.index : -1, 1)
    if (!said || !('entry' in said)) throw new Error('not recorded')
    await fresh.journal.record({ ...ENROLLED, detail: said.entry.detail ?? {} })
    await here.lookAgain()
    expect([holds(here, device), holds(await open(), device)]).toEqual([false, false])
    await expect.poll(findings).toContainEqual({ what: 'an entry that grants again what was granted before', index: expect.any(Number) })
  })

  it('takes away all the same', async () => {
    const here = await open()
    await here.grant(ENROLLED, [device])
    await fresh.journal.record(revoked(device))
    await here.lookAgain()
    expect(holds(here, device)).toBe(false)
  })
})

describe('claim', () => {
  it('is asked at each ask: a token, its session and its device in less than five microseconds', async () => {
    const here = await open()
    const session: Grant = { subject: `session:${device.subject}`, state: { accounts: ['acme', 'globex'] }, until: now + 1, of: [device.subject] }
    const token: Grant = { subject: `token:${device.subject}`, state: {}, until: now + 1, of: [session.subject] }
    await here.grant(ENROLLED, [device, session, token])
    const isGranted = here.claim([token, session])
    const asks = 200_000
    const before = process.cpuUsage()
    let granted = 0
    for (let i = 0; i < asks; i++) if (isGranted()) granted++
    const { user, system } = process.cpuUsage(before)
    process.stdout.write(`authority: ${((user + system) / asks).toFixed(2)} µs an ask\n`)
    expect(granted).toBe(asks)
    expect((user + system) / asks).toBeLessThan(5)
    now += 1
    expect(isGranted()).toBe(false)
  })
})

describe('refuse', () => {
  it('tells the same row once in ten minutes, and whom it concerns, never what it says', async () => {
    const here = await open()
    const subject = `desk:${'h'.repeat(43)}`
    const before = (await fresh.store.head()).size
    for (let i = 0; i < 3; i++) expect(await here.refuse({ subject, person: 'ben' })).toMatchObject({ code: 'authority_mismatch' })
    expect((await fresh.store.head()).size).toBe(before + 1)
    expect(await readTail(fresh.store, before, 1)).toMatchObject([
      { entry: { kind: 'finding.authority_mismatch', person: 'ben', detail: { what: 'a row that grants what the journal does not', subject: 'desk' } } },
    ])
    now += 600_000
    await here.refuse({ subject, person: 'ben' })
    expect((await fresh.store.head()).size).toBe(before + 2)
  })
})

describe('verify', () => {
  it('goes on when what was learnt is what was signed, own entries and others’ alike, and a start from there', async () => {
    const own = await freshJournal()
    const memory = authorityFile(join(own.folder, 'authority.state'), key.digests)
    const house: AuthorityHouse = { store: own.store, record: own.journal.record, key, vkey: async () => own.key, memory, clock: () => now }
    try {
      const here = await openAuthority(house)
      for (let i = 0; i < 5; i++) {
        await here.grant(ENROLLED, [{ subject: `device:${i}`, state: i }])
        await own.fill(3)
        await here.record(revoked({ subject: 'device:0', state: 0 }))
        if (i % 2 === 0) await own.sign()
        await here.verify()
      }
      await here.keep()
      const reads: number[] = []
      const again = await openAuthority({ ...house, store: { ...own.store, read: (from, limit) => (reads.push(from), own.store.read(from, limit)) } })
      expect(
        reads.filter((from) => from < (JSON.parse(readFileSync(join(own.folder, 'authority.state'), 'utf8').split('\n')[1] ?? '') as { size: number }).size),
      ).toEqual([])
      expect([0, 1, 4].map((i) => holds(again, { subject: `device:${i}`, state: i }))).toEqual([false, true, true])
      await own.sign()
      await again.verify()
    } finally {
      await own.close()
    }
  })

  it.each(['an own entry', 'another process’s entry'])('stops for good when %s is not the one that was signed', async (whose) => {
    const own = await freshJournal()
    try {
      const here = await openAuthority({ store: own.store, record: own.journal.record, key, vkey: async () => own.key, memory: null, clock: () => now })
      const receipt = await (whose === 'an own entry' ? here : own.journal).record(revoked(device))
      await here.lookAgain()
      // The tail is rewritten before the signer comes by.
      const index = receipt.ok ? receipt.value.index : -1
      await own.sql('delete from journal_entry where index >= $1', [index])
      await own.sql(`update journal_head set size = $1, frontier = ''`, [index])
      await own.journal.drain()
      expect((await openJournal({ store: own.store, clock: () => now, node: 'other' }).record(ENROLLED)).ok).toBe(true)
      await own.sign()
      await expect(here.verify()).rejects.toThrow(`entries 0 to ${index} are not those that were signed`)
      expect(await here.lookAgain()).toMatchObject({ ok: false, refusal: { code: 'journal_unavailable' } })
    } finally {
      await own.close()
    }
  })

  it('stops for good on a journal that was cut back below what it verified, also after a restart', async () => {
    const own = await freshJournal()
    try {
      const memory = authorityFile(join(own.folder, 'authority.state'), key.digests)
      const house: AuthorityHouse = { store: own.store, record: own.journal.record, key, vkey: async () => own.key, memory, clock: () => now }
      const here = await openAuthority(house)
      await own.fill(4)
      await own.sign()
      await here.verify()
      await here.grant(ENROLLED, [device])
      await here.keep()
      await own.sql('delete from journal_entry')
      await own.sql('delete from journal_checkpoint')
      await own.sql(`update journal_head set size = 0, frontier = ''`)
      await expect(here.verify()).rejects.toThrow('the journal has 0 entries, but 4 were verified: entries are gone')
      await expect(openAuthority(house)).rejects.toThrow('entries are gone')
    } finally {
      await own.close()
    }
  })

  it('believes no memory that another key wrote, or that was altered, and reads everything anew', async () => {
    const here = await open()
    await here.grant(ENROLLED, [device])
    const path = join(fresh.folder, 'authority.state')
    await open({ memory: authorityFile(path, key.digests) })
    const whole = readFileSync(path, 'utf8')
    expect(await authorityFile(path, key.digests).load()).not.toBeNull()
    expect(await authorityFile(path, grantKey().digests).load()).toBeNull()
    writeFileSync(path, whole.replace(device.subject, 'device:evil'))
    expect(await authorityFile(path, key.digests).load()).toBeNull()
    expect(holds(await open({ memory: authorityFile(path, key.digests) }), device)).toBe(true)
  })
})
