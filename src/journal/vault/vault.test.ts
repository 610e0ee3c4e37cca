import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts'
import { poolOf } from '../../../test/support/journal.ts'
import { ENTRY_BYTES_MAX } from '../../log/tile.ts'
import { journalStore } from '../../store/journal-store.ts'
import { vaultKeeping, vaultStore } from '../../store/vault-store.ts'
import type { Entry } from '../entry.ts'
import { openJournal } from '../open.ts'
import { parseRecorded } from '../recorded.ts'
import { readTail } from '../tail.ts'
import { erase, hold, type Keeper, release } from './erase.ts'
import { HELD_MS } from './fading.ts'
import { masterKeyContract } from './master-key.contract.ts'
import { localMasterKey } from './master-key.ts'
import { payloadOf, payloadsOf, unsealed } from './read.ts'
import { openVault } from './vault.ts'
import { vaulted } from './vaulted.ts'

const NOON = Date.parse('2026-11-23T12:00:00Z')
const secret = randomBytes(32)
const another = randomBytes(32)

describe('a master key in this process', () => {
  masterKeyContract({ open: async () => localMasterKey(secret), other: async () => localMasterKey(another) })

  it.each([0, 16, 31, 33])('is not one with %i bytes', (bytes) => {
    expect(() => localMasterKey(randomBytes(bytes))).toThrow(`a master key has 32 bytes, not ${bytes}`)
  })
})

let database: FreshDatabase
let pool: pg.Pool
let owner: pg.Pool
let now = NOON
beforeAll(async () => {
  database = await freshDatabase()
  pool = poolOf(database.roleUrl('gate'))
  owner = poolOf(database.url)
})
afterAll(async () => {
  await Promise.all([pool.end(), owner.end()])
  await database.close()
})
beforeEach(() => {
  now = NOON
})

const clock = () => now
const open = (by = pool, master = secret) => openVault({ store: vaultStore(by), master: localMasterKey(master), random: randomBytes, clock })
/** A person nobody has met yet. */
const somebody = () => `person:p${randomBytes(4).toString('hex')}` as const

describe('a subject', () => {
  it('has one pseudonym, in every process, however many ask for it at once', async () => {
    const ref = somebody()
    const names = await Promise.all(Array.from({ length: 8 }, () => open().subjects.pseudonym(ref)))
    expect(new Set(names).size).toBe(1)
    expect(names[0]).toMatch(/^p-[0-9a-hjkmnp-tv-z]{16}$/)
    expect(await open().subjects.who(String(names[0]))).toBe(ref)
    expect(await open().subjects.known(ref)).toBe(names[0])
  })

  it('is not made by being looked for', async () => {
    expect(await open().subjects.known(somebody())).toBeNull()
    expect(await open().subjects.who('p-0123456789abcdef')).toBeNull()
  })

  it('is not taken for another where somebody exchanged the indexes of two rows', async () => {
    const [one, two] = [somebody(), somebody()]
    const [a, b] = [await open().subjects.pseudonym(one), await open().subjects.pseudonym(two)]
    const { rows } = await owner.query<{ pseudonym: string; index: Buffer }>('select pseudonym, index from vault_subject where pseudonym = any($1)', [[a, b]])
    await owner.query('update vault_subject set index = null where pseudonym = any($1)', [[a, b]])
    for (const { pseudonym, index } of rows) await owner.query('update vault_subject set index = $2 where pseudonym = $1', [pseudonym === a ? b : a, index])
    await expect(open().subjects.known(one)).rejects.toThrow('is found by the index of somebody else')
  })

  it('is not made on somebody else’s row where a trigger moves the index there', async () => {
    const [anna, bob] = [somebody(), somebody()]
    const names = [await open().subjects.pseudonym(anna), await open().subjects.pseudonym(bob)]
    const index = (await owner.query<{ index: Buffer }>('select index from vault_subject where pseudonym = $1', [names[0]])).rows[0]?.index
    await owner.query('update vault_subject set index = null where pseudonym = $1', [names[0]])
    await owner.query(`create function onto_bob() returns trigger language plpgsql security definer as $$ begin
      update vault_subject set index = new.index where pseudonym = '${names[1]}'; return null; end $$`)
    await owner.query('create trigger onto_bob before insert on vault_subject for each row execute function onto_bob()')
    try {
      const attacked = open()
      await expect(attacked.subjects.pseudonym(anna)).rejects.toThrow(`${names[1]} stands where somebody new was to be added, and is somebody else`)
      await expect(attacked.subjects.pseudonym(anna)).rejects.toThrow('is found by the index of somebody else')
      // The attack happened: bob's row has anna's index now.
      expect((await owner.query<{ index: Buffer }>('select index from vault_subject where pseudonym = $1', [names[1]])).rows[0]?.index).toEqual(index)
    } finally {
      await owner.query('drop trigger onto_bob on vault_subject; drop function onto_bob')
    }
  })

  it('says whether the master key is the one it was begun with', async () => {
    expect(await open().subjects.isOurs()).toBe(true)
    expect(await open(pool, another).subjects.isOurs()).toBe(false)
  })
})

