import { toBase64 } from '../../base/bytes.ts'
import { done } from '../../base/outcome.ts'
import { type AccessHouse, answerRequest, refusalFor, requestAccess, requestsFor } from '../../desk/access.ts'
import type { Desk, JournalItem } from '../../desk/desk.ts'
import { entriesFor, mayRead } from '../../desk/reading.ts'
import { type Witnesses, witnessLine } from '../../desk/witness-line.ts'
import type { EntryStore } from '../../journal/entry-store.ts'
import { openCheckpoint } from '../../log/checkpoint.ts'
import { parseFrontier, rootOf } from '../../log/frontier.ts'
import type { VerifierKey } from '../../log/note-key.ts'
import type { Receipts } from '../parts/receipts.ts'
import { reached } from './reached.ts'

export type JournalHouse = {
  readonly entries: EntryStore
  readonly vkey: () => Promise<VerifierKey>
  readonly signedAt: (size: number) => Promise<number>
  readonly access: AccessHouse
  readonly receipts: Receipts
  readonly witnesses: () => Witnesses
  /** With what is sealed beside their entries in its place. */
  readonly unsealed: (items: readonly JournalItem[]) => Promise<readonly JournalItem[]>
}

/** The journal as people read it, what was refused, and requests for access. Who may read, ask and answer what is judged in the desk room. */
export function journalPorts(house: JournalHouse): Pick<Desk, 'journalTail' | 'receipt' | 'refusal' | 'requestAccess' | 'requests' | 'answerRequest'> {
  const { entries, access } = house
  return {
    journalTail: ({ from, limit }, { viewer }) =>
      reached(async () => {
        const head = await entries.head()
        const frontier = parseFrontier(head.frontier, head.size)
        if (!frontier) throw new Error('the head is not one')
        const latest = await entries.latestCheckpoint()
        const signed = latest && openCheckpoint(latest.note, await house.vkey())
        return done({
          size: head.size,
          root: toBase64(rootOf(frontier)),
          checkpoint:
            latest && signed ? { size: signed.size, root: toBase64(signed.root), signedAt: await house.signedAt(latest.size), note: latest.note } : null,
          publishedSize: await house.receipts.publishedSize(),
          witness: witnessLine(house.witnesses()),
          items: await house.unsealed(await entriesFor(entries, viewer, from, limit)),
        })
      }),
    receipt: (index, { viewer }) =>
      reached(async () => {
        const receipt = await house.receipts.receiptOf(index, (entry) => mayRead(viewer, entry))
        return receipt.ok ? done({ index, name: `entry-${index}.tlog-proof`, text: receipt.value }) : receipt
      }),
    refusal: (correlation, { viewer }) => reached(() => refusalFor(access, correlation, viewer)),
    requestAccess: ({ about, note }, act) => reached(() => requestAccess(access, about, note, act)),
    requests: ({ viewer }) => reached(async () => done(await requestsFor(access, viewer))),
    answerRequest: ({ id, answer }, act) => reached(() => answerRequest(access, id, answer, act)),
  }
}
