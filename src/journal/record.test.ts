import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { toBase64, utf8 } from '../base/bytes.ts'
import { spell } from '../events/spell.ts'
import { leafHash } from '../log/leaf.ts'
import { decodeBundle, encodeBundle } from '../log/tile.ts'
import { openJournal } from './open.ts'
import { parseRecorded } from './recorded.ts'

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
      '{"action_id":1,"activity_id":2,"actor":{"session":{"uid":"ses-1"}},"api":{"operation":"unknown","request":{"uid":"unknown"},"response":{"data":{"rows":3}}},' +
      '"category_uid":6,"class_uid":6003,"disposition_id":1,"metadata":{"event_code":"ask.answered","log_name":"journal","log_source":"gate","log_version":"2",' +
      '"product":{"name":"Gatehouse"},"profiles":["security_control"],"version":"1.8.0"},"severity_id":1,"src_endpoint":{"name":"unknown"},"status_id":1,' +
      '"time":1788255000007,"type_uid":600302,"unmapped":{"detail":{"fields":["b","a"]},"digest":"abc"}}'
    expect(outcome).toEqual({ ok: true, value: { index: 0, leaf: toBase64(leafHash(utf8(body))), digest: 'abc' } })
    const [stored] = await fresh.store.read(0, 1)
    expect(Buffer.from(stored?.body ?? []).toString()).toBe(body)
    expect(decodeBundle(encodeBundle([stored?.body ?? new Uint8Array(0)]))?.length).toBe(1)
  })

  it('lets no entry name its own time or node', async () => {
    const forged = { kind: 'ask.refused', outcome: 'forbidden', at: 'yesterday', node: 'another', v: 7 } as const
    await fresh.journal.record(forged)
    const [stored] = await fresh.store.read(1, 1)
    expect(JSON.parse(Buffer.from(stored?.body ?? []).toString())).toMatchObject({ time: Date.UTC(2026, 8, 1), metadata: { log_source: 'test' } })
    expect(parseRecorded(stored?.body ?? new Uint8Array(0))).toEqual({
      v: 2,
      at: '2026-09-01T00:00:00.000Z',
      node: 'test',
      kind: 'ask.refused',
      outcome: 'forbidden',
    })
  })

  it('keeps an entry whose asker sent half a surrogate pair', async () => {
    const outcome = await fresh.journal.record({ kind: 'ask.refused', outcome: 'invalid_input', detail: { input: 'a\ud800b', list: ['\udc00'] } })
    expect(outcome).toMatchObject({ ok: true, value: { digest: null } })
    const [stored] = await fresh.store.read(2, 1)
    expect(JSON.parse(Buffer.from(stored?.body ?? []).toString())).toMatchObject({ unmapped: { detail: { input: 'a\ufffdb', list: ['\ufffd'] } } })
  })

  it('takes an entry of exactly 65,535 bytes and throws on one more, of which nothing is kept', async () => {
    const sized = (bytes: number) => ({ kind: 'ask.answered', outcome: 'done', detail: { filler: 'x'.repeat(bytes) } }) as const
    const overhead = spell(sized(0), { at: Date.UTC(2026, 8, 1), node: 'test' }).length
    expect((await fresh.journal.record(sized(65_535 - overhead))).ok).toBe(true)
    const { size } = await fresh.store.head()
    await expect(fresh.journal.record(sized(65_536 - overhead))).rejects.toThrow('takes 65536 bytes, over the 65535')
    expect((await fresh.store.head()).size).toBe(size)
  })
})
