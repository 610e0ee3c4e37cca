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
import { unsealed } from '../../journal/vault/read.ts'
import type { Refusal } from '../../model/refusal.ts'
import { accessRequests } from '../../store/access-requests.ts'
import { checkpointTime } from '../../store/checkpoint-time.ts'
import { sealedRequests } from '../../store/sealed-words.ts'
import { ourselves } from '../ourselves.ts'
import type { Believed } from '../parts/authority.ts'
import { newRandom } from '../parts/house.ts'
import type { JournalDoor } from '../parts/journal-door.ts'
import type { VaultedHouse } from '../parts/vaulted-house.ts'
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
  readonly house: VaultedHouse
  readonly gate: Gate
  readonly admission: Admission
  readonly believed: Believed
  readonly revoking: Revoking
  readonly connectors: Readonly<Record<string, Connector>>
  readonly pin: string | null
  /** Signs decisions: see decision-key.ts. */
  readonly sign: (text: string) => string
  readonly shown: Pick<JournalDoor, 'vkeyFile' | 'receipts' | 'witnessing'>
}

/** The console's ports over the real house. */
export function openDesk(given: DeskHouse): { readonly ports: Desk; readonly close: () => Promise<void> } {
  const refusals = tellRefusals(given.gate.record)
  const desk = recordingWith(refusals.record, given)
  const { house, gate, admission, believed, revoking } = desk
  const { people: persons, enrolled, sessions } = believed
  const lookup = openLookup({ people: persons, devices: enrolled, sessions })
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
      vkey: () => readVkey(desk.shown.vkeyFile),
      receipts: desk.shown.receipts,
      witnesses: desk.shown.witnessing.standing,
      signedAt: (size) => checkpointTime(house.pool, size),
      access: accessHouse(desk, lookup),
      unsealed: (items) => unsealed(house.vault, house.store, items),
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

function peopleHouse({ house, gate, believed, revoking, pin }: DeskHouse): Parameters<typeof peoplePorts>[0] {
  const { publicUrl } = house.config
  return {
    front: {
      people: believed.people,
      passphrases: openPassphrases({ random: newRandom }),
      tell: gate.record,
      grant: gate.grant,
      clock: gate.clock,
      random: newRandom,
    },
    names: house.vault.subjects,
    directory: house.pack.directory,
    devices: believed.enrolled,
    revokeDevice: (one) => revokeDevice({ ...revoking, devices: believed.enrolled }, one),
    publicUrl,
    ourselves: isLoopback(publicUrl) ? ourselves() : 'gatehouse',
    pin,
    clock: gate.clock,
  }
}

function approvingOf(desk: DeskHouse): Approving {
  const isApprover = async (person: string, useCase: string) => desk.house.pack.directory.decides(await groupsOf(desk, person), useCase)
  return { ...desk.gate, isApprover, sign: desk.sign, authority: desk.believed.authority }
}

function showingOf(desk: DeskHouse): Showing {
  const { catalogue, directory } = desk.house.pack
  const { drafts, tokensOf, record } = desk.gate
  const accountsOf = async (person: string) => directory.accountsOf(await groupsOf(desk, person))
  return { catalogue, drafts, connectors: desk.connectors, tokensOf, accountsOf, record }
}

const revokedOf = (desk: DeskHouse, lookup: Lookup) => async (id: string) => {
  const stored = found(await desk.believed.sessions.byId(id))
  return stored && revokedView(lookup, stored.session, stored.revoked)
}

function accessHouse({ house, gate, believed }: DeskHouse, lookup: Lookup): AccessHouse {
  return {
    entries: house.entries,
    requests: sealedRequests(accessRequests(house.pool), house.vault),
    record: gate.record,
    directory: house.pack.directory,
    useCaseOf: async (session) => found(await believed.sessions.byId(session))?.session.useCase ?? null,
    nameOf: lookup.personName,
    newId: () => newId('acr', newRandom),
    clock: gate.clock,
  }
}

const groupsOf = async ({ believed }: DeskHouse, person: string): Promise<readonly string[]> => found(await believed.people.byId(person))?.groups ?? []

/** What was found. Otherwise thrown, for `reach` to answer: a database that is away must not look like a missing right. */
function found<T>(asked: Outcome<T, Refusal>): T {
  if (!asked.ok) throw new Error(asked.refusal.detail)
  return asked.value
}

/** People on this very computer call this very program; on others they have their own `gatehouse`. */
const isLoopback = (url: string): boolean => /^(127\.|localhost$|\[::1\]$)/.test(new URL(url).hostname)
