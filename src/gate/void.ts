import type { Change } from '../changes/change.ts'
import type { ChangeStore } from '../changes/change-store.ts'
import { transition } from '../changes/transition.ts'
import type { Record } from '../journal/record.ts'

/** Revoking a session voids every change of it that is not applied. Answers how many; throws when the store cannot be reached. */
export async function voidChanges(house: { readonly changes: ChangeStore; readonly record: Record }, session: string): Promise<number> {
  let count = 0
  for (const found of await house.changes.ofSession(session)) {
    const change = await voidOne(house.changes, found)
    if (!change) continue
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

/** The change, voided; null when it had ended or begun. Another may decide it in between: then it is looked at again, as it is now. */
async function voidOne(changes: ChangeStore, found: Change): Promise<Change | null> {
  for (let change: Change | null = found, tries = 0; change !== null && tries < TRIES_MAX; tries++) {
    // What a person typed is theirs and the console's: the agent reads a change's outcome.
    const voided = transition(change, { event: 'void', why: 'its session was revoked' })
    if (!voided.ok) return null
    if (await changes.move(voided.value, change.state, change.version)) return voided.value
    change = await changes.find(change.id)
  }
  return null
}

/** A change moves a few times in its life: who loses this often looks at one that somebody else keeps moving. */
const TRIES_MAX = 5
