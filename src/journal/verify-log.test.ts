import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal, ORIGIN } from '../../test/support/journal.ts'
import { published } from '../../test/support/log-copies.ts'
import { flipByte, type Kept, reword } from '../../test/support/tamper.ts'
import { toBase64url, utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import { signedCheckpoint } from '../log/checkpoint.ts'
import { cosign, withCosignature } from '../log/cosignature.ts'
import { EMPTY_FRONTIER, extend, frontierBytes, rootOf } from '../log/frontier.ts'
import { leafHash } from '../log/leaf.ts'
import { parseNote } from '../log/note.ts'
import { cosignerKey, formatVkey } from '../log/note-key.ts'
import { parsePolicy } from '../log/policy.ts'
import { openJournal } from './open.ts'
import { storeSource } from './source-store.ts'
import { tileSource } from './source-tiles.ts'
import { type LogVerification, verifyLog } from './verify.ts'
import { openInspectors } from './verify-inspectors.ts'
import { verifiedState } from './verify-state.ts'
import { trustKey, trustPolicy } from './verify-trust.ts'

const SIZE = 700
const WITNESS = cosignerKey('witness.example/w', new Uint8Array(32).fill(2))

let fresh: FreshJournal
let whole: Kept
let half: Kept
beforeAll(async () => {
  fresh = await freshJournal()
  await fresh.fill(350)
  await fresh.sign()
  half = await published(fresh.store, fresh.key)
  await fresh.fill(SIZE - 350)
  await fresh.sign()
  whole = await published(fresh.store, fresh.key)
}, 60_000)
afterAll(() => fresh.close())

const sourceOf = (kept: Kept, asked: string[] = []) =>
  tileSource({
    name: 'the archive',
    get: (path) => {
      asked.push(path)
      return Promise.resolve(kept.get(path) ?? null)
    },
    list: (prefix, after) =>
      Promise.resolve(
        [...kept.keys()]
          .filter((path) => path.startsWith(prefix) && path > after)
          .toSorted()
          .slice(0, 2),
      ),
  })
const verify = (kept: Kept, more: Partial<LogVerification> = {}) => verifyLog({ source: sourceOf(kept), trust: trustKey(fresh.key), ...more })

describe('a policy', () => {
  const policyOf = (quorum: string) => {
    const parsed = parsePolicy(`log ${formatVkey(fresh.key)}\nwitness w ${formatVkey(WITNESS)}\nquorum ${quorum}\n`)
    const trust = parsed.ok ? trustPolicy(parsed.value) : parsed
    if (!trust.ok) throw new Error(String(trust.refusal))
    return trust.value
  }
  const cosigned = (kept: Kept, at: number): Kept => {
    const note = Buffer.from(kept.get('checkpoint') ?? []).toString()
    return new Map([...kept, ['checkpoint', utf8(withCosignature(note, cosign(WITNESS, parseNote(note)?.text ?? '', at), WITNESS) ?? '')]])
  }

  it('is met by a checkpoint that its witness cosigned, and the report says by whom and when', async () => {
    const { report } = await verify(cosigned(whole, 1_790_000_000), { trust: policyOf('w') })
    expect(report).toMatchObject({ ok: true, witnessed: { size: SIZE, words: 'the quorum is met: `w` cosigned at 2026-09-21T14:13:20Z' } })
  })

  it('is not met by the log alone', async () => {
    const { report } = await verify(whole, { trust: policyOf('w') })
    expect(report).toMatchObject({
      ok: false,
      witnessed: null,
      faults: ['no checkpoint that holds has the quorum of the policy: the quorum is not met: `w` has not cosigned'],
    })
  })

  it('condemns a checkpoint whose cosignature was altered', async () => {
    const kept = cosigned(whole, 1_790_000_000)
    flipByte(kept, 'checkpoint', -20)
    expect((await verify(kept, { trust: policyOf('w') })).report.faults).toEqual([
      'the checkpoint of size 700 is not to be believed: the cosignature of `witness.example/w` does not hold',
      'no checkpoint that holds has the quorum of the policy: none holds',
    ])
  })

  it('takes the word of a witness that kept a checkpoint: the table, which has none cosigned, is held to it', async () => {
    const note = Buffer.from(cosigned(half, 1_790_000_000).get('checkpoint') ?? []).toString()
    const { report } = await verifyLog({ source: storeSource(fresh.store), trust: policyOf('w'), against: [{ name: 'the witness', note }] })
    expect(report).toMatchObject({ ok: true, checkpoints: 2, witnessed: { size: 350 } })
  })
})

describe('a checkpoint from elsewhere', () => {
  const against = (size: number, root: Uint8Array) => [{ name: 'the SIEM', note: signedCheckpoint(fresh.key, size, root) }]
  const rootAt = async (size: number) =>
    rootOf(
      extend(
        EMPTY_FRONTIER,
        (await fresh.store.read(0, size)).map(({ body }) => leafHash(body)),
      ),
    )

  it.each([1, 256, 349, 350, 351, SIZE])('of the same tree at %d entries is held by both kinds of copy', async (size) => {
    const notes = against(size, await rootAt(size))
    expect((await verify(whole, { against: notes })).report).toMatchObject({ ok: true, unsignedTail: 0 })
    expect((await verifyLog({ source: storeSource(fresh.store), trust: trustKey(fresh.key), against: notes })).report).toMatchObject({ ok: true })
  })

  it('signed over another tree shows that the log was forked, and before which entry', async () => {
    expect((await verify(whole, { against: against(400, new Uint8Array(32)) })).report.faults).toEqual([
      'the checkpoint of size 400 in the SIEM is signed over another tree than these entries: the log was forked or rewritten before entry 400',
    ])
    expect((await verify(whole, { against: against(SIZE, new Uint8Array(32)) })).report.faults).toEqual([
      'two trees of 700 entries were signed, one in the archive, the other in the SIEM: the log was forked before entry 700',
    ])
  })

  it('larger than what is there shows that entries are gone', async () => {
    expect((await verify(half, { against: against(SIZE, await rootAt(SIZE)) })).report.faults).toEqual([
      'the checkpoint in the SIEM names 700 entries, but only 350 stand in unbroken order: entries are gone',
    ])
  })

  it('that nobody signed is told, and proves nothing', async () => {
    expect((await verify(whole, { against: [{ name: 'the SIEM', note: 'nonsense' }] })).report.faults).toEqual([
      `the checkpoint in the SIEM does not carry the signature of ${ORIGIN}`,
    ])
  })
})

describe('an incremental verification', () => {
  it('reads only what is new, and comes to the same tree', async () => {
    const { tree } = await verify(half)
    const asked: string[] = []
    const { report, tree: grown } = await verifyLog({ source: sourceOf(whole, asked), trust: trustKey(fresh.key), from: tree })
    expect(report).toMatchObject({ ok: true, size: SIZE, from: 350, checkpoints: 1, tiles: 3 })
    expect(frontierBytes(grown)).toEqual(frontierBytes((await verify(whole)).tree))
    expect(asked).not.toContain('tile/entries/000')
    const table = await verifyLog({ source: storeSource(fresh.store), trust: trustKey(fresh.key), from: tree })
    expect(table.report).toMatchObject({ ok: true, size: SIZE, from: 350, checkpoints: 2 })
  })

  it('shows what was changed before and read then, by the root; and what is gone', async () => {
    const { tree } = await verify(half)
    const other = { size: tree.size, roots: tree.roots.map((root, i) => (i === 0 ? new Uint8Array(32) : root)) }
    expect((await verify(whole, { from: other })).report.faults).toContain(
      'entries 350 to 699 are not those that were signed: their root is not that of the checkpoint of size 700',
    )
    const { tree: later } = await verify(whole)
    expect((await verify(half, { from: later })).report.faults).toEqual(['700 entries were verified earlier, but the archive names only 350: entries are gone'])
  })

  it('remembers in a file of its own, which nobody else may have touched', async () => {
    const path = join(fresh.folder, 'verified')
    const of = { log: ORIGIN, source: 'the archive' }
    const state = verifiedState(path, of)
    expect(await state.load()).toBeNull()
    const { tree } = await verify(half)
    await state.save(tree)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(frontierBytes((await state.load()) ?? EMPTY_FRONTIER)).toEqual(frontierBytes(tree))
    await expect(verifiedState(path, { ...of, source: 'the database' }).load()).rejects.toThrow('is of the archive, not of the database')
    await expect(verifiedState(path, { ...of, log: 'other' }).load()).rejects.toThrow(`is of the log ${ORIGIN}, not of other`)
    const text = readFileSync(path, 'utf8')
    for (const altered of [
      text.replace('"size":350', '"size":349'),
      text.replace(/"frontier":"(.)/, (_, c) => `"frontier":"${c === 'A' ? 'B' : 'A'}`),
      text.slice(0, 40),
      '',
    ]) {
      writeFileSync(path, altered)
      await expect(state.load()).rejects.toThrow('is not what a verification left there')
    }
    writeFileSync(path, text)
    chmodSync(path, 0o640)
    await expect(state.load()).rejects.toThrow('is open to other users')
  })
})

describe('what is left beside the tiles', () => {
  it('may be an older partial tile, as long as it begins the longer one', async () => {
    const kept = new Map(whole)
    for (const path of ['tile/0/001.p/94', 'tile/entries/001.p/94', 'tile/1/000.p/1']) kept.set(path, half.get(path) ?? new Uint8Array())
    expect((await verify(kept)).report).toMatchObject({ ok: true })
    flipByte(kept, 'tile/0/001.p/94', 5)
    reword(kept, 'tile/entries/001.p/94', 3, '"n":', '"m":')
    kept.set('tile/0/x', new Uint8Array())
    expect((await verify(kept)).report.faults.toSorted()).toEqual([
      '`tile/0/001.p/94` does not begin `tile/0/001`: it was altered',
      '`tile/0/x` is no tile of a log',
      '`tile/entries/001.p/94` does not begin `tile/entries/001`: it was altered',
    ])
  })
})

describe('payloads and clocks', () => {
  it('holds each payload that can be reached against its entry', async () => {
    const own = await freshJournal()
    try {
      const cipher = utf8('ciphertext')
      const payload = (digest: string, size = cipher.length) => ({ alg: 'A256GCM', digest, size, keyId: 'k-1' })
      const digest = toBase64url(sha256(cipher))
      for (const one of [payload(digest), payload(digest, 3), payload('gone'), payload('erased'), payload('other')])
        await own.journal.record({ kind: 'ask.answered', outcome: 'done', detail: { payload: one } })
      const payloadOf = (of: string) => Promise.resolve(of === 'gone' ? ('missing' as const) : of === 'erased' ? ('erased' as const) : cipher)
      const { report } = await verifyLog({ source: storeSource(own.store), trust: trustKey(own.key), payloadOf })
      expect(report).toMatchObject({ ok: false, payloads: { held: 1, erased: 1, missing: 1 } })
      expect(report.faults).toEqual([
        `the payload of entry 1 is not the one that was recorded: \`${digest}\``,
        'the payload of entry 2 is missing: `gone`',
        'the payload of entry 4 is not the one that was recorded: `other`',
      ])
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
      const { report } = await verifyLog({ source: storeSource(own.store), trust: trustKey(own.key), now: 1_000_000 })
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

describe('inspection in threads', () => {
  it('comes to what this thread would', async () => {
    const { inspect, close } = openInspectors(2)
    try {
      const bodies = (await fresh.store.read(0, 20)).map(({ body }) => body)
      const here = await inspect(bodies)
      // After a few pages the threads take over.
      const there = await Promise.all(Array.from({ length: 30 }, () => inspect([...bodies, utf8('nonsense')])))
      for (const one of there) {
        expect(Buffer.from(one.leaves).subarray(0, 640)).toEqual(Buffer.from(here.leaves))
        expect(one.unreadable).toEqual([20])
        expect([...one.times.subarray(0, 20)]).toEqual([...here.times])
      }
    } finally {
      await close()
    }
  })
})
