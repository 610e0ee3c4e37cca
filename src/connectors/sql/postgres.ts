import type pg from 'pg'
import { toHex } from '../../base/bytes.ts'
import { sha256 } from '../../base/digest.ts'
import { lru } from '../../base/lru.ts'
import { done, refuse } from '../../base/outcome.ts'
import { type Refusal, refusal } from '../../model/refusal.ts'
import type { Connector, Query } from '../connector.ts'
import { compile } from './compile.ts'
import { exchanges } from './exchange.ts'
import { alone, inLine, Unreached } from './line.ts'

/**
 * A PostgreSQL source under row-level security. Each read runs in a read-only transaction after its own accounts were set for what follows
 * (as by `SET LOCAL`), so the database itself shows no other account's rows, even if our predicate were wrong; without the
 * setting it shows none. All of it is one exchange with the server, see exchange.ts; reads of one record share one when they come together, see line.ts.
 */
export function postgresConnector(pool: pg.Pool): Connector {
  const exchange = exchanges()
  const [quick, any] = [inLine(pool, exchange), alone(pool, exchange)]
  const names = lru<string, string>(500)
  const nameOf = (text: string): string => {
    const known = names.get(text)
    if (known) return known
    const name = `gh_${toHex(sha256(text)).slice(0, 24)}`
    names.set(text, name)
    return name
  }

  return {
    async read(query) {
      const statement = compile(query)
      if (!statement.ok) return statement
      const { text, values } = statement.value
      const read = { accounts: listOf(query.accounts), named: { name: nameOf(text), text, values } }
      try {
        return done(await (isOfOneRecord(query) ? quick(read) : any(read)))
      } catch (error) {
        return refuse(judge(error, query))
      }
    },
  }
}

/** Asked for by its key, which an index answers. */
const isOfOneRecord = ({ rows, resource }: Query): boolean =>
  rows.op === 'and' ? rows.all.some((part) => part.op === 'eq' && part.field === resource.key) : rows.op === 'eq' && rows.field === resource.key

/** INVARIANT: accounts are parted by commas in the setting, so one with a comma in it would read as two others, and is none. */
const listOf = (accounts: readonly string[]): string => accounts.filter((account) => !account.includes(',')).join(',')

/** SQLSTATE classes 08 (connection) and 57P (shutdown) mean not reached; anything else is the source's failure. Its text stays here. */
function judge(error: unknown, query: Query): Refusal {
  const state = error instanceof Error && 'code' in error ? String(error.code) : ''
  const { system } = query.resource
  if (state === '57014') return refusal('source_failed', `the system behind \`${system}\` took too long`)
  if (error instanceof Unreached || state === '' || state.startsWith('08') || state.startsWith('57P') || state.startsWith('E'))
    return refusal('source_unavailable', `the system behind \`${system}\` cannot be reached`)
  return refusal('source_failed', `the system behind \`${system}\` could not answer`)
}
