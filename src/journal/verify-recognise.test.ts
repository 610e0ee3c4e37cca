import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ENTRY_SAMPLES } from '../../test/support/entry-samples.ts'
import { utf8 } from '../base/bytes.ts'
import { spell } from '../events/spell.ts'
import { ENTRY_KINDS, type Entry } from './entry.ts'
import { parseRecorded } from './recorded.ts'
import { payloadOfEntry } from './verify-payload.ts'
import { recogniser } from './verify-recognise.ts'
import { templateOf } from './verify-template.ts'

const bodyOf = (entry: Entry, at = Date.UTC(2026, 8, 1), node = 'gate') => spell(entry, { at, node })
const SAMPLES: readonly Entry[] = ENTRY_KINDS.flatMap((kind) => [
  { ...ENTRY_SAMPLES[kind], kind, outcome: 'done' as const },
  { ...ENTRY_SAMPLES[kind], kind, outcome: 'forbidden' as const },
])

/** What `parseRecorded` makes of it, as far as a verifier looks. */
function whole(text: string) {
  const entry = parseRecorded(utf8(text))
  if (!entry) return null
  const erased = entry.kind === 'journal.erased' && entry.outcome === 'done' ? ((entry.detail?.['subject'] as string | undefined) ?? null) : null
  const to = entry.kind === 'journal.pruned' && entry.outcome === 'done' ? entry.detail?.['to'] : null
  return { at: Date.parse(entry.at), node: entry.node, payload: payloadOfEntry(entry), old: entry.v === 1, erased, pruned: typeof to === 'number' ? to : null }
}

/** Texts that mean something to some form, and others. */
const word = fc.oneof(
  fc.constantFrom(
    'unknown',
    'console',
    'Gatehouse',
    'gate',
    'done',
    'forbidden',
    'agent',
    'Cedar',
    'linux',
    'win32',
    'approve',
    'x',
    '',
    'ask.refused',
    '1',
    '10',
    'a"b',
    'a\\b',
    'é',
    '\u2028',
    '\u0007',
  ),
  fc.string({ maxLength: 12 }),
)
const number = fc.oneof(fc.nat(), fc.constantFrom(-1, 1.5, 0, 2 ** 53 - 1, 2 ** 60, 253_402_300_799_999, 253_402_300_800_000))

