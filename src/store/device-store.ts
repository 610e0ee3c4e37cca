import type { Pool } from 'pg'
import type { Device, DeviceStore } from '../identity/device-store.ts'
import { reach } from './reach.ts'

type DeviceRow = { id: string; person: string; jkt: string; name: string; platform: string; enrolled_at: Date; revoked_at: Date | null }

/** Devices in PostgreSQL, as the port says. Each call is one statement. */
export function deviceStore(pool: Pool): DeviceStore {
  const devices = async (text: string, values: readonly unknown[]): Promise<readonly Device[]> =>
    (await pool.query<DeviceRow>(text, [...values])).rows.map(asDevice)
  const first = async (text: string, values: readonly unknown[]): Promise<Device | null> => (await devices(text, values))[0] ?? null

  return {
    byKey: (jkt) => reach(() => first('select * from device where jkt = $1', [jkt])),
    byId: (id) => reach(() => first('select * from device where id = $1', [id])),
    ofPerson: (person) => reach(() => devices('select * from device where person = $1 order by enrolled_at desc', [person])),
    add: ({ id, person, jkt, name, platform, enrolledAt }, jwk) =>
      reach(async () => {
        const text = `insert into device (id, person, jkt, jwk, name, platform, enrolled_at) values ($1, $2, $3, $4, $5, $6, $7) on conflict (jkt) do nothing returning *`
        return (await first(text, [id, person, jkt, jwk, name, platform, new Date(enrolledAt)])) !== null
      }),
    revoke: (id, at) => reach(() => first('update device set revoked_at = coalesce(revoked_at, $2) where id = $1 returning *', [id, new Date(at)])),
  }
}

const asDevice = ({ id, person, jkt, name, platform, enrolled_at, revoked_at }: DeviceRow): Device => ({
  id,
  person,
  jkt,
  name,
  platform,
  enrolledAt: enrolled_at.getTime(),
  revokedAt: revoked_at?.getTime() ?? null,
})
