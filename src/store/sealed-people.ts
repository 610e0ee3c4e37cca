import type { Outcome } from '../base/outcome.ts'
import type { Device, DeviceStore } from '../identity/device-store.ts'
import type { Person, PersonStore } from '../identity/person-store.ts'
import type { Vault } from '../journal/vault/vault.ts'
import type { Refusal } from '../model/refusal.ts'
import { reach } from './reach.ts'
import { opened } from './sealed.ts'

/** The same store with people's names sealed in its rows. */
export function sealedPeople(people: PersonStore, vault: Vault): PersonStore {
  const open = async (person: Person): Promise<Person> => ({ ...person, name: await opened(vault, person.name, nameOf(person.id)) })
  return {
    ...people,
    byId: (id) => mapped(people.byId(id), async (person) => person && open(person)),
    all: () => mapped(people.all(), (all) => Promise.all(all.map(open))),
    async put(person) {
      const name = await reach(() => vault.seal([person.id], person.name, nameOf(person.id)))
      return name.ok ? people.put({ ...person, name: name.value }) : name
    },
    desk: (hash, now) => mapped(people.desk(hash, now), async (desk) => desk && { ...desk, who: await open(desk.who) }),
  }
}

/** The same store with the names people gave their devices sealed in its rows. */
export function sealedDevices(devices: DeviceStore, vault: Vault): DeviceStore {
  const open = async (device: Device): Promise<Device> => ({ ...device, name: await opened(vault, device.name, deviceOf(device.id)) })
  const one = (found: Promise<Outcome<Device | null, Refusal>>) => mapped(found, async (device) => device && open(device))
  return {
    byKey: (jkt) => one(devices.byKey(jkt)),
    byId: (id) => one(devices.byId(id)),
    ofPerson: (person) => mapped(devices.ofPerson(person), (all) => Promise.all(all.map(open))),
    async add(device, jwk) {
      const name = await reach(() => vault.seal([device.person], device.name, deviceOf(device.id)))
      return name.ok ? devices.add({ ...device, name: name.value }, jwk) : name
    },
    revoke: (id, at) => one(devices.revoke(id, at)),
  }
}

async function mapped<T, U>(found: Promise<Outcome<T, Refusal>>, open: (value: T) => Promise<U>): Promise<Outcome<U, Refusal>> {
  const outcome = await found
  return outcome.ok ? reach(() => open(outcome.value)) : outcome
}

const nameOf = (person: string): string => `person ${person} name`
const deviceOf = (device: string): string => `device ${device} name`
