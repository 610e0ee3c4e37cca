import { sameBytes } from '../base/bytes.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Checkpoint, openCheckpoint } from '../log/checkpoint.ts'
import type { VerifierKey } from '../log/note-key.ts'
import type { Policy } from '../log/policy.ts'
import { judge } from '../log/quorum.ts'

/** A checkpoint that is believed. `quorum`: what the policy's quorum makes of it; null where nobody asked for one. */
export type Believed = { readonly checkpoint: Checkpoint; readonly quorum: { readonly met: boolean; readonly words: string } | null }

/**
 * Whose word a verifier takes: brought from elsewhere, never from the source. `open`: the checkpoint of a note, its signature verified, or the end of the
 * sentence "the checkpoint of size n …".
 */
export type Trust = {
  readonly name: string
  readonly key: VerifierKey
  readonly wantsQuorum: boolean
  readonly open: (note: string) => Outcome<Believed, string>
}

/** The log's own key, pinned. */
export const trustKey = (key: VerifierKey): Trust => ({
  name: key.name,
  key,
  wantsQuorum: false,
  open: (note) => {
    const checkpoint = openCheckpoint(note, key)
    return checkpoint ? done({ checkpoint, quorum: null }) : refuse(`does not carry the signature of ${key.name}`)
  },
})

/**
 * A policy's log and its witnesses (C2SP tlog-policy). `pinned` narrows a policy of several logs to one; null when it names one alone, or refused, in words,
 * when nobody could say which log is meant. The whole key is compared: 32 bits of an id are soon found again.
 */
export function trustPolicy(policy: Policy, pinned: VerifierKey | null = null): Outcome<Trust, string> {
  const logs = policy.logs.map(({ key }) => key).filter((key) => !pinned || (key.name === pinned.name && sameBytes(key.publicKey, pinned.publicKey)))
  const [log] = logs
  if (!log) return refuse(pinned ? `the policy does not know the log ${pinned.name}` : 'the policy names no log')
  if (logs.length > 1) return refuse('the policy names several logs: say by its key which of them this is')
  return done({
    name: log.name,
    key: log,
    wantsQuorum: true,
    open: (note) => {
      const judged = judge(policy, note)
      if (!judged.ok) return refuse(`is not to be believed: ${judged.refusal}`)
      const { checkpoint, met, words } = judged.value
      return judged.value.log === log ? done({ checkpoint, quorum: { met, words } }) : refuse(`does not carry the signature of ${log.name}`)
    },
  })
}
