import type { CustomerRow } from '../rows.ts'
import type { Field } from './fields.ts'
import { textOf } from './join.ts'
import type { Typed } from './typed.ts'

/** Fields that agents see in clear and that no one looks a shipment up by its number with. */
const SHOWN = ['origin', 'destination', 'carrier', 'mode', 'item'] as const satisfies readonly Field[]
/** What says whose shipment it is; an agent sees none of it. */
const NAMING = ['customer', 'contact_name', 'phone', 'email', 'address_line'] as const satisfies readonly Field[]
/** Shorter names are found only where they are all that a cell says: in a longer text they may mean anything. */
const WITHIN_MIN = 4

/**
 * The row without the shown cells that name its customer: a destination that is the customer's own name would tell from the field beside it what is
 * masked. `withheld`: the fields those cells would have filled.
 */
export function withhold(typed: Typed, customer: CustomerRow): { readonly shown: Typed; readonly withheld: readonly Field[] } {
  const own = [customer.name, customer.contact_name, customer.phone, customer.email, customer.address_line, ...NAMING.map((field) => textOf(typed, field))]
  const names = [...new Set(own.flatMap((name) => (name === null ? [] : [plain(name)])))].filter((name) => name !== '')
  const account = plain(customer.customer_id)
  const tells = (text: string): boolean => text === account || names.some((name) => text === name || (name.length >= WITHIN_MIN && text.includes(name)))
  const withheld = SHOWN.filter((field) => {
    const text = textOf(typed, field)
    return text !== null && tells(plain(text))
  })
  return withheld.length === 0
    ? { shown: typed, withheld }
    : { shown: new Map([...typed].filter(([field]) => !withheld.some((one) => one === field))), withheld }
}

const plain = (text: string): string => text.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim()
