/** Why an agent may work at all, and for whom. */
export type UseCase = { readonly id: string; readonly title: string; readonly owner: string; readonly purpose: string; readonly groups: readonly string[] }

/** Who may work on what: supplied by the policy bundle. Pure, and the same for as long as the bundle is. */
export type Directory = {
  /** All there are, whoever they are assigned to. */
  readonly useCases: readonly UseCase[]
  /** The use cases assigned to any of these groups; none for groups nobody knows. */
  readonly useCasesOf: (groups: readonly string[]) => readonly UseCase[]
  /** The customer accounts that go with these groups; none for groups nobody knows. */
  readonly accountsOf: (groups: readonly string[]) => readonly string[]
}
