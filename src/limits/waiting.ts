import { type Brand, mint } from '../base/brand.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { turns } from '../base/turns.ts'
import type { Session } from '../model/principal.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import type { Reserved } from './reserve.ts'

/** A paid-for ask that may put one more proposal before the approvers. */
export type Proposable = Brand<{ readonly reserved: Reserved }, 'Proposable'>

/** How many proposals may wait for a decision at once: of one session, and of one person over all their sessions. */
export type WaitingLimits = { readonly waitingPerSession: number; readonly waitingPerPerson: number }

/**
 * Does the work with leave to propose, or with why there is none: `too_many_waiting`, or what the count refuses. One after another
 * for each person, until the work is done: two at once would both find the last place free.
 */
export type InTurn = <T>(reserved: Reserved, work: (leave: Outcome<Proposable, Refusal>) => Promise<T>) => Promise<T>

/** `undecided`: proposals nobody has decided, counted by the store. Several gates on one store may go over by one each. */
export function waitingCap(
  limits: WaitingLimits,
  undecided: (session: Session) => Promise<Outcome<{ readonly session: number; readonly person: number }, Refusal>>,
): InTurn {
  const turn = turns()
  const leave = async (reserved: Reserved): Promise<Outcome<Proposable, Refusal>> => {
    const count = await undecided(reserved.permit.caller.session)
    if (!count.ok) return count
    if (count.value.session >= limits.waitingPerSession) return refuse(tooMany(count.value.session, 'this session'))
    if (count.value.person >= limits.waitingPerPerson) return refuse(tooMany(count.value.person, "this person's agents"))
    return done(mint<Proposable>({ reserved }))
  }
  return (reserved, work) => turn(reserved.permit.caller.session.person, async () => work(await leave(reserved)))
}

/** No time to wait is told: it is for people to decide. */
const tooMany = (count: number, whose: string): Refusal =>
  refusal('too_many_waiting', `${count} proposals of ${whose} wait for a decision already, and no more may`)
