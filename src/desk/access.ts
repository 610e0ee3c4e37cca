import type { Clock } from '../base/clock.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { CallAnswer } from '../contract/console.ts'
import type { EntryStore } from '../journal/entry-store.ts'
import type { Record } from '../journal/record.ts'
import { type Refusal, refusal, titleOf } from '../model/refusal.ts'
import type { Directory } from '../policy/directory.ts'
import type { AccessRequest, AccessRequests } from './access-requests.ts'
import type { Act, Desk, Viewer } from './desk.ts'
import { type RefusedItem, refusedUnder } from './reading.ts'

/** What refusals and requests for access are judged with. Ports throw when their store is away. */
export type AccessHouse = {
  readonly entries: Pick<EntryStore, 'head' | 'read'>
  readonly requests: AccessRequests
  readonly record: Record
  readonly directory: Pick<Directory, 'useCases' | 'decides'>
  readonly useCaseOf: (session: string) => Promise<string | null>
  readonly nameOf: (person: string) => Promise<string>
  readonly newId: () => string
  readonly clock: Clock
}

type Answered<T> = Promise<Outcome<T, Refusal>>
type RefusalFound = Awaited<ReturnType<Desk['refusal']>> extends Outcome<infer T, Refusal> ? T : never
type RequestView = CallAnswer<'answerRequest'>
const SHOWN_MAX = 200

/** Why something was refused, by which rule and whose, and what was said to a request. Refuses `not_found` alike for absent and another's. */
export async function refusalFor(house: AccessHouse, correlation: string, viewer: Viewer): Answered<RefusalFound> {
  const found = await refusedUnder(house.entries, viewer, correlation)
  if (found === null) return refuse(refusal('not_found', 'there is no such refusal of yours'))
  const { outcome, operation, person, detail } = found.entry
  const { rule, owner, reason } = detail ?? {}
  const named = typeof rule === 'string' && typeof owner === 'string' && typeof reason === 'string' ? { id: rule, owner, reason } : null
  const request = (await house.requests.ofRefusal(correlation)) ?? (named && person !== undefined ? await openAbout(house, found, person, named.id) : null)
  return done({
    code: outcome,
    at: found.at,
    detail: named?.reason ?? titleOf(outcome),
    operation: operation ?? null,
    rule: named,
    mayRequest: named !== null && person === viewer.person,
    requestedAt: request?.askedAt ?? null,
    answered: request === null ? null : await answerOf(house, request),
  })
}

/**
 * Asks for access, once for each refusal; and while a request is open, once for its person, use case and rule, so that one who is refused without end fills no
 * approver's list. Recorded before it is kept. Refuses `forbidden` where no rule refused, or another's agent was.
 */
export async function requestAccess(house: AccessHouse, about: string, note: string, { viewer, correlation }: Act): Answered<null> {
  const found = await refusalFor(house, about, viewer)
  if (!found.ok) return found
  const { rule, operation, mayRequest, requestedAt } = found.value
  if (requestedAt !== null) return done(null)
  if (!mayRequest || rule === null) return refuse(refusal('forbidden', 'there is nobody to ask about this refusal'))
  const useCase = await useCaseIn(house, await refusedUnder(house.entries, viewer, about))
  const { id, owner } = rule
  const who = { person: viewer.person, correlation, ...(operation === null ? {} : { operation }) }
  const receipt = await house.record({ kind: 'access.requested', outcome: 'done', ...who, detail: { about, rule: id, owner } })
  if (!receipt.ok) return receipt
  const asked = { person: viewer.person, correlation: about, operation: operation ?? '', useCase, rule: id, owner, note }
  await house.requests.add({ id: house.newId(), ...asked, askedAt: house.clock() })
  return done(null)
}

/** A person's own requests, and those of the use cases they decide: owners of rules are titles, not people anyone can sign in as. */
export async function requestsFor(house: AccessHouse, viewer: Viewer): Promise<CallAnswer<'requests'>> {
  const useCases = house.directory.useCases.map(({ id }) => id).filter((id) => house.directory.decides(viewer.groups, id))
  const { open, answered } = await house.requests.shownTo({ person: viewer.person, useCases, withoutUseCase: viewer.isApprover }, SHOWN_MAX)
  const views = (some: readonly AccessRequest[]) => Promise.all(some.map((request) => viewOf(house, request, viewer)))
  return { open: await views(open), answered: await views(answered) }
}

/** Answers a request, once: later answers change nothing and are shown the first. It grants nothing. Refuses `not_found`, and `forbidden` for one's own. */
export async function answerRequest(house: AccessHouse, id: string, answer: string, { viewer, correlation }: Act): Answered<RequestView> {
  const request = await house.requests.find(id)
  const mine = request?.person === viewer.person
  if (request === null || !(mine || decides(house, request, viewer))) return refuse(refusal('not_found', 'there is no such request for you'))
  if (mine) return refuse(refusal('forbidden', 'your own request is for somebody else to answer'))
  if (request.answered === null) {
    const { person: asker, operation, correlation: about, rule } = request
    const who = { person: viewer.person, correlation, ...(operation === '' ? {} : { operation }) }
    const receipt = await house.record({ kind: 'access.answered', outcome: 'done', ...who, detail: { about, rule, asker } })
    if (!receipt.ok) return receipt
    await house.requests.answer(id, { by: viewer.person, at: house.clock(), answer })
  }
  const now = await house.requests.find(id)
  if (now === null) throw new Error('a request that was answered is gone')
  return done(await viewOf(house, now, viewer))
}

const openAbout = async (house: AccessHouse, found: RefusedItem, person: string, rule: string): Promise<AccessRequest | null> =>
  house.requests.openOf({ person, rule, useCase: await useCaseIn(house, found) })

/** Of the session that was refused or, where none was opened, the one it was asked for. */
async function useCaseIn(house: AccessHouse, found: RefusedItem | null): Promise<string | null> {
  const { session, detail } = found?.entry ?? {}
  if (session !== undefined) return house.useCaseOf(session)
  return typeof detail?.['useCase'] === 'string' ? detail['useCase'] : null
}

const decides = ({ directory }: AccessHouse, { useCase }: AccessRequest, viewer: Viewer): boolean =>
  useCase === null ? viewer.isApprover : directory.decides(viewer.groups, useCase)

async function viewOf(house: AccessHouse, request: AccessRequest, viewer: Viewer): Promise<RequestView> {
  const { id, correlation, person, operation, useCase, rule, owner, note, askedAt } = request
  return {
    id,
    correlation,
    personName: await house.nameOf(person),
    operation,
    useCase,
    rule: { id: rule, owner },
    note,
    askedAt,
    mayAnswer: request.answered === null && person !== viewer.person && decides(house, request, viewer),
    answered: await answerOf(house, request),
  }
}

const answerOf = async (house: AccessHouse, { answered }: AccessRequest) =>
  answered === null ? null : { byName: await house.nameOf(answered.by), at: answered.at, answer: answered.answer }
