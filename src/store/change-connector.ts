import type { Pool } from 'pg'
import type { Connector } from '../connectors/connector.ts'
import type { Predicate } from '../model/predicate.ts'
import { refusal } from '../model/refusal.ts'

/** What a session may ask of Gatehouse itself, as a source like any other: its own changes, by id. Anything else is not pushable. */
export function changeConnector(pool: Pool): Connector {
  return {
    async read({ resource, rows, accounts }) {
      const id = resource.name === 'change' ? idIn(rows) : null
      if (id === null) return { ok: false, refusal: refusal('not_pushable', 'only a change by its id can be asked for') }
      try {
        const text = 'select id as "changeId", session, operation, state, version, outcome from change where id = $1 and session = any($2)'
        return { ok: true, value: (await pool.query(text, [id, accounts])).rows }
      } catch {
        return { ok: false, refusal: refusal('store_unavailable', "the gate's database does not answer") }
      }
    },
  }
}

function idIn(rows: Predicate): string | null {
  if (rows.op !== 'and') return null
  const [confined, asked, ...more] = rows.all
  return confined?.op === 'in' && asked?.op === 'eq' && asked.field === 'changeId' && more.length === 0 ? String(asked.value) : null
}