describe('a sealed value', () => {
  it('opens in its place only, and comes back as it was', async () => {
    const vault = open()
    const sealed = await vault.seal([somebody()], 'grüße 🚚', 'row 1')
    expect(sealed).toMatch(/^gv1\.k-[0-9a-z]+\.[\w-]+$/)
    expect(await open().open(sealed, 'row 1')).toEqual({ text: 'grüße 🚚' })
    expect(await open().open(sealed, 'row 2')).toBe('altered')
    expect(await open().open(`${sealed.slice(0, -3)}AAA`, 'row 1')).toBe('altered')
    expect(await open().open('from before', 'row 1')).toEqual({ text: 'from before' })
  })

  it('is under a key of its own for each month', async () => {
    const [vault, who] = [open(), somebody()]
    const november = await vault.seal([who], 'x', 'c')
    now = Date.parse('2026-12-01T00:00:00Z')
    const december = await open().seal([who], 'x', 'c')
    expect(november.split('.')[1]).not.toBe(december.split('.')[1])
    expect(
      (await owner.query('select month from vault_key where id = any($1) order by month', [[november, december].map((one) => one.split('.')[1])])).rows,
    ).toEqual([{ month: '2026-11' }, { month: '2026-12' }])
  })

  it('does not outlive an erasure because somebody moved its key to another subject', async () => {
    const sealed = await open().seal([somebody()], 'x', 'c')
    const other = await open().subjects.pseudonym(somebody())
    await owner.query('update vault_key set pseudonym = $2 where id = $1', [sealed.split('.')[1], other])
    await expect(open().open(sealed, 'c')).rejects.toThrow('does not unwrap')
  })
})

const journalOf = (vault = open()) => {
  const entries = journalStore({ pool })
  const journal = openJournal({ store: entries, clock, node: 'test' })
  return { record: vaulted({ record: journal.record, vault, random: (bytes) => randomBytes(bytes) }), entries, drain: journal.drain }
}

