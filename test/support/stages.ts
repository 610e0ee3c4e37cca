import type { Outcome } from '../../src/base/outcome.ts'
import { type Ask, askParser } from '../../src/catalogue/ask.ts'
import type { Connector, Query } from '../../src/connectors/connector.ts'
import { type Fetched, fetcher } from '../../src/connectors/fetch.ts'
import type { Caller } from '../../src/identity/authenticate.ts'
import { type Reserved, reserver } from '../../src/limits/reserve.ts'
import { sessionTokens, type Tokens } from '../../src/mask/token.ts'
import type { Row } from '../../src/model/row.ts'
import { authoriser, type LocalTime, type Permit } from '../../src/policy/authorise.ts'
import type { Bundle } from '../../src/policy/bundle.ts'
import { NOON } from './caller.ts'
import { PACK } from './pack.ts'

export const ROOT_KEY = new Uint8Array(32).fill(7)
export const MONDAY_NOON: LocalTime = { hour: 12, weekday: 1 }

/** The value, where nothing but a value will do. */
export function must<T>(outcome: Outcome<T, unknown>): T {
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.refusal)}`)
  return outcome.value
}

export const tokensOf = (session: string): Tokens => sessionTokens(ROOT_KEY, session)

/** Each stage of an ask by the code that mints it, over the shipped pack or another bundle of policies for it. */
export function askOf(caller: Caller, name: string, input: Record<string, unknown>): Ask {
  return must(askParser(PACK.catalogue)(name, input, tokensOf(caller.session.id).open))
}

export const permitOf = (caller: Caller, name: string, input: Record<string, unknown>, bundle: Bundle = PACK.bundle): Permit =>
  must(authoriser(bundle, PACK.directory.ownerOf)(caller, askOf(caller, name, input), MONDAY_NOON))

export const reservedOf = (permit: Permit): Reserved => must(reserver({ costMax: 1000, costPerMinute: 1000 })(permit, NOON))

/** What a source sent that sends these rows, whatever it is asked. */
export const fetchedOf = async (permit: Permit, rows: readonly Row[]): Promise<Fetched> =>
  must(await fetcher({ [permit.ask.operation.system]: sending(rows) })(reservedOf(permit)))

/** A source that heeds nothing: it sends these rows, more and other than asked for. It keeps what it was asked. */
export function sending(rows: readonly Row[]): Connector & { readonly asked: Query[] } {
  const asked: Query[] = []
  return {
    asked,
    read: async (query) => {
      asked.push(query)
      return { ok: true, value: rows }
    },
  }
}
