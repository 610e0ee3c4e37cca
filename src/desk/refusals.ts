import { lru } from '../base/lru.ts'
import type { Outcome } from '../base/outcome.ts'
import type { CallName } from '../contract/console.ts'
import type { Entry } from '../journal/entry.ts'
import type { Refusal, RefusalCode } from '../model/refusal.ts'

/** A call of the console that was turned back. `person`: who is signed in where it came from; null for nobody known. `call`: null for a page, or no call at all. */
export type RefusedCall = {
  readonly code: RefusalCode
  readonly correlation: string
  readonly source: string
  readonly person: string | null
  readonly call: CallName | null
}

/** How often each address did something: a port, so that a stranger's addresses are told as the gate tells them. Bounded. */
export type Counts = { readonly add: (source: string, times?: number) => void; readonly drain: () => ReadonlyMap<string, number> }

/** The journal's `record` is one. */
type Keep<R> = (entry: Entry) => Promise<Outcome<R, Refusal>>

export type Refusals<R> = {
  /** The same, for the ports: what they record of a call themselves is then not recorded again. */
  readonly record: Keep<R>
  /** One entry for a person who is known; the others are counted. Resolves when it is durable, or cannot be: the call is refused all the same. */
  readonly refused: (call: RefusedCall) => Promise<void>
  /** One entry for each code that strangers met since the last time, whatever they sent: to be called every minute, and at the end. */
  readonly tell: () => Promise<void>
}

/** Our own outages: nobody was turned back by a rule, and mostly the journal is away too. */
const OURS: ReadonlySet<RefusalCode> = new Set(['store_unavailable', 'journal_unavailable', 'house_failed', 'source_unavailable', 'source_failed'])
/** Calls under way at once, and many more. */
const UNDER_WAY_MAX = 10_000

/** Every refusal of the console's own calls is in the journal once. The attacker: a stranger who would fill it. */
export function openRefusals<R>({ record, counts }: { readonly record: Keep<R>; readonly counts: () => Counts }): Refusals<R> {
  const recorded = lru<string, true>(UNDER_WAY_MAX)
  const strangers = new Map<RefusalCode, Counts>()

  async function refused({ code, correlation, source, person, call }: RefusedCall): Promise<void> {
    const known = recorded.get(correlation) === true
    recorded.delete(correlation)
    if (known || OURS.has(code)) return
    if (person !== null) return void (await record({ kind: 'console.refused', outcome: code, person, correlation, detail: { call } }))
    const counted = strangers.get(code) ?? counts()
    strangers.set(code, counted)
    counted.add(source)
  }

  async function tell(): Promise<void> {
    for (const [code, counted] of strangers) {
      const met = counted.drain()
      if (met.size === 0) continue
      const receipt = await record({ kind: 'console.refused', outcome: code, detail: { counts: Object.fromEntries(met) } })
      if (!receipt.ok) for (const [source, times] of met) counted.add(source, times)
    }
  }

  return {
    record: async (entry) => {
      const receipt = await record(entry)
      if (receipt.ok && entry.outcome !== 'done' && entry.correlation !== undefined) recorded.set(entry.correlation, true)
      return receipt
    },
    refused,
    tell,
  }
}
