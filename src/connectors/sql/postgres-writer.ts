import type pg from 'pg'
import { fieldOf, type Resource } from '../../catalogue/pack.ts'
import type { Row } from '../../model/row.ts'
import type { Writer, Written } from '../writer.ts'

/**
 * Writes to a PostgreSQL source under row-level security, in one transaction for one account: lock the record, compare it
 * with the before-image, set the fields. After COMMIT was sent and no answer came the result is `unknown`.
 */
export function postgresWriter(pool: pg.Pool): Writer {
  async function within<T>(account: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    try {
      await client.query('begin')
      await client.query("select set_config('gatehouse.accounts', $1, true)", [account])
      const value = await work(client)
      client.release()
      return value
    } catch (error) {
      client.release(true)
      throw error
    }
  }

  return {
    async write({ resource, key, account, before, after }) {
      let sent = false
      try {
        return await within<Written>(account, async (client) => {
          const fields = Object.keys(before)
          const found = await client.query<Row>(`${selecting(resource, fields)} for update`, [key, account])
          const row = found.rows[0]
          if (!row) {
            await client.query('rollback')
            return { result: 'refused', why: 'the record is not there' }
          }
          if (fields.some((field) => row[field] !== before[field])) {
            await client.query('rollback')
            return { result: 'stale' }
          }
          const sets = Object.keys(after).map((field, i) => `${quote(fieldOf(resource, field).column)} = $${i + 3}`)
          await client.query(`update ${relation(resource)} set ${sets.join(', ')} where ${confined(resource)}`, [key, account, ...Object.values(after)])
          sent = true
          await client.query('commit')
          return { result: 'done' }
        })
      } catch {
        return sent ? { result: 'unknown', why: 'the source did not say whether it committed' } : { result: 'refused', why: 'the source would not take it' }
      }
    },
    read: (resource, key, account, fields) =>
      within(account, async (client) => {
        const found = await client.query<Row>(selecting(resource, fields), [key, account])
        await client.query('commit')
        return found.rows[0] ?? null
      }),
  }
}

const selecting = (resource: Resource, fields: readonly string[]): string =>
  `select ${fields.map((name) => `${quote(fieldOf(resource, name).column)} as ${quote(name)}`).join(', ')} from ${relation(resource)} where ${confined(resource)}`

const confined = (resource: Resource): string =>
  `${quote(fieldOf(resource, resource.key).column)} = $1 and ${quote(fieldOf(resource, resource.boundary).column)} = $2`
const relation = (resource: Resource): string => resource.relation.split('.').map(quote).join('.')
const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
