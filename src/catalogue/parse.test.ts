import { describe, expect, it } from 'vitest'
import { PACK } from '../../test/support/pack.ts'
import { shopWith } from '../../test/support/shop-pack.ts'
import { parseCatalogue } from './parse.ts'

const faultsOf = (...files: readonly { readonly file: string; readonly text: string }[]) => parseCatalogue(files).faults

/** Each fault of a pack's shape, and its allowed neighbour: the line, the line with the fault, what is said of it, the line that passes. */
const SHAPE = [
  ['a system in capitals', 'system:', 'system: Shop', 'lower-case', 'system: shop-2'],
  ['a resource in capitals', 'parcel:', 'Parcel:', 'camelCase', 'parcel:'],
  ['a name every object has', 'remark:', 'constructor: { column: remark, type: text, class: freetext, describe: Free text }', 'every object', null],
  ['another such name', 'pin:', 'toString: { column: pin, type: text, class: secret, describe: Code }', 'every object', null],
  ['a prototype', 'pin:', '__proto__: { column: pin, type: text, class: secret, describe: Code }', '`__proto__` is no name', null],
  ['a relation without a schema', 'relation:', 'relation: parcel', 'schema.name', 'relation: other_shop.parcel'],
  ['a relation with a quote', 'relation:', `relation: 'shop.par"cel'`, 'schema.name', 'relation: shop.par_cel'],
  ['a column in capitals', 'pieces:', 'pieces: { column: Pieces, type: integer, class: open, describe: Pieces }', 'lower_snake_case', null],
  ['a column with a quote', 'pieces:', `pieces: { column: 'p"', type: integer, class: open, describe: Pieces }`, 'lower_snake_case', null],
  ['a class nobody knows', 'pieces:', 'pieces: { column: pieces, type: integer, class: public, describe: Pieces }', 'class', null],
  ['no class', 'pieces:', 'pieces: { column: pieces, type: integer, describe: Pieces }', 'class', null],
  ['a type nobody knows', 'pieces:', 'pieces: { column: pieces, type: float, class: open, describe: Pieces }', 'type', null],
  ['a key misspelt', 'pieces:', 'pieces: { column: pieces, type: integer, class: open, describe: Pieces, mask: no }', 'mask', null],
  ['a token prefix of four letters', 'account:', 'account: { column: account, type: text, class: personal, refers: acct, describe: Whose }', 'three', null],
  ['no boundary', 'boundary:', 'subject: account', 'unique', 'boundary: account'],
  ['rows beyond a thousand', 'rowsMax:', 'rowsMax: 1001', '1000', 'rowsMax: 1000'],
  ['no row', 'rowsMax:', 'rowsMax: 0', '1', 'rowsMax: 1'],
  ['part of a row', 'rowsMax:', 'rowsMax: 1.5', 'int', 'rowsMax: 2'],
  ['a cost below nothing', 'cost:', 'cost: { base: -0.1, perRow: 0 }', '0', 'cost: { base: 0, perRow: 0 }'],
  ['no rate', 'rate:', 'rate: { perMinute: 0, burst: 1 }', '1', 'rate: { perMinute: 1, burst: 1 }'],
  ['a kind nobody knows', 'kind:', 'kind: write', 'kind', 'kind: read'],
  ['nothing returned', 'returns:', 'returns: []', '1', 'returns: [status]'],
  ['a title of two letters', 'title:', 'title: Hi', '3', 'title: Hey'],
  ['a comparison nobody knows', 'status: { type: text', 'status: { type: text, describe: Status, filter: { field: status, op: like } }', 'op', null],
  [
    'a length beyond 4000',
    'status: { type: text',
    'status: { type: text, lengthMax: 4001, describe: Status, filter: { field: status, op: eq } }',
    '4000',
    null,
  ],
] as const

describe('parseCatalogue', () => {
  it('reads a pack without a fault, and the packs the house ships', () => {
    expect(faultsOf(shopWith())).toEqual([])
    expect(Object.keys(PACK.catalogue.operations).length).toBeGreaterThanOrEqual(10)
  })

  it.each(SHAPE)('finds %s, in its file and at its line, and passes its neighbour', (_, line, wrong, message, right) => {
    const pack = shopWith(line, wrong)
    const faults = faultsOf(pack)
    expect(faults.map(({ file, message: said }) => `${file} ${said}`).join('\n')).toContain(message)
    // A missing key, or one too many, is told at the mapping it should stand in: that begins a line further at most.
    expect(faults.some(({ line: at }) => Math.abs(at - pack.line) <= 1)).toBe(true)
    expect(right === null ? [] : faultsOf(shopWith(line, right))).toEqual([])
  })

  it('loads nothing of a file with a fault of shape', () => {
    const { catalogue } = parseCatalogue([shopWith('rowsMax:', 'rowsMax: 1001')])
    expect([Object.keys(catalogue.resources), Object.keys(catalogue.operations)]).toEqual([[], []])
  })

  it.each([
    ['not YAML', 'system: a: b'],
    ['an alias of nothing', 'system: *nobody'],
    ['empty', ''],
    ['a list', '- system: shop'],
    ['a key twice', 'system: shop\nsystem: shop'],
  ])('finds a file that is %s', (_, text) => {
    expect(faultsOf({ file: 'x.yaml', text })[0]).toMatchObject({ file: 'x.yaml', line: expect.any(Number) })
  })

  it('finds that there is no file at all', () => {
    expect(faultsOf()).toEqual([{ file: 'catalogue', line: 1, message: 'no pack found' }])
  })

  it('finds a name defined twice, within a system and across systems', () => {
    const again = { ...shopWith(), file: 'again.yaml' }
    const other = { ...shopWith('system:', 'system: other'), file: 'other.yaml' }
    for (const file of [again, other]) {
      const said = faultsOf(shopWith(), file).map(({ file: name, message }) => `${name}: ${message}`)
      expect(said).toContain(`${file.file}: resource \`parcel\` is defined twice`)
    }
    expect(faultsOf(shopWith(), again).map(({ message }) => message)).toContain('operation `findParcels` is defined twice')
  })

  it('lets no operation reach into the resource of another system, or one that is not there', () => {
    const theirs = {
      file: 'theirs.yaml',
      text:
        'system: theirs\n' +
        shopWith()
          .text.slice(shopWith().text.indexOf('operations:'))
          .replaceAll(/(\w+):\n {4}kind/g, '$1Too:\n    kind'),
    }
    expect(faultsOf(shopWith(), theirs).map(({ line, message }) => `${line} ${message}`)).toContain('7 system `theirs` has no resource `parcel`')
    const lost = shopWith('resource: parcel', 'resource: toString')
    expect(faultsOf(lost)[0]?.line).toBe(lost.line)
  })

  it('never widens by what a pack leaves out', () => {
    const { catalogue } = parseCatalogue([shopWith('rowsMax:', 'reversibility: final')])
    expect(catalogue.operations['findParcels']).toMatchObject({
      rowsMax: 1,
      sets: {},
      form: null,
      reversibility: 'final',
      args: [{ required: false, lengthMax: 100, choices: [] }],
    })
    expect(catalogue.operations['setStatus']).toMatchObject({ reversibility: 'final', anyOf: [] })
    expect(catalogue.resources['parcel']?.confinedTo).toBe('account')
    expect(catalogue.resources['parcel']?.fields['status']).not.toHaveProperty('refers')
  })
})
