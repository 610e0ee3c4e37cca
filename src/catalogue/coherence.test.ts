import { describe, expect, it } from 'vitest'
import { shopWith } from '../../test/support/shop-pack.ts'
import { parseCatalogue } from './parse.ts'

const filter = (field: string, op = 'eq') => `filter: { field: ${field}, op: ${op} }`
const STATUS = 'status: { type: text'
const SECOND_STATUS = 'status: { type: choice'

/** Each fault and its allowed neighbour: the line, the line with the fault, what is said, the line that passes, which of such lines. */
const FAULTS: readonly (readonly [what: string, line: string, wrong: string, message: string, right: string | null, nth?: number])[] = [
  ['a key that is no field', 'key:', 'key: number', 'key `number` is not a field', 'key: parcelId'],
  ['a boundary that is no field', 'boundary:', 'boundary: owner', 'boundary `owner` is not a field', 'boundary: remark'],
  ['a boundary every object has', 'boundary:', 'boundary: valueOf', 'every object', null],
  ['a boundary that is secret', 'boundary:', 'boundary: pin', '`pin` is secret', 'boundary: remark'],
  ['a subject that is no field', 'subject:', 'subject: person', 'subject `person` is not a field', 'subject: parcelId'],
  ['a subject that is secret', 'subject:', 'subject: pin', '`pin` is secret', 'subject: account'],
  ['a field returned that is not there', 'returns:', 'returns: [parcelId, weight]', '`weight` is not a field', 'returns: [parcelId, pieces]'],
  ['a secret returned', 'returns:', 'returns: [parcelId, pin]', '`pin` is secret', 'returns: [parcelId, remark]'],
  ['a secret on a label', 'returns:', 'returns: [pin]', '`pin` is secret', 'returns: [account]', 3],
  ['a filter by a field that is not there', STATUS, `status: { type: text, describe: Status, ${filter('weight')} }`, '`weight`, which is not', null],
  ['a filter by a secret', STATUS, `status: { type: text, describe: Status, ${filter('pin')} }`, '`pin`, which is secret', null],
  ['a filter by free text', STATUS, `status: { type: text, describe: Status, ${filter('remark')} }`, '`remark`, which is freetext', null],
  [
    'text compared with a number',
    STATUS,
    `status: { type: text, describe: Status, ${filter('pieces')} }`,
    'is integer, with text',
    `status: { type: integer, describe: Status, ${filter('pieces')} }`,
  ],
  [
    'text compared with a date',
    STATUS,
    `status: { type: text, describe: Status, ${filter('sentOn')} }`,
    'is date, with text',
    `status: { type: date, describe: Status, ${filter('sentOn', 'gte')} }`,
  ],
  [
    'a choice without choices',
    STATUS,
    `status: { type: choice, describe: Status, ${filter('status')} }`,
    'needs its choices',
    `status: { type: choice, choices: [a], describe: Status, ${filter('status')} }`,
  ],
  [
    'a default that is no choice',
    STATUS,
    `status: { type: choice, choices: [a], default: b, describe: Status, ${filter('status')} }`,
    'default',
    `status: { type: choice, choices: [a], default: a, describe: Status, ${filter('status')} }`,
  ],
  [
    'a token of nothing',
    STATUS,
    `status: { type: token, describe: Whose, ${filter('account')} }`,
    'needs the entity',
    `status: { type: token, entity: acc, describe: Whose, ${filter('account')} }`,
  ],
  ['a token of another entity', STATUS, `status: { type: token, entity: cus, describe: Whose, ${filter('account')} }`, "the field's tokens are `acc`", null],
  [
    'a token of a field without tokens',
    STATUS,
    `status: { type: token, entity: acc, describe: Whose, ${filter('status')} }`,
    "the field's tokens are `undefined`",
    null,
  ],
  [
    'tokens compared for order',
    STATUS,
    `status: { type: token, entity: acc, describe: Whose, ${filter('account', 'gte')} }`,
    'only be compared for equality',
    null,
  ],
  ['an argument that hides the limit', STATUS, `limit: { type: text, describe: Status, ${filter('status')} }`, 'every list has a `limit`', null],
  ['an argument that hides the cursor', STATUS, `cursor: { type: text, describe: Status, ${filter('status')} }`, 'every list has a `cursor`', null],
  ['an alternative that is no argument', 'anyOf:', 'anyOf: [state]', '`state` is not an argument', 'anyOf: [status]'],
  ['a list of everything', 'anyOf:', 'anyOf: []', 'a list needs', null],
  ['a list with an optional filter alone', 'anyOf:', 'anyOf: [] # none', 'a list needs', null],
  [
    'one record by something else than its key',
    'parcelId: { type',
    `parcelId: { type: text, required: true, describe: Number, ${filter('status')} }`,
    'equal to its key',
    null,
  ],
  [
    'one record by a key that may be left out',
    'parcelId: { type',
    `parcelId: { type: text, describe: Number, ${filter('parcelId')} }`,
    'equal to its key',
    null,
  ],
  [
    'one record by a range of keys',
    'parcelId: { type',
    `parcelId: { type: text, required: true, describe: Number, ${filter('parcelId', 'gte')} }`,
    'equal to its key',
    null,
  ],
  ['a proposal about many', 'cardinality: one', 'cardinality: many', 'a propose is about one record', 'cardinality: one'],
  ['a draft about many', 'cardinality: one', 'cardinality: many', 'a draft is about one record', 'cardinality: one', 2],
  ['a reading that sets', 'rowsMax:', 'sets: { status: status }', 'a propose sets fields, and nothing else does', 'reversibility: final'],
  ['a proposal that sets nothing', 'sets:', 'sets: {}', 'a propose sets fields', 'sets: { status: status }'],
  ['a draft without a form', 'form:', 'form: null', 'a draft has a form', 'form: letter'],
  ['a reading with a form', 'rowsMax:', 'form: label', 'a draft has a form, and nothing else has', null],
  ['a change of a field that is not there', 'sets:', 'sets: { weight: status }', '`weight`, which is not a field', null],
  ['a change of a personal field', 'sets:', 'sets: { account: status }', 'account`, which is personal', null],
  ['a change of a secret', 'sets:', 'sets: { pin: status }', 'pin`, which is secret', null],
  ['a change of the key', 'sets:', 'sets: { parcelId: status }', 'which record this is', 'sets: { status: status, pieces: status }'],
  ['a change by no argument', 'sets:', 'sets: { status: state }', '`state` is not a required argument', null],
  [
    'a change by an argument that may be left out',
    SECOND_STATUS,
    'status: { type: choice, choices: [sent, lost], describe: Status }',
    '`status` is not a required argument',
    null,
  ],
]

