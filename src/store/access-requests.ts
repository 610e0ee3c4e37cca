import type { Pool } from 'pg'

export type AccessRequest = {
  readonly id: string
  readonly person: string
  readonly correlation: string
  readonly operation: string
  readonly rule: string
  readonly owner: string
  readonly note: string
}

/** Requests for what a rule refused, kept for the rule's owner: once for each refusal. */
export type AccessRequests = {
  readonly add: (request: AccessRequest) => Promise<void>
  readonly askedAt: (correlation: string) => Promise<number | null>
}

export function accessRequests(pool: Pool): AccessRequests {
  return {
    async add({ id, person, correlation, operation, rule, owner, note }) {
      const text =
        'insert into access_request (id, person, correlation, operation, rule, owner, note, asked_at) values ($1, $2, $3, $4, $5, $6, $7, now()) on conflict (correlation) do nothing'
      await pool.query(text, [id, person, correlation, operation, rule, owner, note])
    },
    async askedAt(correlation) {
      const found = await pool.query<{ asked_at: Date }>('select asked_at from access_request where correlation = $1', [correlation])
      return found.rows[0]?.asked_at.getTime() ?? null
    },
  }
}
