import type { Pool } from 'pg'
import type { Change, Image } from '../changes/change.ts'
import type { ChangeStore, Undecided } from '../changes/change-store.ts'
import type { ChangeState } from '../model/change-state.ts'
import { reach } from './reach.ts'

type ChangeRow = {
  readonly id: string
  readonly session: string
  readonly person: string
  readonly use_case: string
  readonly operation: string
  readonly system: string
  readonly resource: string
  readonly key: string
  readonly account: string
  readonly before: Image
  readonly after: Image
  readonly reason: string
  readonly reversibility: Change['reversibility']
  readonly version: number
  readonly state: ChangeState
  readonly proposed_at: Date
  readonly decided_by: string | null
  readonly decided_at: Date | null
  readonly decision_reason: string | null
  readonly outcome: string | null
  readonly salt: string | null
}

/** How a change stands in its row: what `close` makes of it, and `open` again of that. */
export type ChangeVeil = { readonly close: (change: Change) => Promise<Change>; readonly open: (row: Change) => Promise<Change> }

const PLAIN: ChangeVeil = { close: async (change) => change, open: async (row) => row }

/** Changes in PostgreSQL, as the port says. `digestOf`: what an approval is for, kept beside the row for whoever reads the table. */
export function changeStore(pool: Pool, digestOf: (change: Change) => string, veil: ChangeVeil = PLAIN): ChangeStore {
  const find = async (text: string, values: readonly unknown[]): Promise<readonly Change[]> =>
    Promise.all((await pool.query<ChangeRow>(text, [...values])).rows.map(asChange).map(veil.open))
  return {
    keep: (clear) =>
      reach(async () => {
        const change = await veil.close(clear)
        await pool.query(
          `insert into change (id, session, person, use_case, operation, system, resource, key, account, before, after, reason, reversibility, version, digest, state, proposed_at, salt)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
          [
            change.id,
            change.session,
            change.person,
            change.useCase,
            change.operation,
            change.system,
            change.resource,
            change.key,
            change.account,
            change.before,
            change.after,
            change.reason,
            change.reversibility,
            change.version,
            digestOf(clear),
            change.state,
            new Date(change.proposedAt),
            change.salt ?? null,
          ],
        )
        return null
      }),
    undecided: ({ id, person }) =>
      reach(async () => {
        const text = `select count(*) filter (where session = $1)::int as session, count(*)::int as person from change where person = $2 and state in ('proposed', 'stale')`
        return (await pool.query<Undecided>(text, [id, person])).rows[0] ?? { session: 0, person: 0 }
      }),
    find: async (id) => (await find('select * from change where id = $1', [id]))[0] ?? null,
    async move(clear, from, fromVersion) {
      const to = await veil.close(clear)
      const { rowCount } = await pool.query(
        `update change set state = $4, version = $5, before = $6, digest = $7, decided_by = $8, decided_at = $9, decision_reason = $10, outcome = $11, updated_at = now()
         where id = $1 and state = $2 and version = $3`,
        [
          to.id,
          from,
          fromVersion,
          to.state,
          to.version,
          to.before,
          digestOf(clear),
          to.decidedBy,
          to.decidedAt === null ? null : new Date(to.decidedAt),
          to.decisionReason,
          to.outcome,
        ],
      )
      return rowCount === 1
    },
    inStates: (states, limit, first = 'oldest') =>
      find(`select * from change where state = any($1) order by proposed_at ${first === 'oldest' ? 'asc' : 'desc'} limit $2`, [states, limit]),
    ofSession: (session) => find('select * from change where session = $1 order by proposed_at', [session]),
  }
}

const asChange = (row: ChangeRow): Change => ({
  id: row.id,
  session: row.session,
  person: row.person,
  useCase: row.use_case,
  operation: row.operation,
  system: row.system,
  resource: row.resource,
  key: row.key,
  account: row.account,
  before: row.before,
  after: row.after,
  reason: row.reason,
  reversibility: row.reversibility,
  version: row.version,
  proposedAt: row.proposed_at.getTime(),
  state: row.state,
  decidedBy: row.decided_by,
  decidedAt: row.decided_at?.getTime() ?? null,
  decisionReason: row.decision_reason,
  outcome: row.outcome,
  ...(row.salt === null ? {} : { salt: row.salt }),
})
