import { toBase64 } from '../../base/bytes.ts'
import { newId } from '../../base/id.ts'
import { done, type Outcome, refuse } from '../../base/outcome.ts'
import type { Act, Desk, JournalItem, Viewer } from '../../desk/desk.ts'
import type { Entry } from '../../journal/entry.ts'
import type { EntryStore } from '../../journal/entry-store.ts'
import type { Record } from '../../journal/record.ts'
import { readTail, type TailLine } from '../../journal/tail.ts'
import { openCheckpoint } from '../../log/checkpoint.ts'
import { parseFrontier, rootOf } from '../../log/frontier.ts'
import type { VerifierKey } from '../../log/note-key.ts'
import { type Refusal, type RefusalCode, refusal, titleOf } from '../../model/refusal.ts'
import type { AccessRequests } from '../../store/access-requests.ts'
import { reach } from '../../store/reach.ts'

export type JournalHouse = {
  readonly entries: EntryStore
  readonly vkey: () => Promise<VerifierKey>
  readonly signedAt: (size: number) => Promise<number>
  readonly record: Record
  readonly requests: AccessRequests
  readonly random: (bytes: number) => Uint8Array
}

/** How far back a refusal is looked for. */
const LOOK_BACK = 20_000
const PAGE = 1000

/** The journal as people read it. Everybody sees what concerns them; approvers see all. */
export function journalPorts(house: JournalHouse): Pick<Desk, 'journalTail' | 'refusal' | 'requestAccess'> {
  return {
    journalTail: ({ from, limit }, { viewer }) =>
      reach(async () => {
        const head = await house.entries.head()
        const frontier = parseFrontier(head.frontier, head.size)
        if (!frontier) throw new Error('the head is not one')
        const latest = await house.entries.latestCheckpoint()
        const signed = latest && openCheckpoint(latest.note, await house.vkey())
        const items = await readable(house, viewer, from, limit)
        return {
          size: head.size,
          root: toBase64(rootOf(frontier)),
          checkpoint:
            latest && signed ? { size: signed.size, root: toBase64(signed.root), signedAt: await house.signedAt(latest.size), note: latest.note } : null,
          items,
        }
      }),
    refusal: async (correlation, { viewer }) => refusalOf(house, correlation, viewer),
    async requestAccess({ about, note }, act) {
      return requestAccess(house, about, note, act)
    },
  }
}

/** The entries asked for; for who may not read them all, the newest of theirs, looked for far enough back to fill the page. */
async function readable(house: JournalHouse, viewer: Viewer, from: number | null, limit: number): Promise<readonly JournalItem[]> {
  const mine = (lines: readonly TailLine[]) => lines.flatMap(itemOf).filter(({ entry }) => mayRead(viewer, entry))
  if (from !== null || viewer.isApprover) return mine(await readTail(house.entries, from ?? 'end', limit))
  const found: JournalItem[] = []
  const { size } = await house.entries.head()
  for (let end = size; end > Math.max(0, size - LOOK_BACK) && found.length < limit; end -= PAGE) {
    const start = Math.max(0, end - PAGE)
    found.unshift(...mine(await readTail(house.entries, start, end - start)))
  }
  return found.slice(-limit)
}

const mayRead = (viewer: Viewer, entry: Entry): boolean => viewer.isApprover || entry.person === viewer.person

function itemOf(line: TailLine): JournalItem[] {
  if (!('entry' in line)) return []
  const { at, node: _node, v: _v, ...entry } = line.entry
  return [{ index: line.index, at: Date.parse(at), entry }]
}

async function find(house: JournalHouse, correlation: string): Promise<JournalItem | null> {
  const { size } = await house.entries.head()
  for (let end = size; end > Math.max(0, size - LOOK_BACK); end -= PAGE) {
    const from = Math.max(0, end - PAGE)
    const lines = await readTail(house.entries, from, end - from)
    const found = lines.flatMap(itemOf).find(({ entry }) => entry.correlation === correlation && entry.outcome !== 'done')
    if (found) return found
  }
  return null
}

type RefusalFound = {
  readonly code: RefusalCode
  readonly at: number
  readonly detail: string
  readonly operation: string | null
  readonly rule: { id: string; owner: string; reason: string } | null
  readonly mayRequest: boolean
  readonly requestedAt: number | null
}

async function refusalOf(house: JournalHouse, correlation: string, viewer: Viewer): Promise<Outcome<RefusalFound, Refusal>> {
  const found = await reach(() => find(house, correlation))
  if (!found.ok) return found
  const entry = found.value?.entry
  if (!found.value || !entry || entry.outcome === 'done' || !mayRead(viewer, entry)) return refuse(refusal('not_found', 'there is no such refusal of yours'))
  const requestedAt = await reach(() => house.requests.askedAt(correlation))
  if (!requestedAt.ok) return requestedAt
  const { rule, owner, reason } = entry.detail ?? {}
  const named = typeof rule === 'string' && typeof owner === 'string' && typeof reason === 'string' ? { id: rule, owner, reason } : null
  return done({
    code: entry.outcome,
    at: found.value.at,
    detail: named?.reason ?? titleOf(entry.outcome),
    operation: entry.operation ?? null,
    rule: named,
    mayRequest: named !== null && entry.person === viewer.person,
    requestedAt: requestedAt.value,
  })
}

async function requestAccess(house: JournalHouse, about: string, note: string, { viewer, correlation }: Act): Promise<Outcome<null, Refusal>> {
  const found = await refusalOf(house, about, viewer)
  if (!found.ok) return found
  const { rule, operation, mayRequest, requestedAt } = found.value
  if (requestedAt !== null) return done(null)
  if (!mayRequest || rule === null) return refuse(refusal('forbidden', 'there is nobody to ask about this refusal'))
  const receipt = await house.record({
    kind: 'access.requested',
    outcome: 'done',
    person: viewer.person,
    correlation,
    ...(operation === null ? {} : { operation }),
    detail: { about, rule: rule.id, owner: rule.owner },
  })
  if (!receipt.ok) return receipt
  return reach(async () => {
    await house.requests.add({
      id: newId('acr', house.random),
      person: viewer.person,
      correlation: about,
      operation: operation ?? '',
      rule: rule.id,
      owner: rule.owner,
      note,
    })
    return null
  })
}
