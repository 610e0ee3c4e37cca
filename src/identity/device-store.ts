import type { PublicJwk } from '../base/es256.ts'
import type { Outcome } from '../base/outcome.ts'
import type { Refusal } from '../model/refusal.ts'

/** An enrolled computer: whoever holds the key is this device. Times are milliseconds since the epoch. */
export type Device = {
  readonly id: string
  readonly person: string
  readonly jkt: string
  /** The person's own name for it. */
  readonly name: string
  readonly platform: string
  readonly enrolledAt: number
  readonly revokedAt: number | null
}

/** Where devices stand. Any number may call at once; each call refuses `store_unavailable` when the database cannot be reached. */
export type DeviceStore = {
  readonly byKey: (jkt: string) => Promise<Outcome<Device | null, Refusal>>
  readonly byId: (id: string) => Promise<Outcome<Device | null, Refusal>>
  readonly ofPerson: (person: string) => Promise<Outcome<readonly Device[], Refusal>>
  /** Durable on return. Of two with the same key exactly one is told true. */
  readonly add: (device: Device, jwk: PublicJwk) => Promise<Outcome<boolean, Refusal>>
  /** Revoked on return and for good; null when there is no such device. */
  readonly revoke: (id: string, at: number) => Promise<Outcome<Device | null, Refusal>>
}