describe('an entry with somebody’s values', () => {
  it('stands without them, names their ciphertext, and reads as it was', async () => {
    const [vault, ref] = [open(), somebody()]
    const person = await vault.subjects.pseudonym(ref)
    const { record, entries, drain } = journalOf(vault)
    const entry = { kind: 'ask.answered', outcome: 'done', person, correlation: 'c-1', detail: { asked: { destination: 'Lyon' }, rows: 3 } } as const
    const receipt = await record(entry)
    await drain()
    const index = receipt.ok ? receipt.value.index : -1
    const [body] = (await entries.read(index, 1)).map((one) => one.body)
    const stored = body && parseRecorded(body)
    expect(stored).toMatchObject({ kind: 'ask.answered', person, detail: { rows: 3, payload: { alg: 'A256GCM', keyId: expect.stringMatching(/^k-/) } } })
    expect(Buffer.from(body ?? []).includes('Lyon')).toBe(false)
    expect(await unsealed(open(), vaultStore(pool), [{ index, entry: stored ?? entry }])).toMatchObject([{ entry }])

    const [payload] = await payloadsOf(vaultStore(pool))(index, [body ?? new Uint8Array()])
    expect(payload).toMatchObject({ class: 'ask', digest: expect.stringMatching(/^[0-9a-f]{64}$/) })
    const named = { index, ...(stored?.detail?.['payload'] as { readonly digest: string; readonly keyId: string }) }
    expect(payload?.digest).toBe(Buffer.from(named.digest, 'base64url').toString('hex'))
    expect(await payloadOf(vaultStore(pool))(named)).toEqual(payload?.ciphertext)
    expect(await payloadOf(vaultStore(pool))({ ...named, index: index + 1 })).toBe('missing')
    await owner.query('update payload set ciphertext = null where index = $1', [index])
    expect(await payloadOf(vaultStore(pool))(named)).toBe('missing')
    await owner.query('update vault_key set wrapped = null where id = $1', [named.keyId])
    expect(await payloadOf(vaultStore(pool))(named)).toEqual({ keysOf: [expect.stringMatching(/./)] })
    const toKeep = () => payloadsOf(vaultStore(pool))(index, [body ?? new Uint8Array()])
    expect(await toKeep()).toEqual([])
    await owner.query('delete from payload where index = $1', [index])
    await expect(toKeep()).rejects.toThrow('is gone: an erasure leaves it there, empty')
  })

  it.each([
    ['ask.answered', (accounts: readonly string[]) => ({ concerns: [...accounts], rows: 2 })],
    ['change.applied', ([account = '']: readonly string[]) => ({ account, after: { status: 'held' }, fields: ['status'] })],
  ] as const)('names the accounts of an %s by their pseudonyms, and nowhere by their own', async (kind, detailOf) => {
    const vault = open()
    const [one, two] = [`ACC-${somebody()}`, `ACC-${somebody()}`]
    const detail = detailOf([one, two])
    const { record, entries, drain } = journalOf(vault)
    const receipt = await record({ kind, outcome: 'done', correlation: 'c-4', detail })
    await drain()
    const [body] = (await entries.read(receipt.ok ? receipt.value.index : -1, 1)).map((stored) => stored.body)
    const named = 'concerns' in detail ? [one, two] : [one]
    expect(body && parseRecorded(body)?.detail?.['concerns']).toEqual(await Promise.all(named.map((account) => open().accountAlias(account))))
    expect(Buffer.from(body ?? []).includes('ACC-')).toBe(false)
  })

  it('is recorded, by its pseudonym, while its account is being erased', async () => {
    const [vault, account] = [open(), `ACC-${somebody()}`]
    const alias = await vault.accountAlias(account)
    await vaultKeeping(owner).begin(alias, now)
    const { record, entries, drain } = journalOf(open())
    const receipt = await record({ kind: 'ask.answered', outcome: 'done', correlation: 'c-5', detail: { concerns: [account], rows: 1 } })
    await drain()
    const [body] = (await entries.read(receipt.ok ? receipt.value.index : -1, 1)).map((stored) => stored.body)
    expect(body && parseRecorded(body)?.detail?.['concerns']).toEqual([alias])
  })

  it.each([
    [700, true],
    [800, false],
  ])('of %i accounts names them: %s', async (count, named) => {
    const aliases = Array.from({ length: count }, (_, i) => `a-${String(i).padStart(16, '0')}`)
    const recorded: Entry[] = []
    const record = vaulted({
      record: async (entry) => {
        recorded.push(entry)
        return { ok: false, refusal: { code: 'journal_unavailable', detail: 'not asked' } }
      },
      vault: { keyOf: open().keyOf, accountTold: async (account) => account },
      random: (bytes) => randomBytes(bytes),
    })
    await record({ kind: 'ask.answered', outcome: 'done', detail: { asked: { note: 'x'.repeat(20_000) }, concerns: aliases, rows: count } })
    expect(recorded[0]?.detail?.['concerns']).toEqual(named ? aliases : undefined)
    expect(JSON.stringify(recorded[0]).length).toBeLessThan(20_000)
  })

  it('does not open a ciphertext of another entry', async () => {
    const vault = open()
    const person = await vault.subjects.pseudonym(somebody())
    const { record, entries, drain } = journalOf(vault)
    const receipt = await record({ kind: 'ask.answered', outcome: 'done', person, correlation: 'c-2', detail: { asked: { destination: 'Metz' } } })
    await drain()
    const [stored] = await readTail(entries, receipt.ok ? receipt.value.index : -1, 1)
    if (!stored || !('entry' in stored)) throw new Error('no entry')
    const moved = { index: stored.index, entry: { ...stored.entry, correlation: 'c-3' } }
    expect(await unsealed(open(), vaultStore(pool), [moved])).toMatchObject([{ entry: { detail: { asked: 'erased' } } }])
  })

  it('does not open a ciphertext of another entry that says the same in clear', async () => {
    const vault = open()
    const person = await vault.subjects.pseudonym(somebody())
    const { record, entries, drain } = journalOf(vault)
    const indices: number[] = []
    for (const destination of ['Metz', 'Nancy']) {
      const receipt = await record({ kind: 'ask.answered', outcome: 'done', person, correlation: 'c-6', detail: { asked: { destination } } })
      indices.push(receipt.ok ? receipt.value.index : -1)
    }
    await drain()
    const lines = (await Promise.all(indices.map((index) => readTail(entries, index, 1)))).flat().flatMap((line) => ('entry' in line ? [line] : []))
    const told = async () => (await unsealed(open(), vaultStore(pool), lines)).map(({ entry }) => entry.detail?.['asked'])
    expect(await told()).toEqual([{ destination: 'Metz' }, { destination: 'Nancy' }])
    const swap = 'update payload set ciphertext = (select ciphertext from payload as other where other.index = $1 + $2 - payload.index) where index in ($1, $2)'
    await owner.query(swap, indices)
    expect(await told()).toEqual(['erased', 'erased'])
  })

  it.each([
    ['one huge detail', { note: 'x'.repeat(200_000) }],
    ['many large ones', Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`d${i}`, 'ü'.repeat(400)]))],
    ['half a surrogate pair in it', { note: `\ud800${'y'.repeat(90_000)}` }],
  ])('is never too large for the journal: %s', async (_, detail) => {
    const vault = open()
    const { record, entries, drain } = journalOf(vault)
    const receipt = await record({ kind: 'draft.refused', outcome: 'not_found', correlation: 'c-big', detail })
    await drain()
    expect(receipt.ok).toBe(true)
    const index = receipt.ok ? receipt.value.index : -1
    expect((await entries.read(index, 1))[0]?.body.length).toBeLessThanOrEqual(ENTRY_BYTES_MAX)
    const [stored] = await readTail(entries, index, 1)
    const [whole] = stored && 'entry' in stored ? await unsealed(vault, vaultStore(pool), [stored]) : []
    expect(whole?.entry.detail).toEqual(JSON.parse(JSON.stringify(detail).toWellFormed().replaceAll('\\ud800', '\ufffd')))
  })

  it('is refused, and nothing recorded, while the vault cannot be reached', async () => {
    const gone = poolOf('postgresql://nobody@127.0.0.1:1/none')
    const troubles: unknown[] = []
    const recorded: unknown[] = []
    const record = vaulted({
      record: async (entry) => {
        recorded.push(entry)
        throw new Error('must not be asked')
      },
      vault: open(gone),
      random: (bytes) => randomBytes(bytes),
      onTrouble: (cause) => void troubles.push(cause),
    })
    expect(await record({ kind: 'sources.capped', outcome: 'source_capped', detail: { counts: { '10.0.0.1': 3 } } })).toMatchObject({
      ok: false,
      refusal: { code: 'journal_unavailable' },
    })
    expect([recorded, troubles.length]).toEqual([[], 1])
    await gone.end()
  })
})

