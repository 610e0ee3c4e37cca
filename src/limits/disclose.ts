import { type Brand, mint } from '../base/brand.ts'
import { toBase64url } from '../base/bytes.ts'
import { canonical } from '../base/canonical.ts'
import { hmac, sha256 } from '../base/digest.ts'
import { lru } from '../base/lru.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { fieldOf } from '../catalogue/pack.ts'
import type { CoveredRows } from '../mask/cover.ts'
import type { Session } from '../model/principal.ts'
import { type Refusal, type Rule, refusal } from '../model/refusal.ts'
import type { ExposureKind, Ledger } from './ledger.ts'

/** Rows whose exposure is paid for. `digest` (base64url SHA-256 of their canonical JSON, after the salt when there is one) ties the journal entry to them. */
export type Disclosable = Brand<
  { readonly covered: CoveredRows; readonly digest: string; readonly salt: string | null; readonly subjects: number; readonly prices: number },
  'Disclosable'
>

export type ExposureLimits = Readonly<Record<ExposureKind, number>>

/** What one session of a use case may be shown, and who is asked for more. */
export type Budgets = { readonly exposureOf: (useCase: string) => ExposureLimits; readonly ownerOf: (useCase: string) => string }

export type Disclose = (covered: CoveredRows) => Promise<Outcome<Disclosable, Refusal>>

/**
 * Counts distinct people and prices a session has been shown, after covering: a subject counts when any personal field of
 * its row leaves in clear or as a hint, a price when a commercial one leaves in clear. Spent before the entry is written;
 * what would go over the limit stays spent too, so a retry gains nothing. Refuses `exposure_exceeded`, in the name of the use case's owner, and `store_unavailable`.
 * `key` makes the kept digests useless to who reads the table: one for all, or one that goes with whoever's session it is. `salt`, new each time, does
 * the same for the rows' digest: who has only that cannot guess the rows.
 */
export function discloser(
  ledger: Ledger,
  budgets: Budgets,
  key: Uint8Array | ((session: Session) => Promise<Outcome<Uint8Array, Refusal>>),
  salt: () => string | null = () => null,
): Disclose {
  /** Whose digests are known to be in the ledger already, with the session's last count: most asks then need no digest and no write. */
  const known = lru<string, { readonly seen: Set<string>; count: number }>(2000)

  async function spend(session: Session, kind: ExposureKind, values: ReadonlySet<string>): Promise<Outcome<number, Refusal>> {
    const id = `${session.id}\n${kind}`
    const memory = known.get(id) ?? { seen: new Set<string>(), count: 0 }
    // Kept before the ledger answers, so that asks at once share one memory and the larger count stays.
    known.set(id, memory)
    const fresh = [...values].filter((value) => !memory.seen.has(value))
    if (fresh.length === 0) return done(memory.count)
    const secret = key instanceof Uint8Array ? done(key) : await key(session)
    if (!secret.ok) return secret
    const digests = fresh.map((value) => hmac(secret.value, `${id}\n${value}`))
    const spent = await ledger.spend(session.id, kind, digests)
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

    const limits = budgets.exposureOf(session.useCase)
    const subjects = people ? await spend(session, 'subject', new Set(sources.map((source) => source.subject))) : NONE
    if (!subjects.ok) return subjects
    const seen = prices.length > 0 ? await spend(session, 'price', new Set(sources.flatMap((source) => prices.map((name) => `${source.key}\n${name}`)))) : NONE
    if (!seen.ok) return seen
    for (const [kind, count] of [
      ['subject', subjects.value],
      ['price', seen.value],
    ] as const)
      if (count > limits[kind]) {
        const detail = `this session has asked for ${count} distinct ${kind}s, and its budget is ${limits[kind]}`
        return refuse(refusal('exposure_exceeded', detail, { rule: ruleFor(budgets, session.useCase) }))
      }
    const salted = salt()
    const digest = toBase64url(sha256(`${salted ?? ''}${canonical(rows)}`))
    return done(mint<Disclosable>({ covered, digest, salt: salted, subjects: subjects.value, prices: seen.value }))
  }
}

const NONE = done(0)

/** The budget as people know it: a rule of whoever owns the use case. */
function ruleFor({ exposureOf, ownerOf }: Budgets, useCase: string): Rule {
  const { subject, price } = exposureOf(useCase)
  const budget = `${counted(subject, 'person', 'people')} and ${counted(price, 'price', 'prices')}`
  return { id: 'exposure-budget', owner: ownerOf(useCase), reason: `a session of use case \`${useCase}\` may be shown ${budget}` }
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`
