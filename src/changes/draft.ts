/** A label or letter an agent prepared: shown resolved to its person, in the console, after confirming it is them. */
export type Draft = {
  readonly id: string
  readonly session: string
  readonly person: string
  readonly useCase: string
  readonly operation: string
  readonly key: string
  /** The agent's arguments with their handles, sealed under the session's key. */
  readonly sealed: string
  readonly createdAt: number
}

/** Durable on return; throws when the store cannot be reached. */
export type DraftStore = {
  readonly keep: (draft: Draft) => Promise<void>
  readonly find: (id: string) => Promise<Draft | null>
  readonly ofPerson: (person: string, limit: number) => Promise<readonly Draft[]>
}
