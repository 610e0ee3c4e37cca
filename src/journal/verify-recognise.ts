import type { Readable } from './check-entry.ts'
import { parseRecorded, type Recorded } from './recorded.ts'
import { type PayloadRef, payloadOfEntry } from './verify-payload.ts'
import { fits, type Template, templateOf } from './verify-template.ts'

/**
 * What a verifier wants of an entry: when and where it was recorded, and its payload. `old`: spelled as before there were events. `erased`: the subject whose
 * keys it says were destroyed. `pruned`: entries below this it says have left the table.
 */
export type Glimpse = {
  readonly at: number
  readonly node: string
  readonly payload: PayloadRef | null
  readonly old: boolean
  readonly erased: string | null
  readonly pruned: number | null
}

/** Shapes held for each kind of entry: those met last. */
const SHAPES_MAX = 16
/** Where shapes hardly come again, learning one costs more than it saves. */
const LEARNT_MAX = 256

/** `time`: which slot says when, -1 for none. `own`: the slots of the payload's members, where they differ from one entry to the next. */
type Known = {
  readonly template: Template
  readonly node: string
  readonly time: number
  readonly payload: PayloadRef | null
  readonly own: readonly { readonly slot: number; readonly member: string }[]
}
type Shapes = { readonly known: Known[]; learnt: number; fitted: number }

/**
 * `parseRecorded`, as far as a verifier needs it, for many bodies: what fits a shape met before is not taken apart again. Anything unusual goes the whole way.
 * It never takes a body that `parseRecorded` would not: tests hold the two against each other.
 */
export function recogniser(): (body: Uint8Array) => Glimpse | null {
  const kinds = new Map<string, Shapes>()
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  return (body) => {
    const text = decoded(decoder, body)
    if (text === null) return null
    const shapes = text.includes('\\') ? undefined : kinds.get(kindIn(text))
    return (shapes && known(shapes, text)) ?? whole(body, text)
  }

  function whole(body: Uint8Array, text: string): Glimpse | null {
    const entry = parseRecorded(body)
    if (!entry) return null
    // Rare, and what they are about must be read each time.
    if (entry.kind !== 'journal.erased' && entry.kind !== 'journal.pruned') learn(text, entry)
    return { at: Date.parse(entry.at), node: entry.node, payload: payloadOfEntry(entry), old: entry.v === 1, erased: erasedBy(entry), pruned: prunedBy(entry) }
  }

  function learn(text: string, entry: Recorded): void {
    const shapes = kinds.get(entry.kind) ?? { known: [], learnt: 0, fitted: 0 }
    kinds.set(entry.kind, shapes)
    if (shapes.learnt >= LEARNT_MAX && shapes.fitted < shapes.learnt * 4) return
    shapes.learnt += 1
    const template = templateOf(text, entry)
    if (!template) return
    shapes.known.unshift(knownOf(template, entry))
    if (shapes.known.length > SHAPES_MAX) shapes.known.pop()
  }
}

function known(shapes: Shapes, text: string): Glimpse | null {
  for (const [i, one] of shapes.known.entries()) {
    const spans = fits(one.template, text)
    if (!spans) continue
    shapes.fitted += 1
    if (i > 0) shapes.known.unshift(...shapes.known.splice(i, 1))
    return glimpse(one, (slot) => text.slice(spans[2 * slot], spans[2 * slot + 1]))
  }
  return null
}

function knownOf(template: Template, entry: Recorded): Known {
  const paths = template.slots.map(({ path }) => path)
  const payload = payloadOfEntry(entry)
  // Only a payload has members of its own in this place.
  const own = payload ? paths.flatMap((path, slot) => (path.includes('.payload.') ? [{ slot, member: path.slice(path.lastIndexOf('.') + 1) }] : [])) : []
  return { template, node: entry.node, time: paths.indexOf('time'), payload, own }
}

function glimpse({ node, time, payload, own }: Known, valueOf: (slot: number) => string): Glimpse {
  let ref = payload
  if (payload && own.length > 0) {
    const members: { [member: string]: string | number } = { ...payload }
    for (const { slot, member } of own) members[member] = member === 'size' ? Number(valueOf(slot)) : valueOf(slot)
    ref = members as PayloadRef
  }
  return { at: time < 0 ? Number.NaN : Number(valueOf(time)), node, payload: ref, old: false, erased: null, pruned: null }
}

function erasedBy({ kind, outcome, detail }: Recorded): string | null {
  const subject = detail?.['subject']
  return kind === 'journal.erased' && outcome === 'done' && typeof subject === 'string' ? subject : null
}

/** Whether a body is an entry, for who asks it of many. */
export function reading(): Readable {
  const recognise = recogniser()
  return (body) => recognise(body) !== null
}

function prunedBy({ kind, outcome, detail }: Recorded): number | null {
  const to = detail?.['to']
  return kind === 'journal.pruned' && outcome === 'done' && typeof to === 'number' ? to : null
}

const EVENT_CODE = '"event_code":"'

function kindIn(text: string): string {
  const at = text.indexOf(EVENT_CODE)
  return at < 0 ? '' : text.slice(at + EVENT_CODE.length, text.indexOf('"', at + EVENT_CODE.length))
}

function decoded(decoder: InstanceType<typeof TextDecoder>, body: Uint8Array): string | null {
  try {
    return decoder.decode(body)
  } catch {
    return null
  }
}
