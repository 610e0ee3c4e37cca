import type { Faker } from '@faker-js/faker'
import type { CustomerRow } from '../rows.ts'

// Each country with a range of numbers its regulator keeps for stories, so that none rings; countries without one borrow the German one.
const PLACES = [
  ['Germany', 'Hamburg', '+49 40 66969'],
  ['Germany', 'Duisburg', '+49 221 4710'],
  ['Germany', 'Leipzig', '+49 30 23125'],
  ['Netherlands', 'Rotterdam', '+49 40 66969'],
  ['Netherlands', 'Venlo', '+49 221 4710'],
  ['Belgium', 'Antwerp', '+49 221 4710'],
  ['France', 'Lyon', '+33 1 99 00 1'],
  ['France', 'Le Havre', '+33 1 99 00 2'],
  ['Poland', 'Gdansk', '+49 30 23125'],
  ['Poland', 'Lodz', '+49 30 23125'],
  ['Italy', 'Genoa', '+49 89 99998'],
  ['Spain', 'Valencia', '+49 69 90009'],
  ['United Kingdom', 'Felixstowe', '+44 1632 960'],
  ['United Kingdom', 'Daventry', '+44 1632 960'],
  ['United States', 'Memphis', '+1 901 555 01'],
  ['United States', 'Newark', '+1 973 555 01'],
] as const

/** Where goods come from and go to. */
export const HUBS: readonly string[] = PLACES.map(([, city]) => city)

/** Companies with the people and addresses one would meet: invented, with numbers and mail domains that nobody can have. */
export function makeCustomers(faker: Faker, count: number): readonly CustomerRow[] {
  return Array.from({ length: count }, (_, index) => {
    const [country, city, prefix] = faker.helpers.arrayElement(PLACES)
    const [first, last] = [faker.person.firstName(), faker.person.lastName()]
    const name = `${faker.company.name().replace(/ (?:Inc|LLC|Group)$/, '')} ${faker.helpers.arrayElement(['Ltd', 'GmbH', 'BV', 'SA', 'Inc'])}`
    const domain = name.toLowerCase().replaceAll(/[^a-z]+/g, '-')
    return {
      customer_id: `C-${1001 + index}`,
      name,
      contact_name: `${first} ${last}`,
      phone: `${prefix}${faker.string.numeric(prefix.startsWith('+1 ') ? 2 : 3)}`,
      email: `${first}.${last}`.toLowerCase().replaceAll(/[^a-z.]/g, '') + `@${domain}.example`,
      address_line: faker.location.streetAddress(),
      city,
      postal_code: faker.string.numeric(5),
      country,
    }
  })
}
