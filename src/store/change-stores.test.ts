import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeOf } from '../../test/support/change.ts'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { poolOf } from '../../test/support/journal.ts'
import { keepSession } from '../../test/support/kept-session.ts'
import { operationOf } from '../../test/support/pack.ts'
import { must } from '../../test/support/stages.ts'
import { done } from '../base/outcome.ts'
import { changeDigest } from '../changes/change.ts'
import type { Query } from '../connectors/connector.ts'
import { CHANGE_STATES } from '../model/change-state.ts'
import { accessRequests } from './access-requests.ts'
import { changeConnector } from './change-connector.ts'
import { changeStore } from './change-store.ts'
import { draftStore } from './draft-store.ts'
import { exposureLedger } from './ledger.ts'

let database: FreshDatabase
let pool: pg.Pool
let session: string
let other: string
beforeAll(async () => {
  database = await freshDatabase()
  pool = poolOf(database.roleUrl('gate'))
  session = (await keepSession(pool)).session.id
  other = (await keepSession(pool, { person: 'ben' })).session.id
})
afterAll(async () => {
  await pool.end()
  await database.close()
})

const changes = () => changeStore(pool, changeDigest)
let made = 0
const newChange = (over = {}) => changeOf({ id: `chg-${++made}`, session, ...over })

describe('changeStore', () => {
  it('gives a change back letter by letter, so that its digest is the same', async () => {
    const change = newChange({
      before: { status: 'a', pieces: 1.5, gone: null, fragile: true },
      after: { status: 'ü "\' 😀', pieces: 0 },
      proposedAt: 1_790_000_000_123,
    })
    await changes().keep(change)
    expect(await changes().find(change.id)).toEqual(change)
    const { rows } = await pool.query<{ digest: string }>('select digest from change where id = $1', [change.id])
    expect(rows[0]?.digest).toBe(changeDigest(change))
    expect(await changes().find('chg-none')).toBeNull()
  })

  it.each(CHANGE_STATES)('knows the state %s', async (state) => {
    const change = newChange({ state, decidedBy: 'ben', decidedAt: 5, decisionReason: 'r', outcome: 'o' })
    await changes().keep({ ...change, decidedBy: null, decidedAt: null, decisionReason: null, outcome: null })
    expect(await changes().move(change, state, 1)).toBe(true)
    expect(await changes().find(change.id)).toEqual(change)
  })

  it('moves a change that is still as it was, and no other', async () => {
    const change = newChange()
    await changes().keep(change)
    const to = { ...change, state: 'stale', version: 2, before: { status: 'planned' } } as const
    for (const [from, version] of [
      ['approved', 1],
      ['proposed', 2],
      ['proposed', 0],
    ] as const)
      expect(await changes().move(to, from, version)).toBe(false)
    expect(await changes().move({ ...to, id: 'chg-none' }, 'proposed', 1)).toBe(false)
    expect(await changes().find(change.id)).toEqual(change)
    expect(await changes().move(to, 'proposed', 1)).toBe(true)
    expect(await changes().find(change.id)).toEqual(to)
    const { rows } = await pool.query<{ digest: string }>('select digest from change where id = $1', [change.id])
    expect(rows[0]?.digest).toBe(changeDigest(to))
  })

  it('lets one of many who move at once win', async () => {
    const change = newChange()
    await changes().keep(change)
    const moves = await Promise.all(
      Array.from({ length: 10 }, (_, n) => changes().move({ ...change, state: n % 2 === 0 ? 'approved' : 'rejected' }, 'proposed', 1)),
    )
    expect(moves.filter(Boolean)).toHaveLength(1)
  })

  it("lists by state, the oldest first unless the newest are asked for, and by session, that session's alone", async () => {
    const [a, b, c] = [
      newChange({ session: other, proposedAt: 9_000 }),
      newChange({ session: other, proposedAt: 10_000 }),
      newChange({ session: other, proposedAt: 8_000, state: 'approved' }),
    ]
    for (const change of [a, b, c]) await changes().keep(change)
    expect((await changes().ofSession(other)).map(({ id }) => id)).toEqual([c.id, a.id, b.id])
    const proposed = async (first?: 'oldest' | 'newest') =>
      (await changes().inStates(['proposed'], 500, first)).map(({ id }) => id).filter((id) => [a.id, b.id].includes(id))
    expect([await proposed(), await proposed('newest')]).toEqual([
      [a.id, b.id],
      [b.id, a.id],
    ])
    expect(await changes().inStates(['proposed', 'approved'], 1)).toHaveLength(1)
    expect(await changes().inStates([], 10)).toEqual([])
  })

  it('counts what nobody has decided, of a session and of its person, whatever else they have', async () => {
    const [one, two, another] = [
      await keepSession(pool, { person: 'eva' }),
      await keepSession(pool, { person: 'eva' }),
      await keepSession(pool, { person: 'ada' }),
    ]
    const { id, person } = one.session
    expect(await changes().undecided({ id, person })).toEqual(done({ session: 0, person: 0 }))
    for (const [{ session: of }, state] of [...CHANGE_STATES.map((any) => [one, any] as const), [two, 'proposed'], [another, 'proposed']] as const)
      must(await changes().keep(newChange({ session: of.id, person: of.person, state })))
    expect(await changes().undecided({ id, person })).toEqual(done({ session: 2, person: 3 }))
  })

  it('does not let one change be kept twice, nor one of a session that is not', async () => {
    const change = newChange()
    await changes().keep(change)
    await expect(changes().keep(change)).rejects.toThrow('duplicate key')
    await expect(changes().keep(newChange({ session: 's-none' }))).rejects.toThrow('foreign key')
  })
})

