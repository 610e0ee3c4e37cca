import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal, ORIGIN } from '../../test/support/journal.ts'
import { published } from '../../test/support/log-copies.ts'
import { flipByte, type Kept, reword, rewrite } from '../../test/support/tamper.ts'
import { utf8 } from '../base/bytes.ts'
import { spell } from '../events/spell.ts'
import { signedCheckpoint } from '../log/checkpoint.ts'
import { cosign, withCosignature } from '../log/cosignature.ts'
import { EMPTY_FRONTIER, extend, type Frontier, frontierBytes, rootOf } from '../log/frontier.ts'
import { leafHash } from '../log/leaf.ts'
import { parseNote } from '../log/note.ts'
import { cosignerKey, formatVkey } from '../log/note-key.ts'
import { parsePolicy } from '../log/policy.ts'
import { tilePath } from '../log/tile.ts'
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
    expect(report).toMatchObject({ ok: true, checkpoints: 2, unsignedTail: 0, unwitnessedTail: 350, witnessed: { size: 350 } })
  })

  it.each([
    [600_000, []],
    [
      600_001,
      [
        "entries 350 to 699 are under no checkpoint with the policy's quorum, though entry 350 is of 2026-09-01T00:00:00.000Z: within 600 s it should have been, unless the house was stopped before",
      ],
    ],
  ])('shows what the log signed behind the witness after %d ms: it may be a fork', async (later, faults) => {
    const note = Buffer.from(cosigned(half, 1_790_000_000).get('checkpoint') ?? []).toString()
    const { report, vouched } = await verifyLog({
      source: storeSource(fresh.store),
      trust: policyOf('w'),
      against: [{ name: 'the witness', note }],
      now: Date.UTC(2026, 8, 1) + later,
    })
    expect(report).toMatchObject({ ok: faults.length === 0, unwitnessedTail: 350, faults })
    expect(vouched.size).toBe(350)
  })

  it('takes no log for another of the same name and id', () => {
    const twin = { ...fresh.key, publicKey: fresh.key.publicKey.with(0, (fresh.key.publicKey[0] ?? 0) ^ 1) }
    const policy = parsePolicy(`log ${formatVkey(fresh.key)}\nquorum none\n`)
    if (!policy.ok) throw new Error(policy.refusal.join())
    expect(trustPolicy(policy.value, fresh.key)).toMatchObject({ ok: true })
    expect(trustPolicy(policy.value, twin)).toEqual({ ok: false, refusal: `the policy does not know the log ${ORIGIN}` })
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

  it('reads again what nobody had signed, and does not vouch for it', async () => {
    const own = await freshJournal()
    try {
      await own.fill(5)
      await own.sign()
      await own.fill(3)
      const run = (from: Frontier, now: number) => verifyLog({ source: storeSource(own.store), trust: trustKey(own.key), from, now })
      const first = await run(EMPTY_FRONTIER, Date.UTC(2026, 8, 1))
      expect(first).toMatchObject({ report: { ok: true, size: 8, unsignedTail: 3 }, vouched: { size: 5 } })
      const second = await run(first.vouched, Date.UTC(2026, 8, 2))
      expect(second.report).toMatchObject({ ok: false, from: 5, unsignedTail: 3, faults: [expect.stringContaining('entries 5 to 7 are under no checkpoint')] })
      await rewrite(own, 6)
      await own.sign()
      expect((await run(first.vouched, Date.UTC(2026, 8, 2))).report).toMatchObject({ ok: true, from: 5, unsignedTail: 0 })
    } finally {
      await own.close()
    }
  })

  it('holds what was kept elsewhere of the stretch before against the whole, by the tiles; where there are none, it is a fault', async () => {
    const { tree } = await verify(half)
    const bodies = (await fresh.store.read(0, 300)).map(({ body }) => leafHash(body))
    const against = (root: Uint8Array) => [{ name: 'the SIEM', note: signedCheckpoint(fresh.key, 300, root) }]
    const held = against(rootOf(extend(EMPTY_FRONTIER, bodies)))
    expect((await verify(whole, { from: tree, against: held })).report).toMatchObject({ ok: true, from: 350 })
    expect((await verify(whole, { from: tree, against: against(new Uint8Array(32)) })).report.faults).toEqual([
      'the tree of 300 entries in the SIEM is not that of these entries: the log was forked or rewritten before entry 300',
    ])
    const table = await verifyLog({ source: storeSource(fresh.store), trust: trustKey(fresh.key), from: tree, against: held })
    expect(table.report.faults).toEqual([
      'the tree of 300 entries in the SIEM lies within what was verified earlier, and the database has no tiles to prove it by: verify in full, without --incremental',
    ])
  })

  it('remembers in a file of its own, which nobody else may have touched', async () => {
    const path = join(fresh.folder, 'verified')
    const of = { log: ORIGIN, source: 'the archive', trust: 'by the key' }
    const state = verifiedState(path, of)
    expect(await state.load()).toBeNull()
    const { tree } = await verify(half)
    await state.save(tree)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(frontierBytes((await state.load()) ?? EMPTY_FRONTIER)).toEqual(frontierBytes(tree))
    await expect(verifiedState(path, { ...of, source: 'the database' }).load()).rejects.toThrow('is of the archive, not of the database')
    await expect(verifiedState(path, { ...of, trust: 'by the policy' }).load()).rejects.toThrow('was verified by another key or policy')
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

describe("an archive and the signer's memory", () => {
  it('may lag a little, which is told; more is a fault', async () => {
    const remembered = (await fresh.state.load()) ?? EMPTY_FRONTIER
    const behind = (lagMax: number) => verify(half, { remembered, lagMax }).then(({ report }) => report)
    expect(await behind(350)).toMatchObject({
      ok: true,
      warnings: ['the signer remembers 700 entries, the archive has 350: it lags behind, and what it lacks was not verified'],
    })
    expect(await behind(349)).toMatchObject({ ok: false, faults: ['700 entries were signed, but only 350 stand in unbroken order: entries are gone'] })
  })

  it('is held to it where it has as much', async () => {
    const remembered = (await fresh.state.load()) ?? EMPTY_FRONTIER
    const other = { ...remembered, roots: remembered.roots.map(() => new Uint8Array(32)) }
    expect((await verify(whole, { remembered, lagMax: 1024 })).report).toMatchObject({ ok: true, warnings: [] })
    expect((await verify(whole, { remembered: other, lagMax: 1024 })).report.faults).toEqual(['the first 700 entries are not those that the signer remembers'])
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

describe('a listing that lies', () => {
  const listing = (list: (prefix: string, after: string) => readonly string[]) =>
    verifyLog({
      source: tileSource({
        name: 'the archive',
        get: (path) => Promise.resolve(whole.get(path) ?? null),
        list: (prefix, after) => Promise.resolve(list(prefix, after)),
      }),
      trust: trustKey(fresh.key),
    }).then(({ report }) => report.faults)

  it.each([
    ['the same page for ever', () => ['tile/0/000', 'tile/0/001'], 'the archive does not list in order: `tile/0/000` after `tile/0/001`'],
    ['what was not asked for', () => ['checkpoint'], 'the archive does not list in order: `checkpoint` after ``'],
    ['a page that goes back', () => ['tile/0/001', 'tile/0/000'], 'the archive does not list in order: `tile/0/000` after `tile/0/001`'],
  ])('is looked at no further: %s', async (_, list, fault) => {
    expect(await listing(list)).toEqual([`${fault}; what else lies there was not looked at`])
  })

  it('is looked at no further where it goes on for ever, and its faults fill no memory', async () => {
    let at = 0
    const faults = await listing(() => Array.from({ length: 1000 }, () => `tile/x/${String(at++).padStart(12, '0')}`))
    expect(faults.length).toBe(101)
    expect(at).toBeLessThan(300_000)
    at = 0
    const beyond = await listing(() => Array.from({ length: 1000 }, () => tilePath(0, 900_000_000 + at++, 256)))
    expect(beyond).toEqual(['the archive lists more than a log of 700 entries can have: what else lies there was not looked at'])
  })
})

describe('inspection in threads', () => {
  it('comes to what this thread would', async () => {
    const { inspect, close } = openInspectors(2)
    try {
      const payload = { alg: 'A256GCM', digest: 'd'.repeat(43), size: 96, keyId: 'k-1' }
      const sealed = utf8(spell({ kind: 'ask.answered', outcome: 'done', detail: { payload } }, { at: Date.UTC(2026, 8, 1), node: 'gate' }))
      const bodies = [...(await fresh.store.read(0, 20)).map(({ body }) => body), sealed]
      const here = await inspect(bodies, { payloads: true })
      expect(here.payloads).toEqual([{ at: 20, ref: payload }])
      // After a few pages the threads take over.
      for (const payloads of [true, false])
        for (const one of await Promise.all(Array.from({ length: 30 }, () => inspect([...bodies, utf8('nonsense')], { payloads })))) {
          expect(Buffer.from(one.leaves).subarray(0, 21 * 32)).toEqual(Buffer.from(here.leaves))
          expect(one.unreadable).toEqual([21])
          expect([...one.times.subarray(0, 21)]).toEqual([...here.times])
          expect(one.payloads).toEqual(payloads ? here.payloads : [])
        }
    } finally {
      await close()
    }
  })
})
