import { expect, it } from 'vitest'
import { unsweptLines } from './unswept.ts'

it('says of each sweep that was not done why, and what to do', () => {
  expect(
    unsweptLines([
      { sql: 'vacuum (full) vault_key', why: 'in_use' },
      { sql: 'vacuum (full) vault_subject', why: 'forbidden' },
      { sql: 'checkpoint', why: 'forbidden' },
      { sql: 'vacuum payload', why: 'broken_off' },
    ]),
  ).toEqual([
    'not done: `vacuum (full) vault_key`, since a transaction from before, perhaps a backup, holds the rows; run it once that has ended',
    'not done: `vacuum (full) vault_subject`, which the database does not permit us; have it run by who may',
    'not done: `checkpoint`, which the database does not permit us; it makes one by itself within minutes',
    'not done: `vacuum payload`, which the database broke off, for want of disk or time; run it once it has these',
  ])
  expect(unsweptLines([])).toEqual([])
})
