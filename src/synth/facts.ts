import type pg from 'pg'
import { sourceOf, withTms } from './seed.ts'

/** What stands in a TMS, seen as the server's administrator, whom row-level security does not bind: for the pilot, which checks itself with it. */
export type TmsFacts = { readonly source: string | null; readonly shipments: number; readonly customers: readonly string[] }

/** Customers in the order of their number. */
export const tmsFacts = (db: pg.ClientConfig): Promise<TmsFacts> =>
  withTms(db, async (client) => {
    const counted = await client.query<{ count: number }>('select count(*)::int as count from tms.shipment')
    const found = await client.query<{ customer_id: string }>('select customer_id from tms.customer order by customer_id collate "C"')
    return { source: await sourceOf(client), shipments: counted.rows[0]?.count ?? 0, customers: found.rows.map((row) => row.customer_id) }
  })

/** A shipment of none of these accounts, or null. */
export const shipmentOutside = (db: pg.ClientConfig, accounts: readonly string[]): Promise<string | null> =>
  withTms(db, async (client) => {
    const found = await client.query<{ shipment_id: string }>('select shipment_id from tms.shipment where customer_id <> all($1) limit 1', [accounts])
    return found.rows[0]?.shipment_id ?? null
  })

/** The name of the customer a shipment is for, or null. */
export const customerOf = (db: pg.ClientConfig, shipment: string): Promise<string | null> =>
  withTms(db, async (client) => {
    const found = await client.query<{ name: string }>('select c.name from tms.shipment s join tms.customer c using (customer_id) where s.shipment_id = $1', [
      shipment,
    ])
    return found.rows[0]?.name ?? null
  })

/** The status each shipment really has. */
export const statusesOf = (db: pg.ClientConfig, shipments: readonly string[]): Promise<ReadonlyMap<string, string>> =>
  withTms(db, async (client) => {
    const found = await client.query<{ shipment_id: string; status: string }>('select shipment_id, status from tms.shipment where shipment_id = any($1)', [
      shipments,
    ])
    return new Map(found.rows.map((row) => [row.shipment_id, row.status]))
  })
