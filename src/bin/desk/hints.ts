import { HINTS, type Hint } from '../../contract/console.ts'
import type { Desk } from '../../desk/desk.ts'
import type { EntryStore } from '../../journal/entry-store.ts'
import { readTail } from '../../journal/tail.ts'
import { every } from '../parts/part.ts'

const LOOK_EVERY_MS = 400
const HINT_OF: Readonly<Record<string, Hint>> = { change: 'changes', draft: 'drafts', session: 'sessions', access: 'requests' }

/** Tells open consoles that something happened, by looking at the journal's new entries, whichever process wrote them. One small look at the head every time. */
export function openHints(entries: EntryStore): { readonly subscribe: Desk['subscribe']; readonly close: () => Promise<void> } {
  const listeners = new Set<(hint: Hint) => void>()
  let seen: number | null = null

  const loop = every(
    LOOK_EVERY_MS,
    async () => {
      const { size } = await entries.head()
      const before = seen ?? size
      seen = size
      if (size === before || listeners.size === 0) return
      const lines = await readTail(entries, Math.max(before, size - 500), 500)
      const hints = new Set<Hint>(['journal', ...lines.flatMap((line) => ('entry' in line ? (HINT_OF[line.entry.kind.split('.')[0] ?? ''] ?? []) : []))])
      for (const listener of listeners) for (const hint of hints) listener(hint)
    },
    // The database is away: pages find out by themselves when they ask.
    () => undefined,
  )
  return {
    subscribe: (_viewer, listener) => {
      listeners.add(listener)
      // What happened between the page's first look and this: it looks again at everything once.
      setImmediate(() => {
        if (listeners.has(listener)) for (const hint of HINTS) listener(hint)
      })
      return () => void listeners.delete(listener)
    },
    close: loop.stop,
  }
}
