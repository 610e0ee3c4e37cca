import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts'
import { poolOf } from '../../test/support/journal.ts'
import type { Device } from '../identity/device-store.ts'
import type { Session } from '../model/principal.ts'
import { deviceStore } from './device-store.ts'
import { personStore } from './person-store.ts'
import { sessionStore } from './session-store.ts'

const NOW = Date.parse('2026-11-23T09:00:00Z')
const POSTURE = { assurance: 'self', platform: 'linux', osVersion: '6.12', diskEncrypted: true, firewallOn: false } as const
const AGENT = { name: 'claude-desktop', version: '1.4.0', assurance: 'declared' } as const

let database: FreshDatabase
let pool: pg.Pool
beforeAll(async () => {
  database = await freshDatabase()
  pool = poolOf(database.roleUrl('gate'))
  await personStore(pool).put({ id: 'p', name: 'P', groups: ['desk'] })
})
afterAll(async () => {
  await pool.end()
  await database.close()
})

const id = (): string => randomBytes(6).toString('hex')
const many = <T>(work: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 20 }, work))
const trues = (outcomes: readonly { readonly ok: boolean; readonly value?: unknown }[]): number =>
  outcomes.filter(({ ok, value }) => ok && value === true).length

async function newDevice(): Promise<Device> {
  const device: Device = { id: `d-${id()}`, person: 'p', jkt: id(), name: 'desk', platform: 'linux', enrolledAt: NOW, revokedAt: null }
  await deviceStore(pool).add(device, { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' })
  return device
}

const sessionOn = (device: Device): Session => ({
  id: `s-${id()}`,
  person: 'p',
  groups: ['desk', 'with, comma'],
  device: device.id,
  jkt: device.jkt,
  agent: AGENT,
  posture: POSTURE,
  useCase: 'inquiries',
  accounts: ['acme', 'o"brien'],
  admittedAt: NOW,
  endsAt: NOW + 3_600_000,
})

describe('sessionStore', () => {
  it('gives a session back as it was put, by token, refresh token and id', async () => {
    const store = sessionStore(pool)
    const session = sessionOn(await newDevice())
    const [token, refresh] = [randomBytes(32), randomBytes(32)]
    await store.add(session, refresh)
    await store.addToken(session.id, token, NOW + 300_000, NOW)
    expect(await store.byToken(token)).toEqual({ ok: true, value: { session, revoked: null, tokenEndsAt: NOW + 300_000 } })
    expect(await store.byRefresh(refresh)).toEqual({ ok: true, value: { session, revoked: null } })
    expect(await store.byToken(refresh)).toEqual({ ok: true, value: null })
    await store.revoke(session.id, 'p', 'why', NOW + 1)
    await store.revoke(session.id, 'q', 'later', NOW + 2)
    expect(await store.byId(session.id)).toEqual({ ok: true, value: { session, revoked: { by: 'p', why: 'why', at: NOW + 1 } } })
    expect(await store.live(NOW, session.device)).toEqual({ ok: true, value: [] })
  })

  it('lists what was revoked or ended since the day began, the last first, and nothing that is open', async () => {
    const store = sessionStore(pool)
    const device = await newDevice()
    const day = NOW + 40 * 86_400_000
    const kept = async (endsAt: number, revokedAt?: number) => {
      const session = { ...sessionOn(device), endsAt }
      await store.add(session, randomBytes(32))
      if (revokedAt !== undefined) await store.revoke(session.id, 'p', 'why', revokedAt)
      return session.id
    }
    await kept(day)
    await kept(day + 5000, day)
    const ended = await kept(day + 1)
    const revoked = await kept(day + 90_000, day + 2)
    await kept(day + 90_000)
    const over = await store.over(day, day + 60_000, 10)
    expect(over.ok && over.value.map(({ session, revoked: by }) => [session.id, by])).toEqual([
      [revoked, { by: 'p', why: 'why', at: day + 2 }],
      [ended, null],
    ])
    const one = await store.over(day, day + 60_000, 1)
    expect(one.ok && one.value.length).toBe(1)
  })

  it('tells exactly one of twenty that it claimed a request, or decided it', async () => {
    const store = sessionStore(pool)
    const [code, userCode, device] = [randomBytes(32), id(), await newDevice()]
    await store.addRequest(code, { userCode, device: device.id, agent: AGENT, posture: POSTURE, expiresAt: NOW + 1 })
    expect(trues(await many(() => store.claim(code, id(), NOW)))).toBe(0)
    expect(trues(await many(() => store.decide(userCode, { person: 'p', granted: true, useCase: 'u', at: NOW })))).toBe(1)
    expect(trues(await many(() => store.claim(code, id(), NOW)))).toBe(1)
    expect(await store.poll(code, device.id, NOW)).toEqual({ ok: true, value: null })
  })

  it('does not decide, claim or find what has expired', async () => {
    const store = sessionStore(pool)
    const [code, userCode, device] = [randomBytes(32), id(), await newDevice()]
    await store.addRequest(code, { userCode, device: device.id, agent: AGENT, posture: POSTURE, expiresAt: NOW })
    expect(await store.waiting(userCode, NOW - 1)).toMatchObject({ value: { userCode } })
    expect(await store.waiting(userCode, NOW)).toEqual({ ok: true, value: null })
    expect(await store.decide(userCode, { person: 'p', granted: true, useCase: 'u', at: NOW })).toEqual({ ok: true, value: false })
    expect(await store.poll(code, device.id, NOW)).toEqual({ ok: true, value: null })
  })

  it('adds no session to a device that is revoked; whoever revokes one finds every session added before', async () => {
    const store = sessionStore(pool)
    for (let round = 0; round < 10; round++) {
      const device = await newDevice()
      const adding = many(() => store.add(sessionOn(device), randomBytes(32)))
      await deviceStore(pool).revoke(device.id, NOW)
      const found = await store.live(NOW, device.id)
      expect(found.ok && found.value.length).toBe(trues(await adding))
    }
  })
})

describe('personStore', () => {
  it('counts tries that come at the same moment before any is compared', async () => {
    const store = personStore(pool)
    const rule = { now: NOW, triesMax: 5, lockedUntil: NOW + 60_000 }
    const tries = await many(() => store.countTry('p', rule))
    expect(tries.filter((tried) => tried.ok && tried.value?.locked === false)).toHaveLength(5)
    expect(await store.countTry('p', { ...rule, now: NOW + 60_000 })).toMatchObject({ value: { locked: false } })
    expect(await store.countTry('nobody', rule)).toEqual({ ok: true, value: null })
    await store.clearTries('p')
  })

  it('gives a code to one of twenty, and back only to whoever took it', async () => {
    const store = personStore(pool)
    const hash = randomBytes(32)
    await store.addInvite(hash, { person: 'p', purpose: 'device', expiresAt: NOW + 1 })
    expect((await many(() => store.takeInvite(hash, 'device', NOW))).filter((taken) => taken.ok && taken.value === 'p')).toHaveLength(1)
    await store.giveBackInvite(hash, NOW - 1)
    expect(await store.takeInvite(hash, 'device', NOW)).toEqual({ ok: true, value: null })
    await store.giveBackInvite(hash, NOW)
    expect(await store.takeInvite(hash, 'device', NOW)).toEqual({ ok: true, value: 'p' })
  })
})

describe('every store', () => {
  it('refuses store_unavailable when the database is not there, and throws what is our own mistake', async () => {
    const gone = new pg.Pool({ connectionString: 'postgresql://x:y@127.0.0.1:1/none', connectionTimeoutMillis: 500 })
    for (const asked of [sessionStore(gone).byToken(randomBytes(32)), deviceStore(gone).byKey('k'), personStore(gone).desk(randomBytes(32), NOW)]) {
      expect(await asked).toMatchObject({ ok: false, refusal: { code: 'store_unavailable' } })
    }
    await gone.end()
    await expect(sessionStore(pool).addToken('s-none', randomBytes(32), NOW, NOW)).rejects.toThrow('foreign key')
  })

  it('refuses store_unavailable when its connection is cut in the middle', async () => {
    const own = poolOf(database.roleUrl('gate'))
    const held = await own.connect()
    const pid = (await held.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid
    held.release()
    const admin = new pg.Client(database.url)
    await admin.connect()
    await admin.query('begin')
    await admin.query('lock table person in access exclusive mode')
    const waiting = personStore(own).byId('p')
    const other = poolOf(database.url)
    await vi.waitFor(async () =>
      expect((await other.query('select from pg_stat_activity where pid = $1 and wait_event_type = $2', [pid, 'Lock'])).rowCount).toBe(1),
    )
    await other.query('select pg_terminate_backend($1)', [pid])
    expect(await waiting).toMatchObject({ ok: false, refusal: { code: 'store_unavailable' } })
    await admin.query('rollback')
    await other.end()
    await Promise.all([own.end(), admin.end()])
    expect((await personStore(pool).byId('p')).ok).toBe(true)
  })
})
