import { describe, expect, it } from 'vitest'
import { changeOf } from '../../test/support/change.ts'
import { type Change, changeDigest } from '../changes/change.ts'
import { decisionText } from '../changes/decision.ts'
import { proposalGrant } from '../changes/proposal.ts'
import { spell } from '../events/spell.ts'
import { grantText, openDigest } from '../journal/authority-link.ts'
import { ENTRY_KINDS } from '../journal/entry.ts'
import { CHANGE_STATES } from '../model/change-state.ts'
import { approvals, bearsOnChanges } from './approvals.ts'

const change = changeOf()
type Entry = Readonly<Record<string, unknown>>
const proposed = (of: Change = change, over: Entry = {}): Entry => ({
  kind: 'change.proposed',
  person: 'anna',
  session: 's-1',
  digest: changeDigest(of),
  detail: { change: of.id, grant: { links: [linkOf(of)], signature: signed(of) } },
  ...over,
})
/** What the gate signs of a proposal, and a signature that a test can see through. */
const linkOf = (of: Change) => ({ subject: `change:${of.id}`, n: 1, before: null, state: openDigest(proposalGrant(of)) })
const signed = (of: Change): string => `gate over ${grantText('change.proposed', [linkOf(of)])}`
const isGates = (text: string, signature: string): boolean => signature === `gate over ${text}`
const detailOf = (of: Change) => proposed(of)['detail'] as Entry
const decided = (decision: string, by = 'ben', of: Change = change): Entry => ({
  kind: 'change.decided',
  person: by,
  digest: changeDigest(of),
  detail: { change: of.id, decision },
})
const applying: Entry = { kind: 'change.applying', digest: changeDigest(change), detail: { change: change.id } }
const ended = (kind: string): Entry => ({ kind, digest: changeDigest(change), detail: { change: change.id } })
const other = changeOf({ after: { status: 'delivered' } })

const judged = (entries: readonly Entry[], of: Change = change): string => {
  const known = approvals((person, useCase) => ['anna', 'ben', 'eva'].includes(person) && useCase === change.useCase, isGates)
  known.learn(entries.map((entry, index) => ({ index, entry })))
  const verdict = known.judge(of)
  return verdict.ok ? verdict.value : `${verdict.refusal.forGood ? 'never: ' : ''}${verdict.refusal.why}`
}

