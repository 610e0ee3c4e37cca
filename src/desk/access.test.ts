import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FreshJournal, freshJournal } from '../../test/support/journal.ts'
import { refuse } from '../base/outcome.ts'
import { readTail } from '../journal/tail.ts'
import { refusal } from '../model/refusal.ts'
import { readDirectory } from '../policy/directory.ts'
import { type AccessHouse, answerRequest, refusalFor, requestAccess, requestsFor } from './access.ts'
import type { AccessRequest } from './access-requests.ts'
import type { Viewer } from './desk.ts'

const { directory } = readDirectory(
  'usecases.yaml',
  `useCases:
  care: { title: Customer care, owner: Head of Care, purpose: answer customers, groups: [support], approvers: [leads], exposure: { subject: 1, price: 0 } }
  stock: { title: Stock taking, owner: Head of Stock, purpose: count what is there, groups: [hall], approvers: [hall-leads], exposure: { subject: 1, price: 0 } }
groups: {}`,
)
const person = (id: string, groups: readonly string[], isApprover = false): Viewer => ({
  person: id,
  name: id,
  groups: [...groups],
  isApprover,
  signedInAt: 0,
  confirmedAt: 0,
})
const ANNA = person('anna', ['support'])
const MIRA = person('mira', ['support'])
const ERIK = person('erik', ['leads'], true)
const HILDE = person('hilde', ['hall-leads'], true)
const by = (viewer: Viewer, correlation = 'cor-act') => ({ viewer, correlation })
const RULE = { rule: 'care.no-prices', owner: 'Petra Holm', reason: 'prices are for finance' }

/** Refusals that differ from cor-4 in one thing each. */
const OTHERS = [
  ['cor-6', 'care', 'use-case-assignment', 'anna'],
  ['cor-7', 'stock', 'stock.no-nights', 'anna'],
  ['cor-8', 'stock', 'use-case-assignment', 'mira'],
] as const

let journal: FreshJournal
let held: Map<string, AccessRequest>
let house: AccessHouse
beforeAll(async () => {
  journal = await freshJournal()
  const { record } = journal.journal
  await record({ kind: 'ask.refused', outcome: 'forbidden', person: 'anna', session: 'ses-care', operation: 'getOrder', correlation: 'cor-1', detail: RULE })
  await record({ kind: 'ask.refused', outcome: 'forbidden', person: 'anna', session: 'ses-gone', operation: 'getOrder', correlation: 'cor-2', detail: RULE })
  const assignment = { useCase: 'stock', rule: 'use-case-assignment', owner: 'Head of Stock', reason: 'use case `stock` is assigned to people of hall' }
  await record({ kind: 'session.refused', outcome: 'use_case_not_assigned', person: 'anna', device: 'd', correlation: 'cor-4', detail: assignment })
  await record({ kind: 'session.refused', outcome: 'use_case_not_assigned', person: 'anna', device: 'd', correlation: 'cor-5', detail: assignment })
  for (const [correlation, useCase, rule, who] of OTHERS)
    await record({ kind: 'session.refused', outcome: 'use_case_not_assigned', person: who, device: 'd', correlation, detail: { ...assignment, useCase, rule } })
  await record({ kind: 'ask.refused', outcome: 'rate_limited', person: 'anna', session: 'ses-care', operation: 'getOrder', correlation: 'cor-3' })
})
afterAll(() => journal.close())
beforeEach(() => {
  held = new Map()
  let made = 0
  house = {
    entries: journal.store,
    requests: {
      add: async (request) => {
        if (![...held.values()].some(({ correlation }) => correlation === request.correlation)) held.set(request.id, { ...request, answered: null })
      },
      ofRefusal: async (correlation) => [...held.values()].find((one) => one.correlation === correlation) ?? null,
      openOf: async (about) =>
        [...held.values()].find((one) => one.answered === null && one.person === about.person && one.useCase === about.useCase && one.rule === about.rule) ??
        null,
      find: async (id) => held.get(id) ?? null,
      shownTo: async (who) => {
        const shown = [...held.values()].filter(
          (one) => one.person === who.person || (one.useCase === null ? who.withoutUseCase : who.useCases.includes(one.useCase)),
        )
        return { open: shown.filter(({ answered }) => answered === null), answered: shown.filter(({ answered }) => answered !== null) }
      },
      answer: async (id, given) => {
        const request = held.get(id)
        if (request === undefined || request.answered !== null) return false
        held.set(id, { ...request, answered: given })
        return true
      },
    },
    record: journal.journal.record,
    directory,
    useCaseOf: async (session) => (session === 'ses-care' ? 'care' : null),
    nameOf: async (id) => id.toUpperCase(),
    newId: () => `acr-${++made}`,
    clock: () => 1000,
  }
})
const newest = async () => (await readTail(journal.store, 'end', 1)).map((line) => ('entry' in line ? line.entry : null))[0]
const size = async () => (await journal.store.head()).size

