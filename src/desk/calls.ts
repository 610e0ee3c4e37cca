import type { FastifyInstance } from 'fastify'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { CALLS, JOURNAL_LINES_MAX } from '../contract/console.ts'
import { nextStepOf, type Refusal, refusal, titleOf } from '../model/refusal.ts'
import { clearCookie, setCookie } from './cookie.ts'
import type { Act, Desk, JournalTail, SignedIn } from './desk.ts'
import { lineOf, unnamedIn } from './line.ts'
import { router } from './route.ts'

/** Every call of the contract, handed to the house. */
export function answerCalls(scope: FastifyInstance, desk: Desk): void {
  const { forAnyone, forSignedIn } = router(scope, desk)

  forAnyone(CALLS.signIn, async ({ input, source, correlation, reply }) => {
    const signedIn = await desk.signIn({ ...input, source, correlation })
    if (signedIn.ok) setCookie(reply, desk.origin(), signedIn.value.cookie, signedIn.value.maxAgeSeconds)
    return onto(signedIn, ({ viewer }: SignedIn) => viewer)
  })
  forAnyone(CALLS.setPassphrase, ({ input, source, correlation }) => desk.setPassphrase({ ...input, source, correlation }))
  forSignedIn(CALLS.signOut, async ({ cookie, act, reply }) => {
    const out = await desk.signOut(cookie, act)
    if (out.ok) clearCookie(reply, desk.origin())
    return onto(out, nothing)
  })
  forSignedIn(CALLS.confirm, ({ input, cookie, source, correlation }) => desk.confirm({ ...input, cookie, source, correlation }))
  forSignedIn(CALLS.me, async ({ viewer }) => done(viewer))

  forSignedIn(CALLS.pilot, ({ act }) => desk.pilot(act))
  forSignedIn(CALLS.changes, ({ act }) => desk.changes(act))
  forSignedIn(CALLS.decideChange, ({ id, input, act }) => desk.decideChange({ id, ...input }, act))
  forSignedIn(CALLS.drafts, ({ act }) => desk.drafts(act))
  forSignedIn(CALLS.showDraft, ({ id, act }) => desk.showDraft(id, act))
  forSignedIn(CALLS.sessions, ({ act }) => desk.sessions(act))
  forSignedIn(CALLS.revokeSession, async ({ id, input, act }) => onto(await desk.revokeSession({ id, ...input }, act), nothing))

  forSignedIn(CALLS.journal, async ({ input, act }) => {
    const limit = Math.min(Number(input.limit), JOURNAL_LINES_MAX)
    const tail = await desk.journalTail({ from: input.from === undefined ? null : Number(input.from), limit }, act)
    return tail.ok ? done(await readable(tail.value, desk)) : tail
  })
  forSignedIn(CALLS.receipt, async ({ id, act }) =>
    /^\d{1,15}$/.test(id) ? desk.receipt(Number(id), act) : refuse(refusal('malformed_request', 'the index of an entry is a whole number')),
  )
  forSignedIn(CALLS.refusal, ({ id, act }) => refusalOf(id, act, desk))
  forSignedIn(CALLS.requestAccess, async ({ id, input, act }) => {
    const requested = await desk.requestAccess({ about: id, ...input }, act)
    return requested.ok ? refusalOf(id, act, desk) : requested
  })

  forSignedIn(CALLS.requests, ({ act }) => desk.requests(act))
  forSignedIn(CALLS.answerRequest, ({ id, input, act }) => desk.answerRequest({ id, ...input }, act))

  forSignedIn(CALLS.link, ({ id, act }) => desk.pendingSession(id, act))
  forSignedIn(CALLS.grantSession, async ({ id, input, act }) => onto(await desk.decideSession({ userCode: id, decision: 'grant', ...input }, act), nothing))
  forSignedIn(CALLS.denySession, async ({ id, act }) => onto(await desk.decideSession({ userCode: id, decision: 'deny' }, act), nothing))
  forSignedIn(CALLS.devices, ({ act }) => desk.devices(act))
  forSignedIn(CALLS.revokeDevice, async ({ id, input, act }) => onto(await desk.revokeDevice({ id, ...input }, act), nothing))
  forSignedIn(CALLS.inviteDevice, ({ act }) => desk.inviteDevice(act))
}

const onto = <T, U>(outcome: Outcome<T, Refusal>, change: (value: T) => U): Outcome<U, Refusal> => (outcome.ok ? done(change(outcome.value)) : outcome)
const nothing = () => ({})

async function readable({ items, ...head }: JournalTail, desk: Desk) {
  const names = await desk.names(unnamedIn(items))
  return { ...head, lines: items.map((item) => lineOf(item, names)).toSorted((a, b) => b.index - a.index) }
}

async function refusalOf(correlation: string, act: Act, desk: Desk) {
  return onto(await desk.refusal(correlation, act), (found) => ({ ...found, correlation, title: titleOf(found.code), next: nextStepOf(found.code) }))
}
