import { type Brand, mint } from '../base/brand.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Argument, type Catalogue, fieldOf, type Operation } from '../catalogue/pack.ts'
import type { DraftStore } from '../changes/draft.ts'
import type { Connector } from '../connectors/connector.ts'
import type { Record as JournalRecord } from '../journal/record.ts'
import { TOKEN, type Tokens } from '../mask/token.ts'
import { ERASED } from '../model/erased.ts'
import { holds } from '../model/predicate.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { DRAFT } from './prepare.ts'

/** A draft as its person sees it: clear values, on a screen only. */
export type Shown = Brand<
  {
    readonly form: 'label' | 'letter'
    readonly title: string
    readonly fields: readonly { readonly label: string; readonly value: string }[]
    readonly text: string
  },
  'Shown'
>

export type Showing = {
  readonly catalogue: Catalogue
  readonly drafts: DraftStore
  readonly connectors: Readonly<Record<string, Connector>>
  readonly tokensOf: (session: string) => Tokens
  /** The accounts a person may see now, not when the draft was made. */
  readonly accountsOf: (person: string) => Promise<readonly string[]>
  readonly record: JournalRecord
}

/** A person who signed in at the console and has confirmed within minutes that it is them. */
export type Viewer = { readonly person: string; readonly confirmed: boolean }

/** Resolves a draft for its own person. Refuses `confirmation_needed`, `not_found` (also another's), and what the source or journal refuse. */
export async function show(showing: Showing, id: string, viewer: Viewer, correlation: string): Promise<Outcome<Shown, Refusal>> {
  const draft = await showing.drafts.find(id)
  const entry = { person: viewer.person, correlation, detail: { draft: id } }
  const no = async (said: Refusal): Promise<Outcome<never, Refusal>> => {
    const receipt = await showing.record({ kind: 'draft.refused', outcome: said.code, ...entry })
    return refuse(receipt.ok ? said : receipt.refusal)
  }
  if (draft?.person !== viewer.person) return no(refusal('not_found', 'there is no such draft of yours'))
  if (draft.sealed === ERASED) return no(refusal('not_found', 'what this draft said was erased'))
  if (!viewer.confirmed) return no(refusal('confirmation_needed', 'clear values are shown after you confirm that it is you'))

  const operation = showing.catalogue.operations[draft.operation]
  const connector = operation && showing.connectors[operation.system]
  if (!operation?.form || !connector) return no(refusal('not_found', 'the operation that made this draft is gone'))

  const accounts = await showing.accountsOf(viewer.person)
  const { resource } = operation
  const rows = {
    op: 'and',
    all: [
      { op: 'in', field: resource.boundary, values: accounts },
      { op: 'eq', field: resource.key, value: draft.key },
    ],
  } as const
  const read = await connector.read({ resource, fields: [...new Set([...operation.returns, resource.key, resource.boundary])], rows, accounts, limit: 1 })
  if (!read.ok) return no(read.refusal)
  const row = read.value.find((found) => holds(rows, found))
  if (!row) return no(refusal('not_found', 'the record is not among your accounts any more'))

  const receipt = await showing.record({
    kind: 'draft.shown',
    outcome: 'done',
    ...entry,
    session: draft.session,
    operation: draft.operation,
    detail: { draft: id, fields: [...operation.returns] },
  })
  if (!receipt.ok) return receipt
  const fields = operation.returns.map((name) => ({ label: fieldOf(resource, name).describe, value: textual(row[name]) }))
  return done(mint<Shown>({ form: operation.form, title: operation.title, fields, text: textOf(operation, draft.sealed, showing.tokensOf(draft.session)) }))
}

/** The agent's words in the operation's order, a letter's text last, with every token of its session replaced by what it stands for. */
function textOf(operation: Operation, sealed: string, tokens: Tokens): string {
  const opened = tokens.open(DRAFT, sealed)
  if (opened === null) throw new Error('a kept draft does not open: the root key was changed')
  const given = JSON.parse(opened) as { readonly [name: string]: string | number }
  const words = operation.args.filter((arg) => arg.filter === undefined && given[arg.name] !== undefined)
  const long = (arg: Argument): boolean => arg.lengthMax > LINE_LENGTH_MAX
  const lines = words.filter((arg) => !long(arg)).map((arg) => `${arg.describe}: ${given[arg.name]}`)
  const texts = words.filter(long).map((arg) => String(given[arg.name]))
  return [...lines, ...texts].join('\n').replace(TOKEN, (token, entity: string) => tokens.open(entity, token) ?? token)
}

/** A text argument that may be longer is the letter itself, not a line of it. */
const LINE_LENGTH_MAX = 500

const textual = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '')