describe('judge', () => {
  it.each<readonly [string, readonly Entry[], string]>([
    ['approved by another', [proposed(), decided('approve')], 'approved'],
    ['approved twice', [proposed(), decided('approve'), decided('approve', 'eva')], 'approved'],
    ['begun', [proposed(), decided('approve'), applying], 'begun'],
    ['never proposed', [], 'no signed entry proposes this very change'],
    ['approved and never proposed', [decided('approve')], 'no signed entry proposes this very change'],
    ['approved before it was proposed', [decided('approve'), proposed()], 'no signed entry approves it'],
    ['proposed only', [proposed()], 'no signed entry approves it'],
    ['begun and never approved', [proposed(), applying], 'no signed entry approves it'],
    ['rejected', [proposed(), decided('reject')], 'no signed entry approves it'],
    ['rejected after it was approved', [proposed(), decided('approve'), decided('reject', 'eva')], 'never: it was rejected as well as approved'],
    ['approved after it was rejected', [proposed(), decided('reject'), decided('approve', 'eva')], 'never: it was rejected as well as approved'],
    ['decided in a word nobody knows', [proposed(), decided('approve'), decided('APPROVE', 'eva')], 'never: it was rejected as well as approved'],
    ['decided in no word', [proposed(), { ...decided('approve'), detail: undefined }], 'no signed entry approves it'],
    ['approved by its own person', [proposed(), decided('approve', 'anna')], 'never: it was approved by the person whose agent proposed it'],
    ['approved by somebody who decides no such changes', [proposed(), decided('approve', 'zoe')], 'never: who approved it does not decide such changes'],
    ['approved by such a one first', [proposed(), decided('approve', 'zoe'), decided('approve', 'ben')], 'never: who approved it does not decide such changes'],
    [
      'approved by its own person first',
      [proposed(), decided('approve', 'anna'), decided('approve', 'ben')],
      'never: it was approved by the person whose agent proposed it',
    ],
    [
      'proposed again as if by another',
      [proposed(), proposed(change, { person: 'ben', session: 's-2' }), decided('approve', 'anna')],
      'never: it was approved by the person whose agent proposed it',
    ],
    ['another, approved', [proposed(), proposed(other), decided('approve', 'ben', other)], 'no signed entry approves it'],
    [
      'another version, approved',
      [proposed(), proposed(changeOf({ version: 2 })), decided('approve', 'ben', changeOf({ version: 2 }))],
      'no signed entry approves it',
    ],
    ['voided', [proposed(), decided('approve'), ended('change.voided')], 'never: it was voided'],
    ['applied', [proposed(), decided('approve'), applying, ended('change.applied')], 'it was applied already'],
    ['of a revoked session', [proposed(), decided('approve'), { kind: 'session.revoked', session: 's-1' }], 'never: its session was revoked'],
    ['of a session revoked before', [{ kind: 'session.revoked', session: 's-1' }, proposed(), decided('approve')], 'never: its session was revoked'],
    ['of a session of which another was revoked', [proposed(), decided('approve'), { kind: 'session.revoked', session: 's-2' }], 'approved'],
    ['made stale and approved anew', [proposed(), decided('approve'), proposed(change, { kind: 'change.stale' }), decided('approve', 'eva')], 'approved'],
  ])('of a change that was %s: %s', (_, entries, verdict) => {
    expect(judged(entries)).toBe(verdict)
  })

  it.each<readonly [string, (of: Change) => Entry]>([
    ['without a signature', (of) => proposed(of, { detail: { change: of.id } })],
    ['with links that are none', (of) => proposed(of, { detail: { change: of.id, grant: { links: [], signature: signed(of) } } })],
    ['with a signature that is not the gate’s', (of) => proposed(of, { detail: { change: of.id, grant: { links: [linkOf(of)], signature: 'c2ln' } } })],
    ['with the signature of another change', (of) => proposed(of, { detail: { change: of.id, grant: { links: [linkOf(of)], signature: signed(other) } } })],
    ['with the links and signature of another change', (of) => proposed(of, { detail: { ...detailOf(changeOf({ id: 'chg-2' })), change: of.id } })],
    ['with what is signed for another value', (of) => proposed(of, { detail: detailOf(other) })],
  ])('does not know a change proposed %s, though the signed journal does', (_, forged) => {
    expect(judged([forged(change), decided('approve')])).toBe('no signed entry proposes this very change')
    expect(judged([forged(change), proposed(), decided('approve')])).toBe('approved')
  })

  it('keeps the proposer through each new before-image: whoever writes one into the journal cannot name another', () => {
    const stale = changeOf({ version: 2, before: { status: 'planned' } })
    const entries = [proposed(), proposed(stale, { kind: 'change.stale', detail: { change: stale.id } }), decided('approve', 'ben', stale)]
    expect(judged(entries, stale)).toBe('approved')
    const forged = changeOf({ ...stale, person: 'eva' })
    const forgery = [proposed(), proposed(forged, { kind: 'change.stale', person: 'eva', detail: { change: forged.id } }), decided('approve', 'anna', forged)]
    expect(judged(forgery, forged)).toBe('no signed entry proposes this very change')
  })

  it.each<readonly [string, Partial<Change>]>([
    ['another value', { after: { status: 'delivered' } }],
    ['another record', { key: 'S-A2' }],
    ['another account', { account: 'B' }],
    ['another before-image', { before: { status: 'planned' } }],
    ['another session', { session: 's-2' }],
    ['another person', { person: 'eva' }],
    ['another operation', { operation: 'other' }],
    ['another version', { version: 2 }],
  ])('does not know a change that the database shows with %s', (_, over) => {
    expect(judged([proposed(), decided('approve')], changeOf({ state: 'approved', ...over }))).toBe('no signed entry proposes this very change')
  })

  it('goes by the journal alone, whatever state and decision the database shows', () => {
    for (const state of CHANGE_STATES) {
      expect(judged([proposed()], changeOf({ state, decidedBy: 'ben', decidedAt: 1, decisionReason: 'r', outcome: 'o' }))).toBe('no signed entry approves it')
      expect(judged([proposed(), decided('approve')], changeOf({ state, decidedBy: null }))).toBe('approved')
    }
  })

  it('asks whether the approver decides with exactly the text that the gate signs, and its signature', () => {
    const asked: unknown[] = []
    const known = approvals((...given) => asked.push(given) > 0, isGates)
    const entry = { ...decided('approve'), detail: { change: change.id, decision: 'approve', signature: 'c2ln' } }
    known.learn([proposed(), entry].map((one, index) => ({ index, entry: one })))
    expect(known.judge(change).ok).toBe(true)
    const text = decisionText({ digest: changeDigest(change), decision: 'approve', by: 'ben' })
    expect(asked).toEqual([['ben', change.useCase, { person: 'ben', text, signature: 'c2ln' }]])
  })
})

it('learns on from an entry that says anything but a text where a name belongs', () => {
  const known = approvals((person) => person === 'ben', isGates)
  const poison = { toString: 1, valueOf: 1 }
  const twisted: readonly Entry[] = ['change.proposed', 'change.decided', 'change.voided', 'change.applied', 'session.revoked'].map((kind) => ({
    kind,
    digest: poison,
    session: poison,
    person: poison,
    detail: { change: poison, signature: poison, decision: 'approve' },
  }))
  const entries = [proposed(), decided('approve'), ...twisted, { kind: 'session.revoked', session: 's-1' }]
  known.learn(entries.map((entry, index) => ({ index, entry })))
  expect(known.judge(change)).toMatchObject({ ok: false, refusal: { why: 'its session was revoked' } })
})

it('is fed every entry that tells of a change or the end of a session, and need not read the others', () => {
  const bodyOf = (kind: (typeof ENTRY_KINDS)[number]) => Buffer.from(spell({ kind, outcome: 'done', session: 's-1' }, { at: 0, node: 'gate' }))
  const told = ENTRY_KINDS.filter((kind) => bearsOnChanges(bodyOf(kind)))
  expect(told).toEqual(ENTRY_KINDS.filter((kind) => kind.startsWith('change.') || kind === 'session.revoked'))
  // As bodies were spelled before they were events.
  expect(bearsOnChanges(Buffer.from('{"kind":"change.applied","v":1}'))).toBe(true)
})
