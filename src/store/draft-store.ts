import type { Pool } from 'pg'
import type { Draft, DraftStore } from '../changes/draft.ts'
import { reach } from './reach.ts'

type DraftRow = {
  readonly id: string
  readonly session: string
  readonly person: string
  readonly use_case: string
  readonly operation: string
  readonly key: string
  readonly sealed: string
  readonly created_at: Date
}

/** Drafts in PostgreSQL, as the port says: sealed, so that the table tells nobody whom a letter is for. */
export function draftStore(pool: Pool): DraftStore {
  return {
    keep: (draft) =>
      reach(async () => {
        const text = 'insert into draft (id, session, person, use_case, operation, key, sealed, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)'
        await pool.query(text, [draft.id, draft.session, draft.person, draft.useCase, draft.operation, draft.key, draft.sealed, new Date(draft.createdAt)])
        return null
      }),
    find: async (id) => (await pool.query<DraftRow>('select * from draft where id = $1', [id])).rows.map(asDraft)[0] ?? null,
    ofPerson: async (person, limit) =>
      (await pool.query<DraftRow>('select * from draft where person = $1 order by created_at desc limit $2', [person, limit])).rows.map(asDraft),
  }
}

const asDraft = (row: DraftRow): Draft => ({
  id: row.id,
  session: row.session,
  person: row.person,
  useCase: row.use_case,
  operation: row.operation,
  key: row.key,
  sealed: row.sealed,
  createdAt: row.created_at.getTime(),
})
