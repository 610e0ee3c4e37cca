/** A person asked for what a rule refused their agent. `note` is theirs, word for word; times are milliseconds since the epoch. */
export type AccessRequest = {
  readonly id: string
  readonly person: string
  /** Of the refusal. */
  readonly correlation: string
  /** Empty when the refusal named none. */
  readonly operation: string
  /** Of the session that was refused; null where that is not known. */
  readonly useCase: string | null
  readonly rule: string
  readonly owner: string
  readonly note: string
  readonly askedAt: number
  readonly answered: { readonly by: string; readonly at: number; readonly answer: string } | null
}

/** Whose requests: one's own, those of the use cases one decides and, if `withoutUseCase`, those of none. */
export type Shown = { readonly person: string; readonly useCases: readonly string[]; readonly withoutUseCase: boolean }

/** Where requests for access stand: a port. Durable on return; each call is one statement; throws when the store cannot be reached. */
export type AccessRequests = {
  /** Once for each refusal, and while one is open once for its person, use case and rule: a second changes nothing. */
  readonly add: (request: Omit<AccessRequest, 'answered'>) => Promise<void>
  readonly ofRefusal: (correlation: string) => Promise<AccessRequest | null>
  /** The one that nobody answered yet. */
  readonly openOf: (about: Pick<AccessRequest, 'person' | 'useCase' | 'rule'>) => Promise<AccessRequest | null>
  readonly find: (id: string) => Promise<AccessRequest | null>
  /** Open: oldest first. Answered: newest first. At most `limit` of each. */
  readonly shownTo: (who: Shown, limit: number) => Promise<{ readonly open: readonly AccessRequest[]; readonly answered: readonly AccessRequest[] }>
  /** True for the one answer that counted: the first. */
  readonly answer: (id: string, given: { readonly by: string; readonly at: number; readonly answer: string }) => Promise<boolean>
}
