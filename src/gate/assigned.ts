import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Directory, UseCase } from '../identity/directory.ts'
import { type Refusal, type Rule, refusal } from '../model/refusal.ts'

/** The use case, when one of the groups has it. Refuses `use_case_not_assigned`, in the name of its owner; where there is no such use case there is nobody to name. */
export function assigned({ useCases, useCasesOf }: Directory, groups: readonly string[], id: string): Outcome<UseCase, Refusal> {
  const mine = useCasesOf(groups).find((one) => one.id === id)
  if (mine !== undefined) return done(mine)
  const other = useCases.find((one) => one.id === id)
  const detail = 'this use case is not among those assigned to you'
  return refuse(refusal('use_case_not_assigned', detail, other === undefined ? {} : { rule: ruleFor(other) }))
}

/** An assignment as people know it: a rule of whoever owns the use case. */
const ruleFor = ({ id, owner, groups }: UseCase): Rule => ({
  id: 'use-case-assignment',
  owner,
  reason: `use case \`${id}\` is assigned to people of ${groups.join(', ')}`,
})
