import { join } from 'node:path'
import { newId } from '../../base/id.ts'
import type { Outcome } from '../../base/outcome.ts'
import { startOfDay } from '../../base/start-of-day.ts'
import type { Connector } from '../../connectors/connector.ts'
import type { AccessHouse } from '../../desk/access.ts'
import type { Desk } from '../../desk/desk.ts'
import type { Admission } from '../../gate/admit.ts'
import type { Approving } from '../../gate/approve.ts'
import type { Gate } from '../../gate/gate.ts'
import { type Revoking, revokeDevice, revokeSession } from '../../gate/revoke.ts'
import type { Showing } from '../../gate/show.ts'
import { openPassphrases } from '../../identity/passphrase.ts'
import { readVkey } from '../../journal/key.ts'
import type { Record as JournalRecord } from '../../journal/record.ts'
import type { Refusal } from '../../model/refusal.ts'
import { accessRequests } from '../../store/access-requests.ts'
import { checkpointTime } from '../../store/checkpoint-time.ts'
import { ourselves } from '../ourselves.ts'
import type { House } from '../parts/house.ts'
import { newRandom } from '../parts/house.ts'
import { changePorts } from './changes.ts'
import { draftPorts } from './drafts.ts'
import { openHints } from './hints.ts'
import { journalPorts } from './journal.ts'
import { type Lookup, openLookup } from './lookup.ts'
import { peoplePorts } from './people.ts'
import { pilotPort } from './pilot.ts'
import { tellRefusals } from './refusals.ts'
import { revokedView, sessionPorts } from './sessions.ts'

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

/** The console's ports over the real house. */
export function openDesk(given: DeskHouse): { readonly ports: Desk; readonly close: () => Promise<void> } {
  const refusals = tellRefusals(given.gate.record)
  const desk = recordingWith(refusals.record, given)
  const { house, gate, admission, stores, revoking } = desk
  const lookup = openLookup(stores)
  const people = peoplePorts(peopleHouse(desk))
  const hints = openHints(house.entries)

  const ports: Desk = {
    refused: refusals.refused,
    origin: () => new URL(house.config.deskUrl).origin,
    folder: join(import.meta.dirname, '../../../dist/console'),
    clock: gate.clock,
    random: newRandom,
    ...people.ports,
    ...pilotPort(house.pack),
    ...changePorts({ ...house.pack, lookup, tokensOf: gate.tokensOf, approving: approvingOf(desk) }),
    ...draftPorts({ showing: showingOf(desk), lookup, revokedOf: revokedOf(desk, lookup), clock: gate.clock }),
    ...sessionPorts({
      admission,
      directory: house.pack.directory,
      lookup,
      behind: people.behind,
      today: () => startOfDay(house.config.timeZone, gate.clock()),
      revoke: (one) => revokeSession(revoking, one),
    }),
    ...journalPorts({
      entries: house.entries,
      vkey: () => readVkey(desk.vkeyFile),
      signedAt: (size) => checkpointTime(house.pool, size),
      access: accessHouse(desk, lookup),
    }),
    names: lookup.names,
    subscribe: hints.subscribe,
  }
  return {
    ports,
    close: async () => {
      await hints.close()
      await refusals.close()
    },
  }
}

/** Everything that records does so by this `record`: what is refused and recorded on the way is known to be. */
function recordingWith(record: JournalRecord, desk: DeskHouse): DeskHouse {
  const { gate, admission, revoking } = desk
  return { ...desk, gate: { ...gate, record }, admission: { ...admission, record }, revoking: { ...revoking, record } }
}

function peopleHouse({ house, gate, stores, revoking, pin }: DeskHouse): Parameters<typeof peoplePorts>[0] {
  const { publicUrl } = house.config
  return {
    front: { people: stores.people, passphrases: openPassphrases({ random: newRandom }), tell: gate.record, clock: gate.clock, random: newRandom },
    directory: house.pack.directory,
    devices: stores.devices,
    revokeDevice: (one) => revokeDevice({ ...revoking, devices: stores.devices }, one),
    publicUrl,
    ourselves: isLoopback(publicUrl) ? ourselves() : 'gatehouse',
    pin,
    clock: gate.clock,
  }
}

function approvingOf(desk: DeskHouse): Approving {
  const isApprover = async (person: string, useCase: string) => desk.house.pack.directory.decides(await groupsOf(desk, person), useCase)
  return { ...desk.gate, isApprover, sign: desk.sign }
}

function showingOf(desk: DeskHouse): Showing {
  const { catalogue, directory } = desk.house.pack
  const { drafts, tokensOf, record } = desk.gate
  const accountsOf = async (person: string) => directory.accountsOf(await groupsOf(desk, person))
  return { catalogue, drafts, connectors: desk.connectors, tokensOf, accountsOf, record }
}

const revokedOf = (desk: DeskHouse, lookup: Lookup) => async (id: string) => {
  const stored = found(await desk.stores.sessions.byId(id))
  return stored && revokedView(lookup, stored.session, stored.revoked)
}

function accessHouse({ house, gate, stores }: DeskHouse, lookup: Lookup): AccessHouse {
  return {
    entries: house.entries,
    requests: accessRequests(house.pool),
    record: gate.record,
    directory: house.pack.directory,
    useCaseOf: async (session) => found(await stores.sessions.byId(session))?.session.useCase ?? null,
    nameOf: lookup.personName,
    newId: () => newId('acr', newRandom),
    clock: gate.clock,
  }
}

const groupsOf = async ({ stores }: DeskHouse, person: string): Promise<readonly string[]> => found(await stores.people.byId(person))?.groups ?? []

/** What was found. Otherwise thrown, for `reach` to answer: a database that is away must not look like a missing right. */
function found<T>(asked: Outcome<T, Refusal>): T {
  if (!asked.ok) throw new Error(asked.refusal.detail)
  return asked.value
}

/** People on this very computer call this very program; on others they have their own `gatehouse`. */
const isLoopback = (url: string): boolean => /^(127\.|localhost$|\[::1\]$)/.test(new URL(url).hostname)
