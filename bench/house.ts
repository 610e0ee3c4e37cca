import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import type { Outcome } from '../src/base/outcome.ts'
import { type DeskPerson, signInAt } from '../src/bin/pilot/desk-client.ts'
import { type Raise, raisePilot } from '../src/bin/pilot/raise.ts'
import { AnswerBody } from '../src/contract/connector.ts'
import { loadDevice } from '../src/endpoint/device.ts'
import { enrol } from '../src/endpoint/enrol.ts'
import { type GateClient, openGateClient } from '../src/endpoint/gate-client.ts'
import { readPosture } from '../src/endpoint/posture.ts'
import { parsed, pollSession, renewSession, requestSession } from '../src/endpoint/session-calls.ts'
import type { Caller } from './load.ts'

/** The pilot's house as it is, but for how often one may ask. */
export type BenchHouse = {
  readonly raise: Raise
  readonly drop: () => Promise<void>
  /** Callers with a token that is good for a minute and more. */
  readonly callers: () => Promise<readonly Caller[]>
  /** Shipments of the callers' accounts. */
  readonly shipments: readonly string[]
}

/** As many devices with a session each: one alone would come to the number of proofs that are remembered of a key. */
const DEVICES = 4
const SHIPMENTS = 500
const OFTEN = 1_000_000_000
const STATUSES = ['planned', 'picked_up', 'in_transit', 'held', 'out_for_delivery', 'delivered'] as const
const RENEW_BEFORE_MS = 60_000

type Device = { readonly home: string; readonly client: GateClient; readonly id: string; accessToken: string; endsAt: number; refreshToken: string }

/** Raises the pilot in the folder, with the repository's own policies and its catalogue but for the rates; enrols devices and has their person grant sessions. */
export async function raiseBench(folder: string, dataFolder: string): Promise<BenchHouse> {
  const override = {
    catalogue: copyCatalogue(folder),
    limits: { costMax: 60, costPerMinute: OFTEN, sourcePerSecond: OFTEN, sourceBurst: OFTEN },
    exposure: { subject: OFTEN, price: OFTEN },
  }
  const { raise, drop } = await raisePilot({ dataFolder, port: null, say: () => undefined, override })
  try {
    const { employee } = raise.people
    const person = await signInAt(raise.deskUrl, employee.id, employee.passphrase)
    const devices = await Promise.all(
      Array.from({ length: DEVICES }, (_, i) => openDevice(raise, person, join(folder, `device-${i}-${randomBytes(4).toString('hex')}`))),
    )
    const [first] = devices
    if (first === undefined) throw new Error('a bench without a device')
    return {
      raise,
      shipments: await findShipments(first),
      callers: async () => {
        await Promise.all(devices.map(renewed))
        return devices.map(({ home, accessToken }) => ({ home, accessToken }))
      },
      drop: async () => {
        await Promise.all(devices.map(({ client }) => client.close()))
        await drop()
      },
    }
  } catch (cause) {
    await drop()
    throw cause
  }
}

/** The repository's catalogue with its rates raised: what is measured is the path, not the limit on it. */
function copyCatalogue(folder: string): string {
  const from = resolve(import.meta.dirname, '../catalogue')
  const to = join(folder, 'catalogue')
  for (const name of ['gatehouse.yaml', 'tms/operations.yaml', 'tms/resources.yaml']) {
    const pack = parseDocument(readFileSync(join(from, name), 'utf8'))
    const operations = (pack.toJS() as { readonly operations?: object }).operations ?? {}
    for (const operation of Object.keys(operations)) pack.setIn(['operations', operation, 'rate'], { perMinute: OFTEN, burst: OFTEN })
    mkdirSync(dirname(join(to, name)), { recursive: true })
    writeFileSync(join(to, name), pack.toString())
  }
  return to
}

async function openDevice(raise: Raise, person: DeskPerson, home: string): Promise<Device> {
  const invited = await person.call('inviteDevice')
  await enrol({ gate: raise.gateUrl, code: String(invited.body['code']), name: 'bench', home, replace: false, clock: Date.now, random: randomBytes })
  const found = loadDevice(home)
  if (found === null) throw new Error('the device was not enrolled')
  const id = found.device.device
  const client = openGateClient({ gate: raise.gateUrl, key: found.key, clock: Date.now, random: randomBytes })
  const pending = must(await requestSession(client, { clientId: id, agent: { name: 'bench', version: '1.0.0' }, posture: await readPosture() }))
  const granted = await person.call('grantSession', { useCase: 'customer-inquiry' }, pending.user_code)
  if (granted.status !== 200) throw new Error(`no session: ${JSON.stringify(granted.body)}`)
  const opened = must(await pollSession(client, id, pending.device_code))
  return { home, client, id, accessToken: opened.access_token, endsAt: Date.now() + opened.expires_in * 1000, refreshToken: opened.refresh_token }
}

async function renewed(device: Device): Promise<void> {
  if (device.endsAt - Date.now() > RENEW_BEFORE_MS) return
  const opened = must(await renewSession(device.client, device.id, device.refreshToken))
  device.accessToken = opened.access_token
  device.refreshToken = opened.refresh_token
  device.endsAt = Date.now() + opened.expires_in * 1000
}

async function findShipments({ client, accessToken }: Device): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const status of STATUSES)
    for (let cursor: string | undefined; found.size < SHIPMENTS; ) {
      const json = { status, ...(cursor === undefined ? {} : { cursor }) }
      const answer = must(parsed(AnswerBody, await client.ask({ method: 'POST', path: '/v1/operations/findShipments', json, accessToken })))
      for (const row of answer.rows) found.add(String(row['shipmentId']))
      cursor = answer.next
      if (cursor === undefined) break
    }
  return [...found]
}

function must<T>(outcome: Outcome<T, unknown>): T {
  if (!outcome.ok) throw new Error(`the bench house said no: ${JSON.stringify(outcome.refusal)}`)
  return outcome.value
}