/** Another event of the same shape, or nearly: leaves replaced, anywhere. */
function replaceLeaf(text: string, at: number, value: string | number): string {
  const leaves = [...text.matchAll(/(?<=[:,[])("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*)(?=[,\]}])/g)]
  const leaf = leaves[at % leaves.length]
  return leaf ? text.slice(0, leaf.index) + JSON.stringify(value) + text.slice(leaf.index + leaf[0].length) : text
}

describe('recogniser', () => {
  it.each(ENTRY_KINDS)('reads %s as parseRecorded does, the first time and once it knows the shape', (kind) => {
    const glimpse = recogniser()
    for (const entry of SAMPLES.filter((one) => one.kind === kind)) {
      for (const [at, correlation] of [
        [1, 'r-1'],
        [2, 'r-2'],
        [3, 'r-1'],
      ] as const) {
        const text = bodyOf({ ...entry, ...('correlation' in entry && { correlation }) }, at)
        expect(glimpse(utf8(text))).toEqual(whole(text))
      }
    }
  })

  it('knows the shape of an answered ask: what differs is found without taking the body apart', () => {
    const sample: Entry = { ...ENTRY_SAMPLES['ask.answered'], kind: 'ask.answered', outcome: 'done' }
    const text = bodyOf(sample)
    const template = templateOf(text, parseRecorded(utf8(text)) as NonNullable<ReturnType<typeof parseRecorded>>)
    const paths = template?.slots.map(({ path }) => path)
    for (const path of [
      'time',
      'metadata.correlation_uid',
      'api.request.uid',
      'actor.user.uid',
      'actor.session.uid',
      'api.request.data.shipmentId',
      'unmapped.detail.concerns.0',
      'unmapped.digest',
    ])
      expect(paths).toContain(path)
    expect(paths).not.toContain('class_uid')
    expect(paths).not.toContain('metadata.event_code')
  })

  it('takes and turns back exactly what parseRecorded does, whatever leaf is replaced by whatever', () => {
    const glimpse = recogniser()
    for (const entry of SAMPLES) glimpse(utf8(bodyOf(entry)))
    fc.assert(
      fc.property(fc.nat(SAMPLES.length - 1), fc.array(fc.tuple(fc.nat(80), fc.oneof(word, number)), { minLength: 1, maxLength: 3 }), (which, changes) => {
        const text = changes.reduce((body, [at, value]) => replaceLeaf(body, at, value), bodyOf(SAMPLES[which] as Entry))
        expect(glimpse(utf8(text))).toEqual(whole(text))
      }),
      { numRuns: 4000, seed: 7 },
    )
  })

  it('takes and turns back exactly what parseRecorded does, whatever is cut, put in or doubled', () => {
    const glimpse = recogniser()
    for (const entry of SAMPLES) glimpse(utf8(bodyOf(entry)))
    const piece = fc.oneof(fc.constantFrom(' ', '"', ',', '0', '\\', '\n', '\u0000', '{}', '"a":1,', 'e3', '.0', '\ufeff'), fc.string({ maxLength: 3 }))
    fc.assert(
      fc.property(fc.nat(SAMPLES.length - 1), fc.nat(1500), fc.nat(4), piece, (which, at, cut, put) => {
        const body = bodyOf(SAMPLES[which] as Entry)
        const text = body.slice(0, at % body.length) + put + body.slice((at % body.length) + cut)
        expect(glimpse(utf8(text))).toEqual(whole(text))
      }),
      { numRuns: 4000, seed: 8 },
    )
  })

  it.each(['ask.answered', 'change.proposed', 'session.revoked'] as const)(
    'turns %s back when a character is gone, doubled or followed by more, wherever',
    (kind) => {
      const glimpse = recogniser()
      const body = bodyOf({ ...ENTRY_SAMPLES[kind], kind, outcome: 'done' })
      glimpse(utf8(body))
      const texts = [...body].flatMap((letter, at) => [
        body.slice(0, at) + body.slice(at + 1),
        body.slice(0, at) + letter + body.slice(at),
        `${body.slice(0, at)}0${body.slice(at)}`,
      ])
      for (const text of [...texts, `${body} `, `${body}0`, `${body}}`, ` ${body}`]) expect([text, glimpse(utf8(text))]).toEqual([text, whole(text)])
    },
  )

  it('gives the subject of each erasure, not that of the first', () => {
    const glimpse = recogniser()
    for (const subject of ['p-1', 'p-2', 'p-1'])
      expect(glimpse(utf8(bodyOf({ kind: 'journal.erased', outcome: 'done', detail: { subject, keys: 1, months: ['2026-09'], payloads: 1 } })))?.erased).toBe(
        subject,
      )
  })

  it('gives how far each pruning went, not the first', () => {
    const glimpse = recogniser()
    const seen = [256, 512].map((to) => glimpse(utf8(bodyOf({ kind: 'journal.pruned', outcome: 'done', detail: { from: 0, to, why: 'old' } })))?.pruned)
    expect(seen).toEqual([256, 512])
    expect(glimpse(utf8(bodyOf({ kind: 'journal.pruned', outcome: 'done', detail: { from: 0, to: 'all', why: 'old' } })))?.pruned).toBeNull()
  })

  it('gives the payload of each, not of the first of its shape', () => {
    const glimpse = recogniser()
    for (const n of [1, 2, 3]) {
      const payload = { alg: 'A256GCM', digest: `digest-${n}`, size: n, keyId: `key-${n}` }
      expect(glimpse(utf8(bodyOf({ kind: 'ask.answered', outcome: 'done', detail: { payload } })))?.payload).toEqual(payload)
    }
  })

  it('turns back bytes that are no text', () => {
    const glimpse = recogniser()
    const bytes = Buffer.from(bodyOf(SAMPLES[0] as Entry))
    expect(glimpse(bytes)).not.toBeNull()
    expect(glimpse(Buffer.concat([bytes.subarray(0, 40), Buffer.from([0xff]), bytes.subarray(40)]))).toBeNull()
  })
})
