import { join } from 'node:path'
import type { Connector } from '../../connectors/connector.ts'
import type { Desk } from '../../desk/desk.ts'
import type { Admission } from '../../gate/admit.ts'
import type { Gate } from '../../gate/gate.ts'
import { type Revoking, revokeDevice, revokeSession } from '../../gate/revoke.ts'
import { openPassphrases } from '../../identity/passphrase.ts'
import { readVkey } from '../../journal/key.ts'
import { accessRequests } from '../../store/access-requests.ts'
import { checkpointTime } from '../../store/checkpoint-time.ts'
import { ourselves } from '../ourselves.ts'
import type { House } from '../parts/house.ts'
import { newRandom } from '../parts/house.ts'
import { changePorts } from './changes.ts'
import { draftPorts } from './drafts.ts'
import { openHints } from './hints.ts'
import { journalPorts } from './journal.ts'
import { openLookup } from './lookup.ts'
import { peoplePorts } from './people.ts'
import { pilotPort } from './pilot.ts'
import { sessionPorts } from './sessions.ts'

export type DeskHouse = {
  readonly house: House
  readonly gate: Gate
  readonly admission: Admission
  readonly stores: Pick<Admission, 'sessions'> & {
    readonly people: Parameters<typeof openLookup>[0]['people']
    readonly devices: Parameters<typeof openLookup>[0]['devices']
  }
  readonly revoking: Revoking
  readonly connectors: Readonly<Record<string, Connector>>
  readonly pin: string | null
  /** Signs decisions: see decision-key.ts. */
  readonly sign: (text: string) => string
  readonly vkeyFile: string
}

/** People on this very computer call this very program; on others they have their own `gatehouse`. */
const isLoopback = (url: string): boolean => /^(127\.|localhost$|\[::1\]$)/.test(new URL(url).hostname)

/** Thrown for `reach` to answer: a database that is away must not look like a missing right. */
const groupsIn =
  (people: DeskHouse['stores']['people']) =>
  async (person: string): Promise<readonly string[]> => {
    const found = await people.byId(person)
    if (!found.ok) throw new Error(found.refusal.detail)
    return found.value?.groups ?? []
  }

/** The console's ports over the real house. */
export function openDesk({ house, gate, stores, admission, revoking, connectors, pin, vkeyFile, sign }: DeskHouse): {
  readonly ports: Desk
  readonly close: () => Promise<void>
} {
  const { directory, catalogue } = house.pack
  const { config, entries } = house
  const lookup = openLookup(stores)
  const front = { people: stores.people, passphrases: openPassphrases({ random: newRandom }), tell: gate.record, clock: gate.clock, random: newRandom }
  const people = peoplePorts({
    front,
    directory,
    devices: stores.devices,
    revokeDevice: (given) => revokeDevice({ ...revoking, devices: stores.devices }, given),
    publicUrl: config.publicUrl,
    ourselves: isLoopback(config.publicUrl) ? ourselves() : 'gatehouse',
    pin,
    clock: gate.clock,
  })
  const groupsOf = groupsIn(stores.people)
  const isApprover = async (person: string, useCase: string) => directory.decides(await groupsOf(person), useCase)
  const approving = { ...gate, isApprover, sign }
  const showing = {
    catalogue,
    drafts: gate.drafts,
    connectors,
    tokensOf: gate.tokensOf,
    accountsOf: async (person: string) => directory.accountsOf(await groupsOf(person)),
    record: gate.record,
  }
  const hints = openHints(entries)

  const ports: Desk = {
    origin: () => new URL(config.deskUrl).origin,
    folder: join(import.meta.dirname, '../../../dist/console'),
    clock: gate.clock,
    random: newRandom,
    ...people.ports,
    ...pilotPort(house.pack),
    ...changePorts({ catalogue, directory, approving, lookup, tokensOf: gate.tokensOf }),
    ...draftPorts({ showing, lookup, clock: gate.clock }),
    ...sessionPorts({ admission, directory, lookup, behind: people.behind, revoke: (given) => revokeSession(revoking, given) }),
    ...journalPorts({
      entries,
      vkey: () => readVkey(vkeyFile),
      signedAt: (size) => checkpointTime(house.pool, size),
      record: gate.record,
      requests: accessRequests(house.pool),
      random: newRandom,
    }),
    names: lookup.names,
    subscribe: hints.subscribe,
  }
  return { ports, close: hints.close }
}
