import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Outcome } from '../base/outcome.ts'
import type { Resource } from '../catalogue/pack.ts'
import type { Predicate } from '../model/predicate.ts'
import type { Refusal } from '../model/refusal.ts'
import type { Row } from '../model/row.ts'
import type { Connector, Query } from './connector.ts'

/** The resource every source is tested with: a text key, an account, and a field of each type. */
export const PARCEL: Resource = {
  system: 'shop',
  name: 'parcel',
  relation: 'shop.parcel',
  key: 'parcelId',
  boundary: 'account',
  confinedTo: 'account',
  subject: 'account',
  fields: Object.fromEntries(
    (
      [
        ['parcelId', 'parcel_id', 'text'],
        ['account', 'account', 'text'],
        ['status', 'status', 'text'],
        ['pieces', 'pieces', 'integer'],
        ['weightKg', 'weight_kg', 'decimal'],
        ['sentOn', 'sent_on', 'date'],
        ['seenAt', 'seen_at', 'instant'],
        ['fragile', 'fragile', 'flag'],
      ] as const
    ).map(([name, column, type]) => [name, { name, column, type, class: 'open', describe: name }]),
  ),
}

/** A letter beyond U+FFFF last, as code points go; upper case before lower. */
const KEYS = ['A-1', 'A-2', 'a-3', 'é-4', '\uff21-5', '😀-6']

const parcel = (parcelId: string, n: number, over: Row = {}): Row => ({
  parcelId,
  account: 'A',
  status: n % 2 === 0 ? 'sent' : 'lost',
  pieces: n,
  weightKg: n + 0.25,
  sentOn: `2026-0${n + 1}-28`,
  seenAt: `2026-0${n + 1}-28T22:30:15.125Z`,
  fragile: n < 3,
  ...over,
})

/** What the source must hold for the test. Rows of `A`, one of `B`; the last of `A` is empty but for key and account. */
export const PARCELS: readonly Row[] = [
  ...KEYS.map((key, n) => parcel(key, n)),
  { parcelId: 'Z-7', account: 'A', status: null, pieces: null, weightKg: null, sentOn: null, seenAt: null, fragile: null },
  parcel('B-1', 1, { account: 'B', status: 'of B' }),
]

const FIELDS = Object.keys(PARCEL.fields)
const [COUNT, LAST] = [7, 'Z-7']

