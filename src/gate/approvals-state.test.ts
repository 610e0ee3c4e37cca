import { describe, expect, it } from 'vitest'
import { changeOf } from '../../test/support/change.ts'
import { changeDigest } from '../changes/change.ts'
import { decisionText } from '../changes/decision.ts'
import { proposalGrant } from '../changes/proposal.ts'
import { grantText, openDigest } from '../journal/authority-link.ts'
import { EMPTY_FRONTIER, extend, frontierBytes } from '../log/frontier.ts'
import { type Approvals, approvals, type Learnt } from './approvals.ts'
import { parseState, spellState } from './approvals-state.ts'

const isGates = (text: string, signature: string): boolean => signature === `gate over ${text}`
const open = (learnt?: Learnt): Approvals => approvals((person, _, { text, signature }) => person === 'ben' && isGates(text, signature), isGates, learnt)

const [first, second, third, fourth] = [changeOf(), changeOf({ id: 'chg-2' }), changeOf({ id: 'chg-3' }), changeOf({ id: 'chg-4', session: 's-9' })]
const ALL = [first, second, third, fourth]
const tree = extend(
  EMPTY_FRONTIER,
  Array.from({ length: 7 }, (_, i) => new Uint8Array(32).fill(i)),
)

/** All four proposed and approved; the second begun, the third voided, the fourth's session revoked. */
const ENTRIES = [
  ...ALL.flatMap((change) => {
    const links = [{ subject: `change:${change.id}`, n: 1, before: null, state: openDigest(proposalGrant(change)) }]
    const digest = changeDigest(change)
    const approval = decisionText({ digest, decision: 'approve', by: 'ben' })
    return [
      {
        kind: 'change.proposed',
        person: 'anna',
        digest,
        detail: { change: change.id, grant: { links, signature: `gate over ${grantText('change.proposed', links)}` } },
      },
      { kind: 'change.decided', person: 'ben', digest, detail: { change: change.id, decision: 'approve', signature: `gate over ${approval}` } },
    ]
  }),
  { kind: 'change.applying', digest: changeDigest(second), detail: { change: second.id } },
  { kind: 'change.voided', digest: changeDigest(third), detail: { change: third.id } },
  { kind: 'session.revoked', session: 's-9' },
].map((entry, index) => ({ index, entry }))

const seen = (known: Approvals) => ALL.map((change) => [known.judge(change), known.isBegun(change), known.isVoided(change)])

describe('what the applier learnt', () => {
  it('is judged by after a restart as before, and learnt on from', () => {
    const before = open()
    before.learn(ENTRIES)
    const state = parseState(spellState({ tree, learnt: before.all() }))
    const after = open(state?.learnt)
    expect(state && frontierBytes(state.tree)).toEqual(frontierBytes(tree))
    expect(seen(after)).toEqual(seen(before))
    expect(after.judge(first)).toMatchObject({ ok: true, value: 'approved' })
    expect(open().judge(first)).toMatchObject({ ok: false })
    for (const known of [before, after])
      known.learn([{ index: 99, entry: { kind: 'change.decided', person: 'eva', digest: changeDigest(first), detail: { decision: 'reject' } } }])
    expect(seen(after)).toEqual(seen(before))
    expect(after.judge(first)).toMatchObject({ ok: false, refusal: { why: 'it was rejected as well as approved', forGood: true } })
  })

  it('is not shared with what it was written down from', () => {
    const before = open()
    before.learn(ENTRIES)
    const learnt = before.all()
    before.learn([{ index: 99, entry: { kind: 'change.applied', digest: changeDigest(first), detail: { change: first.id } } }])
    expect(open(learnt).judge(first)).toMatchObject({ ok: true })
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '{"v":1'],
    ['another version', spellState({ tree, learnt: open().all() }).replace('"v":1', '"v":2')],
    ['a tree that cannot be of its size', spellState({ tree, learnt: open().all() }).replace('"size":7', '"size":8')],
    ['a member of nobody’s', spellState({ tree, learnt: open().all() }).replace('"voided"', '"more":[],"voided"')],
    ['one list too few', spellState({ tree, learnt: open().all() }).replace('"voided":[],', '')],
  ])('is read again from the journal where the file holds %s', (_, text) => {
    expect(parseState(text)).toBeNull()
  })
})
