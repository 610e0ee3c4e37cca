import { join } from 'node:path'
import { deriveKey } from '../../base/digest.ts'
import type { Config } from '../../config/config.ts'
import type { Enrolment } from '../../gate/enrol.ts'
import { type BelievedDevices, believedDevices } from '../../identity/believed-devices.ts'
import { type BelievedPeople, believedPeople } from '../../identity/believed-people.ts'
import { type BelievedSessions, believedSessions } from '../../identity/believed-sessions.ts'
import type { DeviceStore } from '../../identity/device-store.ts'
import { type Authority, type GrantKey, openAuthority } from '../../journal/authority.ts'
import { authorityFile } from '../../journal/authority-state.ts'
import type { EntryStore } from '../../journal/entry-store.ts'
import { readVkey, vkeyPath } from '../../journal/key.ts'
import type { Record } from '../../journal/record.ts'
import { Fault } from '../../model/fault.ts'
import { deviceStore } from '../../store/device-store.ts'
import { personStore } from '../../store/person-store.ts'
import { sealedDevices, sealedPeople } from '../../store/sealed-people.ts'
import { sealedSessions } from '../../store/sealed-sessions.ts'
import { sessionStore } from '../../store/session-store.ts'
import { complain, newRandom } from './house.ts'
import { keepPeople } from './keep-people.ts'
import { SIGNER_KEY } from './keys.ts'
import { every } from './part.ts'
import type { VaultedHouse } from './vaulted-house.ts'

/** What the gate learnt of the journal, across restarts. */
const STATE = 'authority.state'
const VERIFIED_EVERY_MS = 500
/** Of these: what was learnt is on disk every fifteen seconds. */
const KEPT_TURNS = 30

export type AuthorityPlace = { readonly config: Pick<Config, 'keys'>; readonly entries: EntryStore; readonly record: Record; readonly key: GrantKey }

/** What the journal grants, read to its end. `keeps`: the gate's own, which alone writes down what it learnt; a command reads that and goes on from there. */
export function openHouseAuthority({ config, entries, record, key }: AuthorityPlace, keeps: boolean): Promise<Authority> {
  const memory = authorityFile(join(config.keys, STATE), deriveKey(key.digests, 'gatehouse authority state', 32))
  return openAuthority({
    store: entries,
    record,
    key,
    // Asked for until the signer has made one.
    vkey: () => readVkey(vkeyPath(join(config.keys, SIGNER_KEY))).catch(() => null),
    memory: keeps ? memory : { load: memory.load, save: async () => undefined },
    clock: Date.now,
  })
}

/** The rows that grant, as far as the journal has them. `devices`: for who opens sessions; `enrolled`: as they are, for people to look at. */
export type Believed = {
  readonly authority: Authority
  readonly people: BelievedPeople
  readonly sessions: BelievedSessions
  readonly devices: BelievedDevices
  readonly enrolled: DeviceStore
  readonly enrolment: Enrolment
  readonly stop: () => Promise<void>
}

/** Opens the gate's authority, puts the configuration's people in, and goes on with the journal until it is stopped. */
export async function openBelieved(house: VaultedHouse, key: GrantKey): Promise<Believed> {
  const authority = await openHouseAuthority({ config: house.config, entries: house.entries, record: house.journal.record, key }, true)
  const rows = sealedPeople(personStore(house.pool), house.vault)
  await keepPeople(house.config, rows, authority)
  const people = believedPeople(rows, authority)
  const enrolled = sealedDevices(deviceStore(house.pool), house.vault)
  return {
    authority,
    people,
    enrolled,
    sessions: believedSessions(sealedSessions(sessionStore(house.pool), house.vault), authority, Date.now),
    devices: believedDevices(enrolled, authority),
    enrolment: { people, enrolled, authority, record: authority.record, grant: authority.grant, clock: Date.now, random: newRandom },
    stop: followOn(authority),
  }
}

/** What others granted or took away is known within half a second, and that all that was learnt is what was signed. */
function followOn(authority: Authority): () => Promise<void> {
  let turns = 0
  const loop = every(
    VERIFIED_EVERY_MS,
    async () => {
      await authority.verify()
      if (++turns % KEPT_TURNS === 0) await authority.keep()
    },
    (cause) => {
      complain('gate', cause)
      // INVARIANT: nobody is let in on the word of a journal that does not fit what was signed.
      if (cause instanceof Fault && cause.code === 'journal_broken') process.exit(3)
    },
  )
  return async () => {
    await loop.stop()
    await authority.verify().then(authority.keep, (cause: unknown) => complain('gate', cause))
  }
}
