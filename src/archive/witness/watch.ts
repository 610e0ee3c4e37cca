import type { Clock } from '../../base/clock.ts'
import { openCheckpoint } from '../../log/checkpoint.ts'
import { withCosignature } from '../../log/cosignature.ts'
import type { VerifierKey } from '../../log/note-key.ts'
import type { Policy, Rule } from '../../log/policy.ts'
import { judge } from '../../log/quorum.ts'
import { witnessId } from './client.ts'
import type { CosignatureStore, CosignedCheckpoint } from './cosignature-store.ts'

/** A checkpoint that the quorum saw, with its lines. `atMs`: since when that many of the policy's witnesses had, by their own clocks. */
export type Witnessed = { readonly size: number; readonly note: string; readonly atMs: number; readonly words: string }

/**
 * How the journal stands with its witnesses. `fresh`: the quorum saw it lately. `late`: more than half of the lag ago. `stopped`: past the lag,
 * or never: nothing is written until a witness is back. `ageSeconds` null: never.
 */
export type WitnessStanding = {
  readonly state: 'fresh' | 'late' | 'stopped'
  readonly witnessed: Witnessed | null
  readonly ageSeconds: number | null
  readonly lagSeconds: number
}

export type WitnessWatch = {
  /** Looks at what is kept. One call at a time. Rejects when it cannot: the age goes on all the same. */
  readonly look: () => Promise<void>
  readonly standing: () => WitnessStanding
}

export type WitnessWatchParts = {
  readonly policy: Policy
  readonly vkey: VerifierKey
  readonly lagSeconds: number
  readonly store: Pick<CosignatureStore, 'newest'>
  readonly clock: Clock
}

/** Checkpoints looked at: the newest ones may lack a witness that is slow. */
const LOOK_BACK = 16

/**
 * Follows how long ago the quorum of the policy last saw the journal. It believes neither the database nor the archive's process: each cosignature is
 * verified, and ages both from the time it names and from when it was first seen here, so neither a witness whose clock is ahead nor one who
 * holds cosignatures back can make an old one look new. Nor can one that names a time long past, where the quorum is met without it, make a new
 * one look old: the age is from the quorum's own time, and from the newest there was of any checkpoint.
 */
export function openWitnessWatch({ policy, vkey, lagSeconds, store, clock }: WitnessWatchParts): WitnessWatch {
  let newest: Witnessed | null = null
  /** Of `newest`: when it was first seen here, however many lines it gained since. */
  let seenMs = 0
  let freshMs = 0

  return {
    look: async () => {
      const found = witnessedOf(policy, vkey, await store.newest(LOOK_BACK))
      if (found === null || (newest !== null && found.size < newest.size)) return
      if (newest === null || found.size > newest.size) seenMs = clock()
      newest = found
      freshMs = Math.max(freshMs, Math.min(found.atMs, seenMs))
    },
    standing: () => {
      if (newest === null) return { state: 'stopped', witnessed: null, ageSeconds: null, lagSeconds }
      const ageSeconds = Math.max(0, Math.floor((clock() - freshMs) / 1000))
      return { state: ageSeconds > lagSeconds ? 'stopped' : ageSeconds > lagSeconds / 2 ? 'late' : 'fresh', witnessed: newest, ageSeconds, lagSeconds }
    },
  }
}

/** The largest of these checkpoints that the log signed and the policy's quorum cosigned, or null. What does not verify counts for nothing. @internal */
export function witnessedOf(policy: Policy, vkey: VerifierKey, checkpoints: readonly CosignedCheckpoint[]): Witnessed | null {
  for (const { size, note, cosignatures } of checkpoints.toSorted((a, b) => b.size - a.size)) {
    if (openCheckpoint(note, vkey)?.size !== size) continue
    const full = policy.witnesses.reduce((grown, { key }) => {
      const line = cosignatures.find(({ witness }) => witness === witnessId(key))?.line
      return line === undefined ? grown : (withCosignature(grown, line, key) ?? grown)
    }, note)
    const judged = judge(policy, full)
    if (!judged.ok || !judged.value.met || judged.value.cosigned.length === 0) continue
    const times = new Map(judged.value.cosigned.map(({ witness, unixSeconds }) => [witness, unixSeconds * 1000]))
    return { size, note: full, atMs: Math.min(timeOf(policy.quorum, times), Math.max(...times.values())), words: judged.value.words }
  }
  return null
}

/** Since when a rule holds by the times its witnesses name: of a group, the newest at which so many of its members had cosigned. Never: -Infinity. */
function timeOf(rule: Rule, times: ReadonlyMap<string, number>): number {
  switch (rule.kind) {
    case 'none':
      return Infinity
    case 'witness':
      return times.get(rule.name) ?? -Infinity
    case 'group':
      return rule.members.map((member) => timeOf(member, times)).toSorted((a, b) => b - a)[rule.threshold - 1] ?? -Infinity
  }
}
