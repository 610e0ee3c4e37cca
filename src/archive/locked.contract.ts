import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import type { Lock, LockAssault, LockedObjects } from './locked.ts'
import { valueOf } from './objects.contract.ts'

/** A store, and what an attacker with its credentials may ask of it. `now` is the store's clock. */
export type OpenedLocked = { readonly locked: LockedObjects; readonly assault: LockAssault; readonly now: () => number }

/** Long enough for a test, and short enough that a real bucket is not filled for good. */
const LOCK_MS = 10 * 60_000

/** What `locked.ts` promises of an honest store, asked of an implementation. What it writes stays locked for ten minutes, under a name of its own. */
export function lockedContract(open: () => Promise<OpenedLocked>): void {
  describe('as locked objects', () => {
    let opened: OpenedLocked
    const root = `contract/${randomBytes(6).toString('hex')}`
    const lock = (mode: Lock['mode'] = 'COMPLIANCE'): Lock => ({ mode, untilMs: Math.ceil((opened.now() + LOCK_MS) / 1000) * 1000 })
    beforeAll(async () => {
      opened = await open()
    })

    it('gives a version back by its id, with the lock it was put under', async () => {
      const { locked } = opened
      for (const mode of ['COMPLIANCE', 'GOVERNANCE'] as const) {
        const asked = lock(mode)
        const version = valueOf(await locked.put(`${root}/one-${mode}`, utf8('kept'), asked))
        expect(valueOf(await locked.get(`${root}/one-${mode}`, version))).toEqual(utf8('kept'))
        expect(valueOf(await locked.lockOf(`${root}/one-${mode}`, version))).toEqual(asked)
        expect(Math.abs((valueOf(await locked.storedAt(`${root}/one-${mode}`, version)) ?? 0) - opened.now())).toBeLessThan(15 * 60_000)
      }
    })

    it('adds a version with each put, newest first, of exactly this key, and leaves the older as they are', async () => {
      const { locked, assault } = opened
      const key = `${root}/many`
      const ids: string[] = []
      for (const text of ['first', 'second', 'third']) ids.unshift(valueOf(await locked.put(key, utf8(text), lock())))
      valueOf(await locked.put(`${key}-longer`, utf8('other'), lock()))
      valueOf(await assault.hide(key))
      expect(valueOf(await locked.versions(key))).toEqual(ids)
      expect(valueOf(await locked.get(key, ids[2] ?? ''))).toEqual(utf8('first'))
      expect(valueOf(await locked.versions(`${root}/none`))).toEqual([])
    })

    it('lists the keys of what stands, hidden or not, in pages that end', async () => {
      const { locked, assault } = opened
      const keys = ['a', 'b', 'c'].map((name) => `${root}/listed/${name}`)
      for (const key of keys) for (const text of ['first', 'second']) valueOf(await locked.put(key, utf8(text), lock()))
      for (const key of [keys[1], `${root}/listed/bb`]) valueOf(await assault.hide(key ?? ''))
      const found: string[] = []
      for (
        let page = valueOf(await locked.list(`${root}/listed/`, ''));
        page.length > 0;
        page = valueOf(await locked.list(`${root}/listed/`, found.at(-1) ?? ''))
      )
        found.push(...page)
      expect(found).toEqual(keys)
      expect(valueOf(await locked.list(`${root}/listed/`, keys[0] ?? ''))).toEqual(keys.slice(1))
    })

    it('has no version that was never put', async () => {
      const { locked } = opened
      const version = valueOf(await locked.put(`${root}/there`, utf8('x'), lock()))
      expect(valueOf(await locked.get(`${root}/not-there`, version))).toBeNull()
      expect(valueOf(await locked.lockOf(`${root}/not-there`, version))).toBeNull()
      expect(valueOf(await locked.storedAt(`${root}/not-there`, version))).toBeNull()
    })

    it('denies whatever would end a COMPLIANCE lock early, and lets it be lengthened', async () => {
      const { locked, assault } = opened
      const [key, kept] = [`${root}/denied`, lock()]
      const version = valueOf(await locked.put(key, utf8('x'), kept))
      const denied = [
        await assault.remove(key, version, { bypass: false }),
        await assault.remove(key, version, { bypass: true }),
        await assault.removeInBulk(key, version),
        await assault.relock(key, version, { ...kept, untilMs: kept.untilMs - 1000 }, { bypass: true }),
        await assault.relock(key, version, { ...kept, mode: 'GOVERNANCE' }, { bypass: true }),
        await assault.relock(key, version, null, { bypass: true }),
      ]
      expect(denied.map((one) => (one.ok ? 'allowed' : one.refusal.code))).toEqual(denied.map(() => 'denied'))
      const longer = { ...kept, untilMs: kept.untilMs + 1000 }
      valueOf(await assault.relock(key, version, longer, { bypass: false }))
      expect(valueOf(await locked.lockOf(key, version))).toEqual(longer)
      expect(valueOf(await locked.get(key, version))).toEqual(utf8('x'))
    })

    it('lets GOVERNANCE be bypassed by who may, but not under legal hold', async () => {
      const { locked, assault } = opened
      const key = `${root}/governed`
      const version = valueOf(await locked.put(key, utf8('x'), lock('GOVERNANCE')))
      expect(await assault.remove(key, version, { bypass: false })).toMatchObject({ ok: false, refusal: { code: 'denied' } })
      valueOf(await assault.hold(key, version, true))
      expect(await assault.remove(key, version, { bypass: true })).toMatchObject({ ok: false, refusal: { code: 'denied' } })
      expect(valueOf(await locked.get(key, version))).toEqual(utf8('x'))
      valueOf(await assault.hold(key, version, false))
      valueOf(await assault.remove(key, version, { bypass: true }))
      expect(valueOf(await locked.get(key, version))).toBeNull()
    })
  })
}
