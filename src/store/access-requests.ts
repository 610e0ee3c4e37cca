import type { Pool } from 'pg'
import type { AccessRequest, AccessRequests } from '../desk/access-requests.ts'

type Row = {
  readonly id: string
  readonly person: string
  readonly correlation: string
  readonly operation: string
  readonly use_case: string | null
  readonly rule: string
  readonly owner: string
  readonly note: string
  readonly asked_at: Date
  readonly answered_by: string | null
  readonly answered_at: Date | null
  readonly answer: string | null
}

/** Whom `shownTo` shows a request: who asked, and who decides its use case. */
const SHOWN = '(person = $1 or use_case = any($2) or (use_case is null and $3))'

/** The open one of a person about a use case, or none, and a rule. */
const OPEN = (person: string, useCase: string, rule: string) =>
  `person = ${person} and use_case is not distinct from ${useCase} and rule = ${rule} and answered_at is null`

/** Requests for access in PostgreSQL, as the port says. */
export function accessRequests(pool: Pool): AccessRequests {
  const find = async (text: string, values: readonly unknown[]): Promise<readonly AccessRequest[]> =>
    (await pool.query<Row>(`select * from access_request where ${text}`, [...values])).rows.map(asRequest)
  return {
    async add({ id, person, correlation, operation, useCase, rule, owner, note, askedAt }) {
      const text = `insert into access_request (id, person, correlation, operation, use_case, rule, owner, note, asked_at)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9 where not exists (select from access_request where ${OPEN('$2', '$5', '$6')})
        on conflict (correlation) do nothing`
      await pool.query(text, [id, person, correlation, operation, useCase, rule, owner, note, new Date(askedAt)])
    },
    ofRefusal: async (correlation) => (await find('correlation = $1', [correlation]))[0] ?? null,
    openOf: async ({ person, useCase, rule }) => (await find(OPEN('$1', '$2', '$3'), [person, useCase, rule]))[0] ?? null,
    find: async (id) => (await find('id = $1', [id]))[0] ?? null,
    async shownTo({ person, useCases, withoutUseCase }, limit) {
      const who = [person, useCases, withoutUseCase, limit]
      return {
        open: await find(`${SHOWN} and answered_at is null order by asked_at limit $4`, who),
        answered: await find(`${SHOWN} and answered_at is not null order by answered_at desc limit $4`, who),
      }
    },
    async answer(id, { by, at, answer }) {
      const text = 'update access_request set answered_by = $2, answered_at = $3, answer = $4 where id = $1 and answered_at is null'
      return (await pool.query(text, [id, by, new Date(at), answer])).rowCount === 1
    },
  }
}

const asRequest = ({ use_case, asked_at, answered_by, answered_at, answer, ...row }: Row): AccessRequest => ({
  ...row,
  useCase: use_case,
  askedAt: asked_at.getTime(),
  answered: answered_at === null ? null : { by: answered_by ?? '', at: answered_at.getTime(), answer: answer ?? '' },
})
