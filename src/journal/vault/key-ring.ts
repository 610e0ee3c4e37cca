import { newId } from '../../base/id.ts'
import { bothOf, type DataKey, dataKey } from './cipher.ts'
import { fading } from './fading.ts'
import type { SubjectParts } from './subjects.ts'
import type { KeyRow } from './vault-store.ts'

/** Data keys, one for each subject and month, unwrapped and held in memory for twenty seconds at most. */
export type KeyRing = {
  /** The key to seal under what concerns all of these, by pseudonym. Of a subject that is erased: one that is kept nowhere. */
  readonly toSeal: (pseudonyms: readonly string[], month: string) => Promise<DataKey>
  /** The key of that name; null when any part of it is destroyed. */
  readonly toOpen: (id: string) => Promise<DataKey | null>
}

const HELD_MAX = 5000

export function openKeyRing({ store, master, random, clock }: SubjectParts): KeyRing {
  const sealing = fading<string, DataKey>(HELD_MAX, clock)
  const opening = fading<string, DataKey>(HELD_MAX, clock)

  async function unwrapped(row: KeyRow): Promise<DataKey | null> {
    const { id, wrapped } = row
    if (wrapped === null) return null
    const key = await master.unwrap(wrapped, keyContext(row))
    if (key === null) throw new Error(`the key ${id} does not unwrap: the master key is another, or the row was altered`)
    const held = dataKey(id, key)
    opening.set(id, held)
    return held
  }

  async function oneToSeal(pseudonym: string, month: string): Promise<DataKey> {
    const stands = await store.keyOf(pseudonym, month)
    const found = stands && (await unwrapped(stands))
    if (found) return found
    const fresh = dataKey(newId('k', random), random(32))
    if (stands !== null) return fresh
    const row = await store.addKey({ id: fresh.id, pseudonym, month, wrapped: await master.wrap(fresh.key, keyContext({ id: fresh.id, pseudonym, month })) })
    // INVARIANT: nothing is sealed under a stored key of a subject that is being erased: what comes after is unreadable from the start.
    return (row && (await unwrapped(row))) ?? fresh
  }

  return {
    async toSeal(pseudonyms, month) {
      const name = `${month} ${pseudonyms.join(' ')}`
      const held = sealing.get(name)
      if (held) return held
      const key = bothOf(await Promise.all(pseudonyms.map((one) => oneToSeal(one, month))))
      sealing.set(name, key)
      return key
    },
    async toOpen(id) {
      const held = opening.get(id)
      if (held) return held
      const ids = id.split('+')
      const rows = await store.keys(ids)
      const keys = (await Promise.all(rows.map(unwrapped))).filter((one) => one !== null)
      if (keys.length < ids.length) return null
      const key = bothOf(keys)
      opening.set(id, key)
      return key
    },
  }
}

/** A key that somebody moved to another subject, for it to outlive an erasure, does not unwrap. */
export const keyContext = ({ id, pseudonym, month }: Omit<KeyRow, 'wrapped'>): string => `gatehouse vault key ${id} ${pseudonym} ${month}`