describe('erasing', () => {
  const keeperOf = (over: Partial<Keeper> = {}): Keeper & { readonly drain: () => Promise<void> } => {
    const { record, drain } = journalOf()
    return { keeping: vaultKeeping(owner), subjects: open().subjects, record, clock, drain, ...over }
  }
  const order = (subject: string) => ({ subject, authority: 'the officer', basis: 'article 17' })
  const told = async (pseudonym: string) => {
    const lines = await readTail(journalStore({ pool }), 0, 1000)
    return lines.flatMap((line) => ('entry' in line && line.entry.detail?.['subject'] === pseudonym ? [line.entry.kind] : []))
  }

  it('takes all of a subject’s months, and leaves what is others’', async () => {
    const [who, other] = [somebody(), somebody()]
    const vault = open()
    const mine = await vault.seal([who], 'mine', 'c')
    const ours = await vault.seal([who, other], 'ours', 'c')
    const theirs = await vault.seal([other], 'theirs', 'c')
    now += 40 * 86_400_000
    const later = await open().seal([who], 'later', 'c')
    const pseudonym = String(await vault.subjects.known(who))
    expect(await erase(keeperOf(), order(who))).toMatchObject({ ok: true, value: { pseudonym, already: false, keys: 2, months: ['2026-11', '2027-01'] } })
    const after = open()
    expect(await Promise.all([mine, ours, theirs, later].map((one) => after.open(one, 'c')))).toEqual(['erased', 'erased', { text: 'theirs' }, 'erased'])
    expect(await after.subjects.who(pseudonym)).toBe('erased')
    expect(await told(pseudonym)).toEqual(['journal.erasing', 'journal.erased'])
    expect(await after.subjects.pseudonym(who)).not.toBe(pseudonym)
  })

  it('is known in a process that held the keys within their lifetime', async () => {
    const [who, vault] = [somebody(), open()]
    const sealed = await vault.seal([who], 'x', 'c')
    await erase(keeperOf(), order(who))
    now += HELD_MS - 1
    expect(await vault.open(sealed, 'c')).toEqual({ text: 'x' })
    now += 1
    expect(await vault.open(sealed, 'c')).toBe('erased')
  })

  it('makes no key for a subject any more from its beginning on: what is sealed later nobody can open', async () => {
    const who = somebody()
    const pseudonym = await open().subjects.pseudonym(who)
    await vaultKeeping(owner).begin(pseudonym, now)
    const sealed = await open().seal([pseudonym], 'late', 'c')
    expect(await open().open(sealed, 'c')).toBe('erased')
    expect((await owner.query('select from vault_key where pseudonym = $1', [pseudonym])).rowCount).toBe(0)
  })

  it('does not begin while a case holds the subject, and the hold is told; each case by itself', async () => {
    const who = somebody()
    const pseudonym = await open().subjects.pseudonym(who)
    const keeper = keeperOf()
    const holds = (caseId: string) => ({ subject: who, caseId, authority: 'the court' })
    expect(await hold(keeper, holds('a-1'))).toEqual({ ok: true, value: true })
    expect(await hold(keeper, holds('b-2'))).toEqual({ ok: true, value: true })
    expect(await erase(keeper, order(who))).toEqual({ ok: false, refusal: { why: 'held', cases: ['a-1', 'b-2'] } })
    expect(await release(keeper, holds('a-1'))).toEqual({ ok: true, value: true })
    expect(await release(keeper, holds('a-1'))).toEqual({ ok: true, value: false })
    expect(await erase(keeper, order(who))).toEqual({ ok: false, refusal: { why: 'held', cases: ['b-2'] } })
    expect(await open().subjects.known(who)).toBe(pseudonym)
    await release(keeper, holds('b-2'))
    expect(await erase(keeper, order(who))).toMatchObject({ ok: true })
    expect(await hold(keeper, { ...holds('c-3'), subject: pseudonym })).toEqual({ ok: true, value: false })
    expect(await told(pseudonym)).toEqual(['journal.held', 'journal.held', 'journal.released', 'journal.released', 'journal.erasing', 'journal.erased'])
  })

  const AT = ['begin', 'destroy', 'empty', 'sweep', 'told'] as const
  it.each(AT.flatMap((step) => [false, true].map((done) => [step, done] as const)))(
    'broken off at `%s` (done: %s) is brought to its end by the next order',
    async (step, isDone) => {
      const [who, vault] = [somebody(), open()]
      const sealed = await vault.seal([who], 'x', 'c')
      const pseudonym = String(await vault.subjects.known(who))
      const keeping = vaultKeeping(owner)
      const dies = async (...given: Parameters<(typeof keeping)[typeof step]>): Promise<never> => {
        if (isDone) await (keeping[step] as (...all: typeof given) => Promise<unknown>)(...given)
        throw new Error('the process died')
      }
      await expect(erase(keeperOf({ keeping: { ...keeping, [step]: dies } }), order(who))).rejects.toThrow('the process died')
      await erase(keeperOf(), order(step === 'begin' || (step === 'destroy' && !isDone) ? who : somebody()))
      expect(await open().open(sealed, 'c')).toBe('erased')
      expect((await owner.query('select from vault_subject where pseudonym = $1 and told and wrapped is null', [pseudonym])).rowCount).toBe(1)
      expect((await told(pseudonym)).at(-1)).toBe('journal.erased')
    },
  )

  it('destroys nothing that it could not tell before', async () => {
    const [who, vault] = [somebody(), open()]
    const sealed = await vault.seal([who], 'x', 'c')
    const record: Keeper['record'] = async () => ({ ok: false, refusal: { code: 'journal_unavailable', detail: 'down' } })
    expect(await erase(keeperOf({ record }), order(who))).toMatchObject({ ok: false, refusal: { why: 'unrecorded' } })
    expect(await open().open(sealed, 'c')).toEqual({ text: 'x' })
  })

  it('says of an unknown subject that it is unknown', async () => {
    for (const subject of [somebody(), 'p-0123456789abcdef', 'nonsense'])
      expect(await erase(keeperOf(), order(subject))).toEqual({ ok: false, refusal: { why: 'unknown' } })
  })

  it('is not for the gate: its role may neither write nor empty keys', async () => {
    const keeping = vaultKeeping(pool)
    const pseudonym = await open().subjects.pseudonym(somebody())
    for (const work of [() => keeping.begin(pseudonym, now), () => keeping.empty(pseudonym, 1), () => keeping.hold(pseudonym, 'x', now)])
      await expect(work()).rejects.toThrow('permission denied')
  })
})
