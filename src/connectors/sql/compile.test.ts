import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { must } from '../../../test/support/stages.ts'
import type { Predicate } from '../../model/predicate.ts'
import { PARCEL } from '../connector.contract.ts'
import { compile } from './compile.ts'

const query = (rows: Predicate, fields: readonly string[] = ['parcelId']) => ({ resource: PARCEL, fields, rows, accounts: ['A'], limit: 7 })
const HEAD = 'select "parcel_id" as "parcelId" from "shop"."parcel" where'
const TAIL = 'order by "parcel_id" collate "C" limit'

describe('compile', () => {
  it.each([
    [{ op: 'eq', field: 'status', value: 'x' }, `${HEAD} "status" = $1::text ${TAIL} $2`, ['x', 7]],
    [{ op: 'gt', field: 'parcelId', value: 'x' }, `${HEAD} "parcel_id" collate "C" > $1::text ${TAIL} $2`, ['x', 7]],
    [{ op: 'lte', field: 'sentOn', value: '2026-01-01' }, `${HEAD} "sent_on" <= $1::date ${TAIL} $2`, ['2026-01-01', 7]],
    [{ op: 'gte', field: 'pieces', value: 3 }, `${HEAD} "pieces" >= $1::bigint ${TAIL} $2`, [3, 7]],
    [{ op: 'in', field: 'account', values: ['A', 'B'] }, `${HEAD} "account" = any($1::text[]) ${TAIL} $2`, [['A', 'B'], 7]],
    [{ op: 'and', all: [] }, `${HEAD} true ${TAIL} $1`, [7]],
    [
      {
        op: 'and',
        all: [
          { op: 'in', field: 'account', values: [] },
          { op: 'eq', field: 'fragile', value: true },
        ],
      },
      `${HEAD} "account" = any($1::text[]) and "fragile" = $2::boolean ${TAIL} $3`,
      [[], true, 7],
    ],
  ] as const satisfies readonly (readonly [Predicate, string, readonly unknown[]])[])('writes %j as `%s`', (rows, text, values) => {
    expect(compile(query(rows))).toEqual({ ok: true, value: { text, values } })
  })

  it('binds every value and writes none, whatever it is', () => {
    // A value made of letters that no statement of ours has.
    const value = fc.string({ minLength: 1, unit: fc.constantFrom('¤', '§', "'", ';', '\\', '%', '\n', '\u0000', '😀', 'ß') }).map((text) => `¤${text}`)
    const leaf = fc.oneof(
      fc.record({ op: fc.constantFrom('eq', 'gt', 'gte', 'lt', 'lte'), field: fc.constantFrom('status', 'parcelId', 'sentOn'), value }),
      fc.record({ op: fc.constant('in' as const), field: fc.constantFrom('status', 'account'), values: fc.array(value) }),
    )
    fc.assert(
      fc.property(fc.array(leaf), (all) => {
        const { text, values } = must(compile(query({ op: 'and', all })))
        expect(text).toMatch(/^[a-zA-Z0-9_ ".,$():<>=[\]]+$/)
        expect(values).toHaveLength(all.length + 1)
        expect(text.match(/\$\d+/g)).toHaveLength(values.length)
      }),
    )
  })

  it('gives statements of one form one text, so that the server plans it once', () => {
    const [a, b] = ['x', 'y'].map((value) => must(compile(query({ op: 'eq', field: 'status', value }))).text)
    expect(a).toBe(b)
  })

  it('does not filter by what is no field', () => {
    for (const field of ['weight', 'parcel_id', 'constructor', '__proto__', 'toString'])
      for (const rows of [
        { op: 'eq', field, value: 'x' },
        { op: 'in', field, values: ['x'] },
        { op: 'and', all: [{ op: 'and', all: [{ op: 'eq', field, value: 1 }] }] },
      ] as const)
        expect(compile(query(rows))).toMatchObject({ ok: false, refusal: { code: 'not_pushable' } })
  })

  it('never asks for a field that is not there: that is our own mistake, and throws', () => {
    for (const field of ['weight', 'constructor', '__proto__']) expect(() => compile(query({ op: 'and', all: [] }, [field]))).toThrow('has no field')
  })
})