describe('coherenceFaults', () => {
  it.each(FAULTS.map(([what, line, wrong, message, right, nth = 1]) => ({ what, line, wrong, message, right, nth })))(
    'finds $what and passes its neighbour',
    ({ line, wrong, message, right, nth }) => {
      const pack = shopWith(line, wrong, nth)
      const { faults } = parseCatalogue([pack])
      const said = faults.filter((fault) => fault.message.includes(message))
      expect(said.map(({ file }) => file)).toContain('shop.yaml')
      expect(right === null ? [] : parseCatalogue([shopWith(line, right, nth)]).faults).toEqual([])
    },
  )

  it('says at which line: that of the key, or of the operation where something is missing in it', () => {
    const at = (line: string, wrong: string) => {
      const pack = shopWith(line, wrong)
      return parseCatalogue([pack]).faults.map((fault) => fault.line - pack.line)
    }
    expect(at('boundary:', 'boundary: owner')).toEqual([0])
    expect(at(STATUS, `status: { type: text, describe: Status, ${filter('pin')} }`)).toEqual([0])
    expect(at('sets:', 'sets: { account: status }')).toEqual([0])
    // `kind: read` of the operation stands seven lines above its `anyOf`.
    expect(at('anyOf:', 'anyOf: []')).toEqual([-7])
  })
})
