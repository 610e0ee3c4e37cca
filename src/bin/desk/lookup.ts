import { lru } from '../../base/lru.ts'
import type { Names, Unnamed } from '../../desk/desk.ts'
import type { DeviceStore } from '../../identity/device-store.ts'
import type { PersonStore } from '../../identity/person-store.ts'
import type { SessionStore } from '../../identity/session-store.ts'

/** Names for identifiers, for people's eyes only. What cannot be looked up is called by its identifier. */
export type Lookup = {
  readonly personName: (id: string) => Promise<string>
  readonly deviceName: (id: string) => Promise<string>
  readonly agentOf: (session: string) => Promise<{ readonly name: string; readonly version: string }>
  readonly names: (ids: Unnamed) => Promise<Names>
}

export function openLookup(stores: { readonly people: PersonStore; readonly devices: DeviceStore; readonly sessions: SessionStore }): Lookup {
  const people = lru<string, string>(2000)
  const devices = lru<string, string>(2000)
  const agents = lru<string, { readonly name: string; readonly version: string }>(2000)

  async function personName(id: string): Promise<string> {
    const held = people.get(id)
    if (held !== undefined) return held
    const found = await stores.people.byId(id)
    if (!found.ok || found.value === null) return id
    people.set(id, found.value.name)
    return found.value.name
  }
  async function deviceName(id: string): Promise<string> {
    const held = devices.get(id)
    if (held !== undefined) return held
    const found = await stores.devices.byId(id)
    if (!found.ok || found.value === null) return id
    devices.set(id, found.value.name)
    return found.value.name
  }
  async function agentOf(session: string) {
    const held = agents.get(session)
    if (held !== undefined) return held
    const found = await stores.sessions.byId(session)
    if (!found.ok || found.value === null) return { name: session, version: '' }
    const { name, version } = found.value.session.agent
    agents.set(session, { name, version })
    return { name, version }
  }
  const all = async <T>(ids: readonly string[], find: (id: string) => Promise<T>): Promise<ReadonlyMap<string, T>> =>
    new Map(await Promise.all(ids.map(async (id) => [id, await find(id)] as const)))

  return {
    personName,
    deviceName,
    agentOf,
    names: async (ids) => ({
      people: await all(ids.people, personName),
      devices: await all(ids.devices, deviceName),
      agents: await all(ids.sessions, async (id) => (await agentOf(id)).name),
    }),
  }
}
