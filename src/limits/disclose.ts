import { type Brand, mint } from '../base/brand.ts'
import { toBase64url } from '../base/bytes.ts'
import { canonical, type Json } from '../base/canonical.ts'
import { hmac, sha256 } from '../base/digest.ts'
import { lru } from '../base/lru.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { fieldOf } from '../catalogue/pack.ts'
import type { CoveredRows } from '../mask/cover.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import type { ExposureKind, Ledger } from './ledger.ts'

/** Rows whose exposure is paid for. `digest` (base64url SHA-256 of their canonical JSON) ties the journal entry to them. */
export type Disclosable = Brand<{ readonly covered: CoveredRows; readonly digest: string; readonly subjects: number; readonly prices: number }, 'Disclosable'>

export type ExposureLimits = Readonly<Record<ExposureKind, number>>

export type Disclose = (covered: CoveredRows) => Promise<Outcome<Disclosable, Refusal>>

/**
 * Counts distinct people and prices a session has been shown, after covering: a subject counts when any personal field of
 * its row leaves in clear or as a hint, a price when a commercial one leaves in clear. Spent before the entry is written;
 * what would go over the limit stays spent too, so a retry gains nothing. Refuses `exposure_exceeded`, `store_unavailable`.
 * `key` makes the kept digests useless to who reads the table.
 */
export function discloser(ledger: Ledger, limitsOf: (useCase: string) => ExposureLimits, key: Uint8Array): Disclose {
  /** Whose digests are known to be in the ledger already, with the session's last count: most asks then need no digest and no write. */
  const known = lru<string, { readonly seen: Set<string>; count: number }>(2000)

  async function spend(session: string, kind: ExposureKind, values: ReadonlySet<string>): Promise<Outcome<number, Refusal>> {
    const id = `${session}\n${kind}`
    const memory = known.get(id) ?? { seen: new Set<string>(), count: 0 }
    // Kept before the ledger answers, so that asks at once share one memory and the larger count stays.
    known.set(id, memory)
    const fresh = [...values].filter((value) => !memory.seen.has(value))
    if (fresh.length === 0) return done(memory.count)
    const digests = fresh.map((value) => hmac(key, `${id}\n${value}`))
    const spent = await ledger.spend(session, kind, digests)
    if (!spent.ok) return spent
    memory.count = Math.max(memory.count, spent.value)
    for (const value of fresh) memory.seen.add(value)
    return done(memory.count)
  }

  return async (covered) => {
    const { permit, rows, sources } = covered
    const { session } = permit.caller
    const { resource } = permit.ask.operation
    const shown = Object.entries(permit.covers)
    const people = shown.some(([name, cover]) => fieldOf(resource, name).class === 'personal' && (cover === 'clear' || cover === 'partial'))
    const prices = shown.filter(([name, cover]) => fieldOf(resource, name).class === 'commercial' && cover === 'clear').map(([name]) => name)

    const limits = limitsOf(session.useCase)
    const subjects = people ? await spend(session.id, 'subject', new Set(sources.map((source) => source.subject))) : NONE
    if (!subjects.ok) return subjects
    const seen =
      prices.length > 0 ? await spend(session.id, 'price', new Set(sources.flatMap((source) => prices.map((name) => `${source.key}\n${name}`)))) : NONE
    if (!seen.ok) return seen
    for (const [kind, count] of [
      ['subject', subjects.value],
      ['price', seen.value],
    ] as const)
      if (count > limits[kind])
        return refuse(refusal('exposure_exceeded', `this session has asked for ${count} distinct ${kind}s, and its budget is ${limits[kind]}`))
    return done(mint<Disclosable>({ covered, digest: toBase64url(sha256(canonical(rows as unknown as Json))), subjects: subjects.value, prices: seen.value }))
  }
}

const NONE = done(0)
