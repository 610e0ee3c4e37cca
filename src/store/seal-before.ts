import type pg from 'pg'
import type { Vault } from '../journal/vault/vault.ts'

/** A column of values from before there was a vault, in rows named by `id`, under the subjects of these columns. `json`: it holds an object. */
type Column = { readonly table: string; readonly column: string; readonly of: readonly string[]; readonly json?: true }

const COLUMNS: readonly Column[] = [
  { table: 'person', column: 'name', of: ['id'] },
  { table: 'device', column: 'name', of: ['person'] },
  { table: 'session', column: 'revoked_why', of: ['person'] },
  { table: 'draft', column: 'key', of: ['person'] },
  { table: 'draft', column: 'sealed', of: ['person'] },
  { table: 'access_request', column: 'note', of: ['person'] },
  { table: 'access_request', column: 'answer', of: ['person'] },
  { table: 'change', column: 'key', of: ['person', 'account'] },
  { table: 'change', column: 'before', of: ['person', 'account'], json: true },
  { table: 'change', column: 'after', of: ['person', 'account'], json: true },
  { table: 'change', column: 'reason', of: ['person', 'account'] },
  { table: 'change', column: 'decision_reason', of: ['person', 'account'] },
]
const PAGE = 500
const PSEUDONYM = '^[pa]-[0-9a-hjkmnp-tv-z]{16}$'

type Row = { readonly id: string; readonly value: string; readonly subjects: readonly string[] }

/**
 * Rows that an older version left in clear are sealed, people renamed to their pseudonyms, accounts to their aliases: as the tables' owner, before any
 * part starts. Done again it changes nothing; broken off, the next start goes on. Entries of the journal stay as they were written.
 */
export async function sealBefore(client: pg.ClientBase, vault: Vault): Promise<void> {
  const rows = async <R extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<readonly R[]> =>
    (await client.query<R>(text, [...values])).rows

  for (const { id } of await rows<{ id: string }>('select id from person where id !~ $1', [PSEUDONYM])) {
    const pseudonym = await vault.subjects.pseudonym(`person:${id}`)
    await client.query('update session set revoked_by = $2 where revoked_by = $1', [id, pseudonym])
    await client.query('update person set id = $2 where id = $1 and not exists (select from person where id = $2)', [id, pseudonym])
  }
  for (const { id, accounts } of await rows<{ id: string; accounts: string[] }>(
    'select id, accounts from session where exists (select from unnest(accounts) a where a !~ $1)',
    [PSEUDONYM],
  )) {
    const aliases = await Promise.all(accounts.map(async (one) => (new RegExp(PSEUDONYM).test(one) ? one : vault.accountAlias(one))))
    await client.query('update session set accounts = $2 where id = $1', [id, aliases])
  }
  for (const { account } of await rows<{ account: string }>('select distinct account from change where account !~ $1', [PSEUDONYM]))
    await client.query('update change set account = $2 where account = $1', [account, await vault.accountAlias(account)])
  for (const one of COLUMNS) await sealColumn(client, vault, one)
}

async function sealColumn(client: pg.ClientBase, vault: Vault, { table, column, of, json }: Column): Promise<void> {
  const clear = json ? `not (${column} ? 'sealed')` : `${column} is not null and ${column} not like 'gv1.%'`
  const found = `select id, ${column}::text as value, array[${of.join(', ')}] as subjects from ${table} where ${clear} limit ${PAGE}`
  for (;;) {
    const { rows } = await client.query<Row>(found)
    for (const { id, value, subjects } of rows) {
      const sealed = await vault.seal(subjects, value, `${table} ${id} ${column}`)
      await client.query(`update ${table} set ${column} = $2 where id = $1`, [id, json ? { sealed } : sealed])
    }
    if (rows.length < PAGE) return
  }
}
