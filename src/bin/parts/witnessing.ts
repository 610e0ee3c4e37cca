import type pg from 'pg'
import { openWitnessWatch, type WitnessStanding } from '../../archive/witness/watch.ts'
import { done, type Outcome, refuse } from '../../base/outcome.ts'
import type { Config } from '../../config/config.ts'
import type { Record } from '../../journal/record.ts'
import type { VerifierKey } from '../../log/note-key.ts'
import type { Policy } from '../../log/policy.ts'
import { type Refusal, refusal } from '../../model/refusal.ts'
import { cosignatureStore, refusalTold, untoldRefusals } from '../../store/cosignature-store.ts'
import { readWitnessPolicy } from './witness-policy.ts'

/** How this process sees the journal's witnesses. Without a policy nothing ever stops, and `standing` is null. */
export type Witnessing = {
  readonly policy: Policy | null
  /** Of the policy's file, hexadecimal. */
  readonly policySha256: string | null
  readonly look: () => Promise<void>
  readonly mayWrite: () => Outcome<null, Refusal>
  readonly standing: () => WitnessStanding | null
}

export function openWitnessing(config: Config, vkey: VerifierKey, pool: pg.Pool): Witnessing {
  const read = readWitnessPolicy(config, vkey)
  if (read === null || !config.journal.witness)
    return { policy: null, policySha256: null, look: () => Promise.resolve(), mayWrite: () => done(null), standing: () => null }
  const { policy, sha256: policySha256 } = read
  const { lagSeconds } = config.journal.witness
  const watch = openWitnessWatch({ policy, vkey, lagSeconds, store: cosignatureStore(pool), clock: Date.now })
  return {
    policy,
    policySha256,
    look: watch.look,
    mayWrite: () => {
      const { state, ageSeconds } = watch.standing()
      if (state !== 'stopped') return done(null)
      const since = ageSeconds === null ? 'no witness has seen the journal yet' : `no witness has seen the journal for ${ageSeconds} s`
      return refuse(refusal('journal_unwitnessed', since, { retryAfterSeconds: 10 }))
    },
    standing: watch.standing,
  }
}

/** Records what witnesses refused since the last time, each once. */
export async function tellRefusals(pool: pg.Pool, record: Record): Promise<void> {
  for (const { id, witness, size, said } of await untoldRefusals(pool)) {
    const receipt = await record({ kind: 'finding.witness_refused', outcome: 'done', detail: { witness, size, said } })
    if (!receipt.ok) return
    await refusalTold(pool, id, receipt.value.index)
  }
}