describe('a refusal', () => {
  it('is read by its person and by approvers, with rule, owner and reason, and by nobody else', async () => {
    const seen = { code: 'forbidden', detail: RULE.reason, operation: 'getOrder', rule: { id: RULE.rule, owner: RULE.owner, reason: RULE.reason } }
    expect(await refusalFor(house, 'cor-1', ANNA)).toMatchObject({ value: { ...seen, mayRequest: true, requestedAt: null, answered: null } })
    expect(await refusalFor(house, 'cor-1', ERIK)).toMatchObject({ value: { ...seen, mayRequest: false } })
    for (const [about, viewer] of [
      ['cor-1', MIRA],
      ['cor-none', ANNA],
    ] as const)
      expect(await refusalFor(house, about, viewer)).toMatchObject({ refusal: { code: 'not_found', detail: 'there is no such refusal of yours' } })
  })
})

describe('a request for access', () => {
  it('is recorded, kept with its use case, and once for each refusal', async () => {
    expect((await requestAccess(house, 'cor-1', 'a dispute', by(ANNA))).ok).toBe(true)
    expect(await newest()).toMatchObject({ kind: 'access.requested', person: 'anna', detail: { about: 'cor-1', rule: RULE.rule, owner: RULE.owner } })
    const before = await size()
    expect((await requestAccess(house, 'cor-1', 'again', by(ANNA))).ok).toBe(true)
    expect([...held.values()]).toEqual([expect.objectContaining({ useCase: 'care', note: 'a dispute', askedAt: 1000, answered: null })])
    expect(await size()).toBe(before)
  })

  it('is not made again of another refusal by the same rule for the same use case while it is open, and is shown there', async () => {
    await requestAccess(house, 'cor-4', 'counting on Monday', by(ANNA))
    const before = await size()
    expect(await refusalFor(house, 'cor-5', ANNA)).toMatchObject({ value: { requestedAt: 1000, answered: null } })
    expect(await requestAccess(house, 'cor-5', 'counting on Tuesday', by(ANNA))).toEqual({ ok: true, value: null })
    expect([await size(), [...held.keys()]]).toEqual([before, ['acr-1']])
    expect((await answerRequest(house, 'acr-1', 'no', by(HILDE))).ok).toBe(true)
    expect(await refusalFor(house, 'cor-5', ANNA)).toMatchObject({ value: { requestedAt: null } })
    expect((await requestAccess(house, 'cor-5', 'counting on Tuesday', by(ANNA))).ok).toBe(true)
    expect([...held.values()].map(({ correlation }) => correlation)).toEqual(['cor-4', 'cor-5'])
  })

  it('is one of its own about another use case, another rule, or by another person', async () => {
    await requestAccess(house, 'cor-4', 'counting on Monday', by(ANNA))
    for (const [correlation, , , who] of OTHERS) await requestAccess(house, correlation, 'please', by(who === 'mira' ? MIRA : ANNA))
    expect([...held.values()].map(({ correlation }) => correlation)).toEqual(['cor-4', 'cor-6', 'cor-7', 'cor-8'])
  })

  it.each([
    ['where no rule refused', 'cor-3', ANNA, 'forbidden'],
    ["about another's agent, by an approver", 'cor-1', ERIK, 'forbidden'],
    ["about another's agent, by anybody", 'cor-1', MIRA, 'not_found'],
  ] as const)('%s is refused, and nothing is recorded or kept', async (_what, about, viewer, code) => {
    const before = await size()
    expect(await requestAccess(house, about, 'please', by(viewer))).toMatchObject({ refusal: { code } })
    expect([await size(), held.size]).toEqual([before, 0])
  })

  it('is not kept when the journal cannot be written', async () => {
    const down = { ...house, record: async () => refuse(refusal('journal_unavailable', 'the journal cannot be written')) }
    expect(await requestAccess(down, 'cor-1', 'please', by(ANNA))).toMatchObject({ refusal: { code: 'journal_unavailable' } })
    expect(held.size).toBe(0)
  })

  it('is shown to who asked and to approvers of its use case; one whose use case is not known to every approver', async () => {
    await requestAccess(house, 'cor-1', 'please', by(ANNA))
    await requestAccess(house, 'cor-2', 'please', by(ANNA))
    const shown = async (viewer: Viewer) => (await requestsFor(house, viewer)).open.map(({ correlation, mayAnswer }) => [correlation, mayAnswer])
    expect(await shown(ANNA)).toEqual([
      ['cor-1', false],
      ['cor-2', false],
    ])
    expect(await shown(ERIK)).toEqual([
      ['cor-1', true],
      ['cor-2', true],
    ])
    expect(await shown(HILDE)).toEqual([['cor-2', true]])
    expect(await shown(MIRA)).toEqual([])
  })

  it('about a use case is for who approves that use case, though no session was opened for it', async () => {
    expect(await refusalFor(house, 'cor-4', ANNA)).toMatchObject({
      value: { code: 'use_case_not_assigned', rule: { owner: 'Head of Stock' }, mayRequest: true },
    })
    expect((await requestAccess(house, 'cor-4', 'counting on Monday', by(ANNA))).ok).toBe(true)
    expect([...held.values()]).toMatchObject([{ useCase: 'stock', operation: '', rule: 'use-case-assignment', owner: 'Head of Stock' }])
    expect((await requestsFor(house, HILDE)).open).toMatchObject([{ correlation: 'cor-4', mayAnswer: true }])
    expect((await requestsFor(house, ERIK)).open).toEqual([])
  })

  it('is answered once, recorded with who asked, and its person reads the answer where they were refused', async () => {
    await requestAccess(house, 'cor-1', 'please', by(ANNA))
    const said = { byName: 'ERIK', at: 1000, answer: 'from Monday on' }
    expect(await answerRequest(house, 'acr-1', 'from Monday on', by(ERIK))).toMatchObject({ value: { mayAnswer: false, answered: said } })
    expect(await newest()).toMatchObject({
      kind: 'access.answered',
      outcome: 'done',
      person: 'erik',
      detail: { about: 'cor-1', rule: RULE.rule, asker: 'anna' },
    })
    expect(await refusalFor(house, 'cor-1', ANNA)).toMatchObject({ value: { answered: said } })
    const before = await size()
    expect(await answerRequest(house, 'acr-1', 'no, never', by(ERIK))).toMatchObject({ value: { answered: said } })
    expect(await size()).toBe(before)
  })

  it.each([
    ['its own person', ANNA, 'forbidden'],
    ['somebody who approves nothing', MIRA, 'not_found'],
    ['an approver of another use case', HILDE, 'not_found'],
  ] as const)('is not answered by %s, and nothing is recorded', async (_who, viewer, code) => {
    await requestAccess(house, 'cor-1', 'please', by(ANNA))
    const before = await size()
    expect(await answerRequest(house, 'acr-1', 'granted!', by(viewer))).toMatchObject({ refusal: { code } })
    expect([await size(), held.get('acr-1')?.answered]).toEqual([before, null])
  })

  it('stays open when the journal cannot be written', async () => {
    await requestAccess(house, 'cor-1', 'please', by(ANNA))
    const down = { ...house, record: async () => refuse(refusal('journal_unavailable', 'the journal cannot be written')) }
    expect(await answerRequest(down, 'acr-1', 'yes', by(ERIK))).toMatchObject({ refusal: { code: 'journal_unavailable' } })
    expect(held.get('acr-1')?.answered).toBeNull()
  })
})
