import { PARCELS } from '../../src/connectors/connector.contract.ts'
import { type SmallTms, smallTms } from './small-tms.ts'

/** The parcels of the connectors' contract beside the small TMS, under its roles and its row-level security. */
export async function parcelsInTms(): Promise<SmallTms> {
  const tms = await smallTms()
  await tms.sql('create schema shop authorization tms_owner')
  await tms.sql(
    'create table shop.parcel (parcel_id text primary key, account text not null, status text, pieces bigint, weight_kg numeric, sent_on date, seen_at timestamptz, fragile boolean)',
  )
  for (const { parcelId, account, status, pieces, weightKg, sentOn, seenAt, fragile } of PARCELS)
    await tms.sql('insert into shop.parcel values ($1, $2, $3, $4, $5, $6, $7, $8)', [parcelId, account, status, pieces, weightKg, sentOn, seenAt, fragile])
  await tms.sql('alter table shop.parcel owner to tms_owner')
  await tms.sql('alter table shop.parcel enable row level security')
  await tms.sql('alter table shop.parcel force row level security')
  await tms.sql('create policy accounts on shop.parcel using (account = any (tms.accounts()))')
  await tms.sql('grant usage on schema shop to tms_read, tms_write')
  await tms.sql('grant select on shop.parcel to tms_read, tms_write')
  return tms
}
