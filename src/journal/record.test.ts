import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { toBase64, utf8 } from '../base/bytes.ts'
import { leafHash } from '../log/leaf.ts'
import { decodeBundle, encodeBundle } from '../log/tile.ts'
import { openJournal } from './open.ts'

let fresh: FreshJournal
beforeAll(async () => {
  fresh = await freshJournal()
})
afterAll(() => fresh.close())

describe('record', () => {
  it('keeps the canonical entry with the time and the node, and receipts its leaf', async () => {
    const { record } = openJournal({ store: fresh.store, clock: () => Date.UTC(2026, 8, 1, 9, 30, 0, 7), node: 'gate' })
    const outcome = await record({ kind: 'ask.answered', outcome: 'done', session: 'ses-1', digest: 'abc', detail: { rows: 3, fields: ['b', 'a'] } })
    const body =
      '{"at":"2026-09-01T09:30:00.007Z","detail":{"fields":["b","a"],"rows":3},"digest":"abc","kind":"ask.answered","node":"gate","outcome":"done","session":"ses-1","v":1}'
    expect(outcome).toEqual({ ok: true, value: { index: 0, leaf: toBase64(leafHash(utf8(body))), digest: 'abc' } })
    const [stored] = await fresh.store.read(0, 1)
    expect(Buffer.from(stored?.body ?? []).toString()).toBe(body)
    expect(decodeBundle(encodeBundle([stored?.body ?? new Uint8Array(0)]))?.length).toBe(1)
  })

  it('lets no entry name its own time or node', async () => {
    const forged = { kind: 'ask.refused', outcome: 'forbidden', at: 'yesterday', node: 'another', v: 7 } as const
    await fresh.journal.record(forged)
    const [stored] = await fresh.store.read(1, 1)
    expect(JSON.parse(Buffer.from(stored?.body ?? []).toString())).toMatchObject({ at: '2026-09-01T00:00:00.000Z', node: 'test', v: 1 })
  })

  it('keeps an entry whose asker sent half a surrogate pair', async () => {
    const outcome = await fresh.journal.record({ kind: 'ask.refused', outcome: 'invalid_input', detail: { input: 'a\ud800b', list: ['\udc00'] } })
    expect(outcome).toMatchObject({ ok: true, value: { digest: null } })
    const [stored] = await fresh.store.read(2, 1)
    expect(JSON.parse(Buffer.from(stored?.body ?? []).toString())).toMatchObject({ detail: { input: 'a\ufffdb', list: ['\ufffd'] } })
  })

  it('takes an entry of exactly 65,535 bytes and throws on one more, of which nothing is kept', async () => {
    const sized = (bytes: number) => ({ kind: 'ask.answered', outcome: 'done', detail: { filler: 'x'.repeat(bytes) } }) as const
    const overhead = '{"at":"2026-09-01T00:00:00.000Z","detail":{"filler":""},"kind":"ask.answered","node":"test","outcome":"done","v":1}'.length
    expect((await fresh.journal.record(sized(65_535 - overhead))).ok).toBe(true)
    const { size } = await fresh.store.head()
    await expect(fresh.journal.record(sized(65_536 - overhead))).rejects.toThrow('takes 65536 bytes, over the 65535')
    expect((await fresh.store.head()).size).toBe(size)
  })
})
