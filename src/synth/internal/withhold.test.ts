import { describe, expect, it } from 'vitest'
import type { CustomerRow } from '../rows.ts'
import type { Field } from './fields.ts'
import { withhold } from './withhold.ts'

const CUSTOMER: CustomerRow = {
  customer_id: '4711',
  name: "Côte d'Ivoire",
  contact_name: 'Ines Roth',
  phone: '+49 40 550000',
  email: 'ines@example.com',
  address_line: '1 Harbour Yard',
  city: 'Abidjan',
  postal_code: '01',
  country: "Côte d'Ivoire",
}
const withheld = (cells: Partial<Record<Field, string>>, customer = CUSTOMER): readonly Field[] =>
  withhold(new Map(Object.entries(cells) as [Field, string][]), customer).withheld

describe('withhold', () => {
  it.each<readonly [string, Partial<Record<Field, string>>, readonly Field[]]>([
    ['the name itself', { destination: "Côte d'Ivoire" }, ['destination']],
    ['the name in other letters and spaces', { destination: "  CÔTE   D'IVOIRE " }, ['destination']],
    ['the name within more', { destination: "Warehouse 3, Côte d'Ivoire" }, ['destination']],
    ['the name in several fields', { origin: "Côte d'Ivoire", carrier: "Côte d'Ivoire Cargo", item: 'pumps' }, ['origin', 'carrier']],
    ['the contact', { item: 'samples for Ines Roth' }, ['item']],
    ['the telephone', { mode: 'call +49 40 550000' }, ['mode']],
    ['the street', { destination: '1 Harbour Yard, Abidjan' }, ['destination']],
    ['the account', { destination: '4711' }, ['destination']],
    ["another spelling of the row's own customer", { customer: 'Ivory Coast', destination: 'Ivory Coast' }, ['destination']],
    ['a number that holds the account', { item: '47110 screws' }, []],
    ['the city, where goods may well go', { destination: 'Abidjan' }, []],
    ['nothing of the customer', { origin: 'Hamburg', destination: 'Lyon', carrier: 'Kestrel', mode: 'road', item: 'pumps' }, []],
    ['the name where nobody sees it', { customer: "Côte d'Ivoire", notes: "for Côte d'Ivoire", reference: 'DN-1' }, []],
  ])('of a row that shows %s', (_, cells, fields) => {
    expect(withheld(cells)).toEqual(fields)
    const { shown } = withhold(new Map(Object.entries(cells) as [Field, string][]), CUSTOMER)
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(Object.entries(cells).filter(([field]) => !fields.some((one) => one === field))))
  })

  it('finds a short name only where it is all that a cell says', () => {
    const short = { ...CUSTOMER, name: 'Air' }
    expect(withheld({ mode: 'Air', item: 'Air filters', destination: 'Cairo' }, short)).toEqual(['mode'])
  })
})
