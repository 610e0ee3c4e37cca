import { readFileSync } from 'node:fs'
import type pg from 'pg'

/** The roles of the pilot's TMS database. Nobody logs in as its owner. */
export const TMS_OWNER = 'tms_owner'
/** @internal */
export const TMS_ROLES = ['tms_read', 'tms_write'] as const
/** @internal */
export type TmsRole = (typeof TMS_ROLES)[number]

/** Whether the tables of the TMS stand in this database. */
export async function tmsStands(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ stands: boolean }>(`select to_regclass('tms.extract') is not null as stands`)
  return rows[0]?.stands ?? false
}

/** The tables, views, row-level security and grants of the TMS, in one transaction, owned by a role that cannot log in. */
export async function buildTms(client: pg.ClientBase): Promise<void> {
  await client.query('begin')
  try {
    await client.query(`set local role ${TMS_OWNER}`)
    await client.query(readFileSync(new URL('../../catalogue/tms/schema.sql', import.meta.url), 'utf8'))
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback').catch(() => undefined)
    throw cause
  }
}
