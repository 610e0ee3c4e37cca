import { describe, expect, it } from 'vitest'
import { freshJournal } from '../../test/support/journal.ts'
import { toBase64url, utf8 } from '../base/bytes.ts'
import { canonical } from '../base/canonical.ts'
import { sha256 } from '../base/digest.ts'
import { groupCommit } from './commit.ts'
import { openJournal } from './open.ts'
import { storeSource } from './source-store.ts'
import { verifyLog } from './verify.ts'
import { trustKey } from './verify-trust.ts'

describe('payloads and clocks', () => {
  it('holds each payload that can be reached against its entry', async () => {
    const own = await freshJournal()
    try {
      const cipher = utf8('ciphertext')
      const payload = (digest: string, size = cipher.length) => ({ alg: 'A256GCM', digest, size, keyId: 'k-1' })
      const digest = toBase64url(sha256(cipher))
      for (const one of [payload(digest), payload(digest, 3), payload('gone'), payload('erased'), payload('emptied'), payload('emptied'), payload('other')])
        await own.journal.record({ kind: 'ask.answered', outcome: 'done', detail: { payload: one } })
      await own.journal.record({ kind: 'journal.erased', outcome: 'done', detail: { subject: 'sub-erased', keys: 1, months: ['2026-09'], payloads: 1 } })
      await own.journal.drain()
      await own.sign()
      const payloadOf = ({ digest: of }: { readonly digest: string }) =>
        Promise.resolve(of === 'gone' ? ('missing' as const) : ['erased', 'emptied'].includes(of) ? { keysOf: [`sub-${of}`, 'sub-other'] } : cipher)
      const { report } = await verifyLog({ source: storeSource(own.store), trust: trustKey(own.key), payloadOf })
      expect(report).toMatchObject({ ok: false, payloads: { held: 1, erased: 1, missing: 3 } })
      expect(report.faults).toEqual([
        `the payload of entry 1 is not the one that was recorded: \`${digest}\``,
        'the payload of entry 2 is missing: `gone`',
        'the payload of entry 6 is not the one that was recorded: `other`',
        'the payload of entry 4 was destroyed (and of 1 more), and no entry tells of an erasure of `sub-emptied` or `sub-other`',
      ])
    } finally {
      await own.close()
    }
  })

  it('takes no entry of the older form after the first event', async () => {
    const own = await freshJournal()
    try {
      const old = utf8(canonical({ v: 1, at: '2026-09-01T00:00:00.000Z', node: 'test', kind: 'ask.answered', outcome: 'done' }))
      const { commit, drain } = groupCommit({ store: own.store, writer: 'test' })
      await commit(old)
      await own.fill(1)
      await own.sign()
      const run = () => verifyLog({ source: storeSource(own.store), trust: trustKey(own.key) }).then(({ report }) => report)
      expect(await run()).toMatchObject({ ok: true, size: 2 })
      await commit(old)
      await drain()
      const fault = 'entry 2 is spelled as before there were events, and comes after entry 1: nothing writes such entries any more'
      await expect(own.sign()).rejects.toThrow(fault)
      expect(await run()).toMatchObject({ ok: false, size: 3, faults: [fault] })
    } finally {
      await own.close()
    }
  })

  it('warns where the time of a node runs backwards or ahead, and finds no fault in it', async () => {
    const own = await freshJournal()
    try {
      const [first, second] = ['a', 'b'].map((node) => {
        let at = 0
        return { set: (time: number) => (at = time), journal: openJournal({ store: own.store, clock: () => at, node }) }
      })
      const record = async (of: typeof first, at: number) => {
        of?.set(at)
        await of?.journal.record({ kind: 'house.started', outcome: 'done' })
      }
      await record(first, 100_000)
      await record(second, 50_000)
      await record(first, 98_000)
      await record(first, 95_999)
      await record(second, 9_000_000)
      await Promise.all([first?.journal.drain(), second?.journal.drain()])
      const { report } = await verifyLog({ source: storeSource(own.store), trust: trustKey(own.key), now: 1_000_000, tail: 'unsigned' })
      expect(report).toMatchObject({ ok: true, faults: [] })
      expect(report.warnings).toEqual([
        'entry 3 of `a` says 1970-01-01T00:01:35.999Z, 2.0 s before its entry 2: a clock was set back',
        'entry 4 of `b` says 1970-01-01T02:30:00.000Z, 8000.0 s from now: a clock runs ahead',
      ])
    } finally {
      await own.close()
    }
  })
})
