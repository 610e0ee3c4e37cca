import type { FieldClass } from '../model/field-class.ts'

export type FieldType = 'text' | 'integer' | 'decimal' | 'date' | 'instant' | 'flag'

export type Field = {
  readonly name: string
  /** The source's own name of it: never seen by an agent. */
  readonly column: string
  readonly type: FieldType
  readonly class: FieldClass
  readonly describe: string
  /** Prefix of the session's tokens for this value (`cus`), when it may be covered by a token. */
  readonly refers?: string
}

/** What may be asked about. `boundary` says whose row it is: without one a pack does not load. */
export type Resource = {
  readonly system: string
  readonly name: string
  readonly relation: string
  readonly key: string
  readonly boundary: string
  /** What the boundary holds: a customer account of the session, or the session itself (for what the house keeps of it). */
  readonly confinedTo: 'account' | 'session'
  /** Whom a row is about: distinct values are what an exposure budget counts. */
  readonly subject: string
  readonly fields: Readonly<Record<string, Field>>
}

/** `token`: one from an answer of the same session, opened by the gate; `entity` is its prefix. */
export type Argument = {
  readonly name: string
  readonly type: 'text' | 'integer' | 'date' | 'choice' | 'token'
  readonly required: boolean
  readonly describe: string
  readonly choices: readonly string[]
  readonly lengthMax: number
  readonly min?: number
  readonly max?: number
  readonly entity?: string
  /** Taken when the argument is not given: it narrows as if it had been. */
  readonly default?: string
  /** The rows it narrows to. Without it the argument is for a change or a draft. */
  readonly filter?: { readonly field: string; readonly op: 'eq' | 'gte' | 'lte' }
}

/** `read` answers rows; `propose` makes a change request; `draft` makes a label or letter a person sees resolved. */
export type OperationKind = 'read' | 'propose' | 'draft'

export type Operation = {
  readonly system: string
  readonly name: string
  readonly kind: OperationKind
  readonly title: string
  readonly describe: string
  readonly resource: Resource
  readonly cardinality: 'one' | 'many'
  readonly args: readonly Argument[]
  /** At least one of these must be given: a list is never the whole table. */
  readonly anyOf: readonly string[]
  /** Fields an answer may hold, in this order; for a draft, those the person sees. */
  readonly returns: readonly string[]
  readonly rowsMax: number
  /** Cost units: `base` per ask and `perRow` for each row it may return. */
  readonly cost: { readonly base: number; readonly perRow: number }
  /** Asks a session may make: `burst` at once, then `perMinute`. */
  readonly rate: { readonly perMinute: number; readonly burst: number }
  /** For `propose`: field to set -> argument that gives it, and whether it can be undone. */
  readonly sets: Readonly<Record<string, string>>
  readonly reversibility: 'reversible' | 'compensable' | 'final'
  /** For `draft`: what is made, and the argument that holds the agent's text. */
  readonly form: 'label' | 'letter' | null
}

export type Catalogue = {
  readonly resources: Readonly<Record<string, Resource>>
  readonly operations: Readonly<Record<string, Operation>>
}

/** The field of a resource that is known to exist: packs are checked at load. */
export function fieldOf(resource: Resource, name: string): Field {
  const field = Object.hasOwn(resource.fields, name) ? resource.fields[name] : undefined
  if (!field) throw new Error(`${resource.name} has no field ${name}`)
  return field
}
