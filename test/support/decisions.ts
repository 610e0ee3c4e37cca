import type { DeskAnswer, DeskPerson } from '../../src/bin/pilot/desk-client.ts'
import { statusesOf } from '../../src/synth/facts.ts'
import type { ProvenSession } from './session.ts'
import type { Served } from './standing.ts'

/** A change as a person's console shows it. */
export type ChangeSeen = {
  readonly id: string
  readonly version: number
  readonly digest: string
  readonly state: string
  readonly outcome: string | null
  readonly fields: readonly { readonly field: string; readonly before: unknown; readonly after: unknown }[]
}

/** Shipments of the session's accounts that are on their way, each for one proposal. */
export async function shipmentsOnTheWay(session: ProvenSession, limit: number): Promise<readonly string[]> {
  const answer = await session.ask('POST', '/v1/operations/findShipments', { status: 'in_transit', limit })
  const { rows } = (await answer.json()) as { readonly rows: readonly { readonly shipmentId: string }[] }
  if (rows.length < limit) throw new Error(`only ${rows.length} shipments are on their way`)
  return rows.map(({ shipmentId }) => shipmentId)
}

/** Proposes to hold a shipment; the change's id. */
export async function proposeHold(session: ProvenSession, shipmentId: string): Promise<string> {
  const answer = await session.ask('POST', '/v1/operations/proposeStatusChange', { shipmentId, status: 'held', reason: 'the customer asked' })
  const { rows } = (await answer.json()) as { readonly rows: readonly { readonly id: string }[] }
  if (!rows?.[0]) throw new Error(`not proposed: ${answer.status}`)
  return rows[0].id
}

export async function changeSeen(person: DeskPerson, id: string): Promise<ChangeSeen> {
  const { waiting, recent } = (await person.call('changes')).body as { readonly waiting: readonly ChangeSeen[]; readonly recent: readonly ChangeSeen[] }
  const found = [...waiting, ...recent].find((change) => change.id === id)
  if (!found) throw new Error(`no change ${id}`)
  return found
}

export const decide = (person: DeskPerson, { id, version, digest }: ChangeSeen, decision: 'approve' | 'reject'): Promise<DeskAnswer> =>
  person.call('decideChange', { version, digest, decision, reason: 'spoke with the customer' }, id)

/** The status a shipment really has, as nobody covers it. */
export async function statusOf({ cluster }: Served, shipmentId: string): Promise<string | undefined> {
  return (await statusesOf({ ...cluster.superuser, database: 'tms' }, [shipmentId])).get(shipmentId)
}