describe('changeConnector', () => {
  const { resource } = operationOf('getChangeState')
  const query = (over: Partial<Query> = {}): Query => ({
    resource,
    fields: ['changeId', 'state'],
    rows: {
      op: 'and',
      all: [
        { op: 'in', field: 'session', values: [session] },
        { op: 'eq', field: 'changeId', value: 'chg-seen' },
      ],
    },
    accounts: [session],
    limit: 1,
    ...over,
  })
  beforeAll(() => changes().keep(newChange({ id: 'chg-seen' })))

  it("gives a session its own change, and another's and none alike nothing", async () => {
    expect(await changeConnector(pool).read(query())).toMatchObject({ ok: true, value: [{ changeId: 'chg-seen', session, state: 'proposed', version: 1 }] })
    for (const accounts of [[other], [], ['']]) expect(await changeConnector(pool).read(query({ accounts }))).toEqual({ ok: true, value: [] })
    const none = {
      op: 'and',
      all: [
        { op: 'in', field: 'session', values: [session] },
        { op: 'eq', field: 'changeId', value: "x' or true --" },
      ],
    } as const
    expect(await changeConnector(pool).read(query({ rows: none }))).toEqual({ ok: true, value: [] })
  })

  it('tells nothing of what was proposed, by whom or on what', async () => {
    const read = await changeConnector(pool).read(query())
    expect(Object.keys((read.ok ? read.value[0] : undefined) ?? {})).toEqual(['changeId', 'session', 'operation', 'state', 'version', 'outcome'])
  })

  it('is asked by id and in no other way', async () => {
    for (const rows of [
      { op: 'and', all: [] },
      { op: 'in', field: 'session', values: [session] },
      { op: 'and', all: [{ op: 'in', field: 'session', values: [session] }] },
      {
        op: 'and',
        all: [
          { op: 'in', field: 'session', values: [session] },
          { op: 'eq', field: 'state', value: 'proposed' },
        ],
      },
      {
        op: 'and',
        all: [
          { op: 'in', field: 'session', values: [session] },
          { op: 'gt', field: 'changeId', value: '' },
        ],
      },
      {
        op: 'and',
        all: [
          { op: 'eq', field: 'changeId', value: 'chg-seen' },
          { op: 'eq', field: 'changeId', value: 'chg-seen' },
        ],
      },
    ] as const satisfies readonly Query['rows'][])
      expect(await changeConnector(pool).read(query({ rows }))).toMatchObject({ ok: false, refusal: { code: 'not_pushable' } })
    expect(await changeConnector(pool).read(query({ resource: { ...resource, name: 'session' } }))).toMatchObject({ refusal: { code: 'not_pushable' } })
  })

  it('says so when our database does not answer', async () => {
    const lost = poolOf('postgresql://u:p@127.0.0.1:1/x')
    expect(await changeConnector(lost).read(query())).toMatchObject({ ok: false, refusal: { code: 'store_unavailable' } })
    await lost.end()
  })
})

describe('draftStore', () => {
  it('gives a draft back as it was kept, and a person their own, the newest first', async () => {
    const draft = (id: string, person: string, createdAt: number) => ({
      id,
      session,
      person,
      useCase: 'u',
      operation: 'o',
      key: 'k',
      sealed: 'drf_x',
      createdAt,
    })
    const all = [draft('drf-1', 'anna', 1_000), draft('drf-2', 'anna', 2_001), draft('drf-3', 'ben', 3_000)]
    for (const one of all) await draftStore(pool).keep(one)
    expect(await draftStore(pool).find('drf-2')).toEqual(all[1])
    expect(await draftStore(pool).find('drf-none')).toBeNull()
    expect((await draftStore(pool).ofPerson('anna', 10)).map(({ id }) => id)).toEqual(['drf-2', 'drf-1'])
    expect(await draftStore(pool).ofPerson('anna', 1)).toHaveLength(1)
    expect(await draftStore(pool).ofPerson("anna' or true --", 10)).toEqual([])
  })
})

