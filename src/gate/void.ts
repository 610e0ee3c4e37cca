import type { ChangeStore } from '../changes/change-store.ts'
import { transition } from '../changes/transition.ts'
import type { Record } from '../journal/record.ts'

/** Revoking a session voids every change of it that is not applied. Answers how many; throws when the store cannot be reached. */
export async function voidChanges(house: { readonly changes: ChangeStore; readonly record: Record }, session: string, why: string): Promise<number> {
  let count = 0
  for (const change of await house.changes.ofSession(session)) {
    const voided = transition(change, { event: 'void', why })
    if (!voided.ok || !(await house.changes.move(voided.value, change.state, change.version))) continue
    await house.record({
      kind: 'change.voided',
      outcome: 'done',
      session,
      person: change.person,
      operation: change.operation,
      detail: { change: change.id, version: change.version },
    })
    count++
  }
  return count
}
