import type { Agent, Rows } from '../agent.ts'
import type { Findings } from '../findings.ts'

const STATUSES = ['planned', 'picked_up', 'in_transit', 'held', 'out_for_delivery', 'delivered', 'returned', 'cancelled']
const READ_OPERATIONS = ['findShipments', 'getShipmentSummary', 'listShipmentEvents', 'getOrderHistory', 'listExceptions', 'manifestTable']
const QUESTIONS_MIN = 200
/** Customers it asks about in detail: well within a session's exposure budget, so that reading on (script/exposure.ts) is what meets it. */
const CUSTOMERS_MAX = 20

/** At least 200 different questions over all read operations, each built on what earlier answers showed. */
export async function askQuestions(agent: Agent, found: Findings): Promise<void> {
  const offered = await agent.operations()
  found.expect(
    'every read operation is offered',
    READ_OPERATIONS.every((name) => offered.includes(name)),
    offered.join(', '),
  )

  async function ask(operation: string, input: Readonly<Record<string, unknown>>): Promise<Rows['rows']> {
    found.distinct(`${operation} ${JSON.stringify(input)}`)
    const asked = found.count(await agent.ask(operation, input))
    if (asked.ok) return asked.body.rows
    found.expect(`${operation} ${JSON.stringify(input)} is answered`, false, asked.text)
    return []
  }

  const shipments: Rows['rows'] = []
  for (const status of STATUSES) shipments.push(...(await ask('findShipments', { status, limit: 25 })))
  for (let cursor: string | undefined, turn = 0; turn < 4; turn++) {
    const page = found.count(await agent.ask('findShipments', { plannedFrom: '2000-01-01', limit: 50, ...(cursor === undefined ? {} : { cursor }) }))
    if (!page.ok) throw new Error(page.text)
    shipments.push(...page.body.rows)
    found.distinct(`findShipments page ${turn}`)
    cursor = page.body.next
    if (cursor === undefined) break
  }
  const texts = (name: string, some = shipments) =>
    [...new Set(some.map((row) => row[name]))].filter((value) => typeof value === 'string' && value !== '').map(String)
  found.expect('shipments are found', shipments.length > 0)
  found.shipments.push(...shipments.map((row) => ({ id: String(row['shipmentId']), status: String(row['status']), customer: String(row['customerId']) })))

  const orders: string[] = []
  const known = new Set(texts('customerId').slice(0, CUSTOMERS_MAX))
  const ofKnown = shipments.filter((row) => known.has(String(row['customerId'])))
  for (const shipmentId of texts('shipmentId', ofKnown).slice(0, 110)) {
    const [row] = await ask('getShipmentSummary', { shipmentId })
    found.expect('a name comes as a token', /^cus_[0-9a-z]+$/.test(String(row?.['customerName'])), String(row?.['customerName']))
    found.expect('free text and prices are redacted', row?.['notes'] === '[redacted]' && row['freightCost'] === '[redacted]', JSON.stringify(row))
    if (typeof row?.['orderId'] === 'string') orders.push(row['orderId'])
  }
  for (const shipmentId of texts('shipmentId').slice(0, 40)) await ask('listShipmentEvents', { shipmentId, limit: 20 })
  for (const orderId of [...new Set(orders)].slice(0, 25)) await ask('getOrderHistory', { orderId, limit: 5 })
  for (const customer of texts('customerId').slice(0, 10)) await ask('getOrderHistory', { customer, limit: 5 })
  for (const customer of texts('customerId').slice(0, 10)) await ask('findShipments', { customer, limit: 5 })
  for (const lane of texts('lane').slice(0, 10)) await ask('findShipments', { lane, limit: 5 })
  for (const reference of texts('reference').slice(0, 25)) await ask('manifestTable', { reference, limit: 20 })
  for (const kind of ['late', 'short', 'mismatched']) for (const limit of [1, 5, 10]) await ask('listExceptions', { kind, limit })
  for (const shipmentId of texts('shipmentId').slice(0, 10)) await ask('listExceptions', { shipmentId, limit: 3 })
  await pages(agent, found)
  found.expect(`at least ${QUESTIONS_MIN} different questions`, found.questions() >= QUESTIONS_MIN, String(found.questions()))
}

/** A cursor leads on without a gap or a repetition. */
async function pages(agent: Agent, found: Findings): Promise<void> {
  const input = { plannedFrom: '2000-01-01', limit: 10 }
  const first = found.count(await agent.ask('findShipments', input))
  if (!first.ok || first.body.next === undefined) return found.expect('a first page has a cursor', false, JSON.stringify(first).slice(0, 300))
  const second = found.count(await agent.ask('findShipments', { ...input, cursor: first.body.next }))
  const whole = found.count(await agent.ask('findShipments', { ...input, limit: 20 }))
  const ids = (asked: typeof first | typeof second) => (asked.ok ? asked.body.rows.map((row) => row['shipmentId']) : [])
  found.expect('two pages are the list', JSON.stringify([...ids(first), ...ids(second)]) === JSON.stringify(ids(whole)))
}