/** Everything `connector.ts` promises. `open` gives a source that holds `PARCELS`. */
export function connectorContract(name: string, open: () => Promise<{ readonly connector: Connector; readonly close: () => Promise<void> }>): void {
  describe(`the contract of a connector, kept by ${name}`, () => {
    let connector: Connector
    let close: () => Promise<void>
    beforeAll(async () => ({ connector, close } = await open()))
    afterAll(() => close())

    const read = (over: Partial<Query> = {}): Promise<Outcome<readonly Row[], Refusal>> =>
      connector.read({ resource: PARCEL, fields: FIELDS, rows: { op: 'in', field: 'account', values: ['A'] }, accounts: ['A'], limit: 100, ...over })
    const keys = async (over: Partial<Query>): Promise<unknown> => {
      const found = await read({ fields: ['parcelId'], ...over })
      return found.ok ? found.value.map(({ parcelId }) => parcelId) : found.refusal.code
    }
    const by = (rows: Predicate) => keys({ rows })

    it('gives rows by catalogue names, as text, numbers, booleans and null, in ascending order of the key by code point', async () => {
      const found = await read()
      const order = PARCELS.slice(0, COUNT).toSorted((a, b) => Buffer.compare(Buffer.from(String(a['parcelId'])), Buffer.from(String(b['parcelId']))))
      expect(found).toEqual({ ok: true, value: order })
    })

    it('gives the fields it is asked for and not one more', async () => {
      const found = await read({ fields: ['status', 'parcelId'], limit: 1 })
      expect(found).toEqual({ ok: true, value: [{ status: 'sent', parcelId: 'A-1' }] })
    })

    it('gives as many rows as it is asked for, from the front', async () => {
      expect(await keys({ limit: 1 })).toEqual(['A-1'])
      expect(await keys({ limit: COUNT })).toHaveLength(COUNT)
      expect(await keys({ limit: COUNT - 1 })).toEqual(['A-1', 'A-2', LAST, 'a-3', 'é-4', '\uff21-5'])
    })

    it.each([
      ['text that is equal', { op: 'eq', field: 'status', value: 'lost' }, ['A-2', 'é-4', '😀-6']],
      ['text in another case', { op: 'eq', field: 'status', value: 'LOST' }, []],
      ['a key above another, by code point', { op: 'gt', field: 'parcelId', value: 'é-4' }, ['\uff21-5', '😀-6']],
      ['a key above one beyond U+FFFF', { op: 'gt', field: 'parcelId', value: '😀-6' }, []],
      ['a number at least', { op: 'gte', field: 'pieces', value: 4 }, ['\uff21-5', '😀-6']],
      ['a number above', { op: 'gt', field: 'pieces', value: 4 }, ['😀-6']],
      ['a number at most', { op: 'lte', field: 'weightKg', value: 1.25 }, ['A-1', 'A-2']],
      ['a number below', { op: 'lt', field: 'weightKg', value: 1.25 }, ['A-1']],
      ['a day at least', { op: 'gte', field: 'sentOn', value: '2026-05-28' }, ['\uff21-5', '😀-6']],
      ['a day above', { op: 'gt', field: 'sentOn', value: '2026-05-28' }, ['😀-6']],
      ['a moment', { op: 'lte', field: 'seenAt', value: '2026-01-28T22:30:15.125Z' }, ['A-1']],
      ['a flag', { op: 'eq', field: 'fragile', value: false }, ['é-4', '\uff21-5', '😀-6']],
      ['one of several', { op: 'in', field: 'parcelId', values: ['A-1', 'nothing', 'a-3', 'B-1'] }, ['A-1', 'a-3']],
      ['one of none', { op: 'in', field: 'parcelId', values: [] }, []],
    ] as const satisfies readonly (readonly [string, Predicate, readonly string[]])[])('filters by %s', async (_, rows, expected) => {
      expect(await by(rows)).toEqual(expected)
    })

    it('filters by all of several, nested too', async () => {
      const rows: Predicate = {
        op: 'and',
        all: [
          { op: 'eq', field: 'status', value: 'lost' },
          { op: 'and', all: [{ op: 'gte', field: 'pieces', value: 2 }] },
          { op: 'and', all: [] },
        ],
      }
      expect(await by(rows)).toEqual(['é-4', '😀-6'])
    })

    it('confines itself to the accounts, whatever the predicate lets through', async () => {
      for (const rows of [
        { op: 'and', all: [] },
        { op: 'in', field: 'account', values: ['A', 'B'] },
        { op: 'gte', field: 'pieces', value: -1 },
      ] as const satisfies readonly Predicate[]) {
        expect(await keys({ rows, accounts: ['B'] })).toEqual(['B-1'])
        expect(await keys({ rows, accounts: [] })).toEqual([])
        for (const strange of ['', ' ', 'B ', 'b', '%', '*', 'A,B', "B' or true --"]) expect(await keys({ rows, accounts: [strange] })).toEqual([])
      }
      expect(await keys({ rows: { op: 'and', all: [] }, accounts: ['A', 'B'] })).toHaveLength(PARCELS.length)
    })

    it("answers alike for another account's record and for one that is not there", async () => {
      const [foreign, absent] = [await by({ op: 'eq', field: 'parcelId', value: 'B-1' }), await by({ op: 'eq', field: 'parcelId', value: 'nothing' })]
      expect([foreign, absent]).toEqual([[], []])
    })

    it('takes every value as a value: none is more than the text it is', async () => {
      for (const value of ["' or 1=1 --", "A-1'; drop table parcel; --", '%', '_', '\\', '"', '$1', 'A-1\r\n', '{A-1}', 'NULL', '\u202e', '\u00e9'])
        expect(await by({ op: 'eq', field: 'parcelId', value })).toEqual([])
      expect(await by({ op: 'in', field: 'parcelId', values: ['A-1","B-1', '{A-1,B-1}', 'A-1'] })).toEqual(['A-1'])
      expect(await keys({})).toHaveLength(COUNT)
    })

    it('refuses what it cannot filter by, rather than read it all', async () => {
      for (const field of ['weight', 'parcel_id', 'constructor', '__proto__', 'parcelId"; --'])
        expect(await by({ op: 'and', all: [{ op: 'eq', field, value: 'x' }] })).toBe('not_pushable')
    })

    it('keeps asks apart that come at once', async () => {
      const asks = Array.from({ length: 40 }, (_, n) => keys({ rows: { op: 'and', all: [] }, accounts: [n % 2 === 0 ? 'A' : 'B'] }))
      const found = await Promise.all(asks)
      const [ofA, ofB] = [await keys({ rows: { op: 'and', all: [] } }), ['B-1']]
      expect(found).toEqual(found.map((_, n) => (n % 2 === 0 ? ofA : ofB)))
    })
  })
}
