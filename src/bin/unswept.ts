import type { Unswept } from '../journal/vault/vault-store.ts'

/** What the database did not do of a sweep, a line each for the administrator. */
export const unsweptLines = (unswept: readonly Unswept[]): readonly string[] =>
  unswept.map(({ sql, why }) => {
    if (why === 'in_use') return `not done: \`${sql}\`, since a transaction from before, perhaps a backup, holds the rows; run it once that has ended`
    if (why === 'broken_off') return `not done: \`${sql}\`, which the database broke off, for want of disk or time; run it once it has these`
    if (sql === 'checkpoint') return 'not done: `checkpoint`, which the database does not permit us; it makes one by itself within minutes'
    return `not done: \`${sql}\`, which the database does not permit us; have it run by who may`
  })
