import { describe, expect, it } from 'vitest'
import { parseMapping } from './mapping.ts'

describe('parseMapping', () => {
  it('reads headers, constants, what is not to be filled, and the spelling', () => {
    const read = parseMapping(
      'shipment_id: Job No\ncurrency: { always: EUR }\ncountry: ~\ndecimal: comma\ndates: day-first\nencoding: windows-1252\n',
      'm.yaml',
    )
    expect([...read.fields]).toEqual([
      ['shipment_id', { header: 'Job No' }],
      ['country', null],
      ['currency', { always: 'EUR' }],
    ])
    expect(read).toMatchObject({ spelling: { decimal: 'comma', dates: 'day-first' }, encoding: 'windows-1252' })
  })

  it('reads an empty file as no mapping', () => {
    expect(parseMapping('# nothing\n', 'm.yaml')).toMatchObject({ spelling: { decimal: null, dates: null }, encoding: 'utf-8' })
  })

  it.each([
    ['shipmentid: x', /Unrecognized key/],
    ['shipment_id: 7', /shipment_id/],
    ['decimal: dot', /decimal/],
    ['a: b: c', /line 1/],
    ['shipment_id: a\nshipment_id: b', /line 2/],
    ['- a', /object/],
  ])('turns back %j', (text, message) => {
    expect(() => parseMapping(text, 'm.yaml')).toThrow(message)
    expect(() => parseMapping(text, 'm.yaml')).toThrow(expect.objectContaining({ code: 'config_invalid', next: expect.stringContaining('shipment_id') }))
  })
})