describe('exposureLedger', () => {
  const digest = (n: number) => new Uint8Array(32).fill(n)
  it('counts what is distinct in a session and kind, once', async () => {
    const { spend } = exposureLedger(pool)
    expect(await spend(session, 'subject', [digest(1), digest(2), digest(1)])).toEqual(done(2))
    expect(await spend(session, 'subject', [digest(2)])).toEqual(done(2))
    expect(await spend(session, 'price', [digest(1)])).toEqual(done(1))
    expect(await spend(other, 'subject', [digest(3)])).toEqual(done(1))
    expect(await spend(session, 'subject', [])).toEqual(done(2))
  })

  it('of those who spend at once, lets the last to return see all', async () => {
    const { spend } = exposureLedger(pool)
    const counts = await Promise.all(Array.from({ length: 12 }, (_, n) => spend(other, 'price', [digest(n)])))
    expect(Math.max(...counts.map(must))).toBe(12)
  })

  it('cannot be taken back by the gate: nothing of it may be deleted or changed', async () => {
    await expect(pool.query('delete from exposure')).rejects.toThrow('permission denied')
    await expect(pool.query("update exposure set session = 's'")).rejects.toThrow('permission denied')
  })
})

describe('accessRequests', () => {
  const asking = (id: string, over = {}) => ({
    id,
    person: 'anna',
    correlation: `cor-${id}`,
    operation: 'o',
    useCase: 'care',
    rule: 'r',
    owner: 'w',
    note: 'please',
    askedAt: 1_790_000_000_123,
    ...over,
  })

  it('keeps one request per refusal, the first', async () => {
    const { add, ofRefusal } = accessRequests(pool)
    expect(await ofRefusal('cor-acr-1')).toBeNull()
    await add(asking('acr-1'))
    await add(asking('acr-2', { correlation: 'cor-acr-1', note: 'again' }))
    expect(await ofRefusal('cor-acr-1')).toEqual({ ...asking('acr-1'), answered: null })
  })

  it.each(['vault-room', null])('keeps one open request of a person about use case %s and a rule; answered, another', async (useCase) => {
    const { add, answer, openOf } = accessRequests(pool)
    const [id, about] = [`acr-open-${useCase}`, { person: 'ben', useCase, rule: 'open' }]
    expect(await openOf(about)).toBeNull()
    await add(asking(id, about))
    await add(asking(`${id}-again`, about))
    expect(await openOf(about)).toEqual({ ...asking(id, about), answered: null })
    for (const over of [{ person: 'anna' }, { useCase: 'other' }, { rule: 'other' }]) expect(await openOf({ ...about, ...over })).toBeNull()
    await answer(id, { by: 'anna', at: 1_790_000_100_000, answer: 'no' })
    expect(await openOf(about)).toBeNull()
    await add(asking(`${id}-again`, about))
    expect((await openOf(about))?.id).toBe(`${id}-again`)
    await answer(`${id}-again`, { by: 'anna', at: 1_790_000_100_000, answer: 'no' })
  })

  it('shows a request to who asked, and to who decides its use case; one without a use case only where that is asked for', async () => {
    const { add, shownTo } = accessRequests(pool)
    await add(asking('acr-3', { person: 'ben', useCase: 'desk', askedAt: 1_790_000_000_000 }))
    await add(asking('acr-4', { person: 'ben', useCase: null }))
    const shown = async (person: string, useCases: readonly string[], withoutUseCase: boolean) =>
      (await shownTo({ person, useCases, withoutUseCase }, 10)).open.map(({ id }) => id)
    expect(await shown('anna', [], false)).toEqual(['acr-1'])
    expect(await shown('anna', ['desk'], false)).toEqual(['acr-3', 'acr-1'])
    expect(await shown('erik', ['desk'], true)).toEqual(['acr-3', 'acr-4'])
    expect(await shown('erik', [], false)).toEqual([])
  })

  it('takes one answer of those given at once, and then shows it as answered', async () => {
    const { answer, find, shownTo } = accessRequests(pool)
    const told = await Promise.all(['yes', 'no', 'later'].map((said) => answer('acr-1', { by: 'ben', at: 1_790_000_100_000, answer: said })))
    expect(told.filter(Boolean).length).toBe(1)
    const said = ['yes', 'no', 'later'][told.indexOf(true)]
    expect((await find('acr-1'))?.answered).toEqual({ by: 'ben', at: 1_790_000_100_000, answer: said })
    const { open, answered } = await shownTo({ person: 'anna', useCases: [], withoutUseCase: false }, 10)
    expect([open.length, answered.map(({ id }) => id)]).toEqual([0, ['acr-1']])
  })
})
