import type { Brand } from '../base/brand.ts'
import { mint } from '../base/brand.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { type InputSchema, inputSchema } from './input.ts'
import type { Catalogue, Operation } from './pack.ts'

export type Input = Readonly<Record<string, string | number>>

/** One request of a session, parsed against the catalogue: an operation that exists, arguments it takes, tokens opened. */
export type Ask = Brand<
  {
    readonly operation: Operation
    /** Arguments with tokens opened: what the source is asked with. May hold personal values; never journalled. */
    readonly input: Input
    /** Arguments as the agent gave them: open values and tokens only. */
    readonly given: Input
    /** Key of the last row already seen, or null. */
    readonly after: string | null
    readonly limit: number
  },
  'Ask'
>

/** Opens a token of the session that asks; null when it is not one. */
export type OpenReference = (entity: string, token: string) => string | null

export type ParseAsk = (name: string, input: unknown, open: OpenReference) => Outcome<Ask, Refusal>

/** The entity of cursors: sealed like any token, so that a cursor is for one session and cannot be made up. */
export const CURSOR = 'nxt'

/** Refuses `unknown_operation`, `invalid_input`, `reference_meaningless`. */
export function askParser(catalogue: Catalogue): ParseAsk {
  const schemas = new Map<string, InputSchema>(Object.values(catalogue.operations).map((operation) => [operation.name, inputSchema(operation)]))
  return (name, raw, open) => {
    const operation = Object.hasOwn(catalogue.operations, name) ? catalogue.operations[name] : undefined
    const schema = schemas.get(name)
    if (!operation || !schema) return refuse(refusal('unknown_operation', `there is no operation \`${name.slice(0, 60)}\``))

    const read = schema.safeParse(raw)
    if (!read.success) return refuse(refusal('invalid_input', read.error.issues.slice(0, 5).map(sentence).join('; ')))
    const { cursor, limit } = read.data

    const given: Record<string, string | number> = {}
    const input: Record<string, string | number> = {}
    for (const arg of operation.args) {
      const value = read.data[arg.name]
      if (value === undefined) continue
      given[arg.name] = value
      const opened = arg.type === 'token' ? open(arg.entity ?? '', String(value)) : value
      if (opened === null) return refuse(refusal('reference_meaningless', `\`${arg.name}\` is not a token from an answer of this session`))
      input[arg.name] = opened
    }
    const after = typeof cursor === 'string' ? open(CURSOR, cursor) : null
    if (cursor !== undefined && !after?.startsWith(`${name}\n`))
      return refuse(refusal('reference_meaningless', '`cursor` is not one of this operation in this session'))

    const rows = typeof limit === 'number' ? limit : operation.rowsMax
    return done(mint<Ask>({ operation, input, given, after: after?.slice(name.length + 1) ?? null, limit: rows }))
  }
}

function sentence(issue: { readonly path: readonly PropertyKey[]; readonly message: string }): string {
  const where = issue.path.length > 0 ? `\`${issue.path.join('.')}\`: ` : ''
  return `${where}${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`
}
