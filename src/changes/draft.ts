import type { Outcome } from '../base/outcome.ts'
import type { Refusal } from '../model/refusal.ts'

/** A label or letter an agent prepared: shown resolved to its person, in the console, after confirming it is them. */
export type Draft = {
  readonly id: string
  readonly session: string
  readonly person: string
  readonly useCase: string
  readonly operation: string
  readonly key: string
  /** The agent's arguments with their tokens, sealed under the session's key. */
  readonly sealed: string
  readonly createdAt: number
  /** Whose record it is about, where it is made: not kept. */
  readonly account?: string
}

/** Durable on return. While the store cannot be reached `keep` refuses `store_unavailable`, and the rest throws. */
export type DraftStore = {
  readonly keep: (draft: Draft) => Promise<Outcome<null, Refusal>>
  readonly find: (id: string) => Promise<Draft | null>
  readonly ofPerson: (person: string, limit: number) => Promise<readonly Draft[]>
}
