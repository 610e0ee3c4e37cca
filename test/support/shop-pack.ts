import type { PackFile } from '../../src/catalogue/parse.ts'

/** A small pack with an operation of each kind and a field of each class, for tests that break one line of it. */
const LINES = `system: shop
resources:
  parcel:
    relation: shop.parcel
    key: parcelId
    boundary: account
    subject: account
    fields:
      parcelId: { column: parcel_id, type: text, class: open, describe: Number }
      account: { column: account, type: text, class: personal, refers: acc, describe: Whose }
      status: { column: status, type: text, class: open, describe: Status }
      pieces: { column: pieces, type: integer, class: open, describe: Pieces }
      sentOn: { column: sent_on, type: date, class: open, describe: Sent }
      pin: { column: pin, type: text, class: secret, describe: Code of the locker }
      remark: { column: remark, type: text, class: freetext, describe: Free text }
operations:
  findParcels:
    kind: read
    title: Find parcels
    describe: Parcels by their status.
    resource: parcel
    cardinality: many
    arguments:
      status: { type: text, describe: Status, filter: { field: status, op: eq } }
    anyOf: [status]
    returns: [parcelId, account, status, pieces, sentOn, remark]
    rowsMax: 50
    cost: { base: 1, perRow: 0.1 }
    rate: { perMinute: 60, burst: 10 }
  setStatus:
    kind: propose
    title: Set the status
    describe: Proposes another status.
    resource: parcel
    cardinality: one
    arguments:
      parcelId: { type: text, required: true, describe: Number, filter: { field: parcelId, op: eq } }
      status: { type: choice, required: true, choices: [sent, lost], describe: Status }
    returns: [status]
    cost: { base: 1, perRow: 0 }
    rate: { perMinute: 60, burst: 10 }
    sets: { status: status }
  printLabel:
    kind: draft
    title: Print a label
    describe: Prepares a label to print.
    resource: parcel
    cardinality: one
    arguments:
      parcelId: { type: text, required: true, describe: Number, filter: { field: parcelId, op: eq } }
    returns: [parcelId]
    cost: { base: 1, perRow: 0 }
    rate: { perMinute: 60, burst: 10 }
    form: label
`.split('\n')

/** The pack, with the line that begins with `from` (blanks aside) made `to`: the `nth` such line. `line` is its number. */
export function shopWith(from = '', to = '', nth = 1): PackFile & { readonly line: number } {
  if (from === '') return { file: 'shop.yaml', text: LINES.join('\n'), line: 0 }
  const found = [...LINES.keys()].filter((index) => LINES[index]?.trimStart().startsWith(from))[nth - 1]
  if (found === undefined) throw new Error(`the pack has no line ${from}`)
  const text = LINES.with(
    found,
    (LINES[found] ?? '').replace(/\S.*$/, () => to),
  ).join('\n')
  return { file: 'shop.yaml', text, line: found + 1 }
}
