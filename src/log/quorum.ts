import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Checkpoint } from './checkpoint.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { cosignatures } from './cosignature.ts'
import { noteSigners, parseNote } from './note.ts'
import type { VerifierKey } from './note-key.ts'
import type { Policy, Rule } from './policy.ts'

/** What a policy finds in a checkpoint's note. Verified: the log's signature and every cosignature named. */
export type Judged = {
  readonly checkpoint: Checkpoint
  /** The policy's log, whose name is the origin. */
  readonly log: VerifierKey
  /** Who of the policy's witnesses cosigned, by the policy's name of each, and when by its own clock. */
  readonly cosigned: readonly { readonly witness: string; readonly unixSeconds: number }[]
  /** Whether the quorum saw it. Where not, the checkpoint is the log's word alone. */
  readonly met: boolean
  /** The same in a sentence: who is counted, who is missing. */
  readonly words: string
}

/**
 * What the policy finds in a note: who signed it, who cosigned it when, and whether that is the quorum. Refused, in words, when it is no
 * checkpoint, no log of the policy signed it under its own name, or a known log's or witness's signature does not hold: the note is condemned.
 */
export function judge(policy: Policy, note: string): Outcome<Judged, string> {
  const parsed = parseNote(note)
  const checkpoint = parsed && parseCheckpoint(parsed.text)
  if (!checkpoint) return refuse('the note is not a signed checkpoint')
  const logs = noteSigners(
    parsed,
    policy.logs.map((log) => log.key),
  )
  if (!logs.ok) return refuse(`the signature of \`${logs.refusal.name}\` does not hold`)
  const log = logs.value.find((key) => key.name === checkpoint.origin)
  if (!log) return refuse(`no log of the policy signed the checkpoint of \`${checkpoint.origin}\``)
  const found = cosignatures(
    parsed,
    policy.witnesses.map((witness) => witness.key),
  )
  if (!found.ok) return found
  const cosigned = policy.witnesses.flatMap(({ name, key }) =>
    found.value.filter(({ by }) => by === key).map(({ unixSeconds }) => ({ witness: name, unixSeconds })),
  )
  const times = new Map(cosigned.map(({ witness, unixSeconds }) => [witness, unixSeconds]))
  const met = holds(policy.quorum, times)
  return done({ checkpoint, log, cosigned, met, words: `the quorum is ${met ? '' : 'not '}met: ${told(policy.quorum, times)}` })
}

type Times = ReadonlyMap<string, number>

function holds(rule: Rule, times: Times): boolean {
  switch (rule.kind) {
    case 'none':
      return true
    case 'witness':
      return times.has(rule.name)
    case 'group':
      return counted(rule, times) >= rule.threshold
  }
}

function told(rule: Rule, times: Times): string {
  switch (rule.kind) {
    case 'none':
      return 'the policy asks for no cosignature'
    case 'witness': {
      const time = times.get(rule.name)
      return time === undefined ? `\`${rule.name}\` has not cosigned` : `\`${rule.name}\` cosigned at ${told8601(time)}`
    }
    case 'group':
      return `\`${rule.name}\` has ${counted(rule, times)} of the ${rule.threshold} it needs (${rule.members.map((member) => told(member, times)).join(', ')})`
  }
}

const counted = (group: Rule & { readonly kind: 'group' }, times: Times): number => group.members.filter((member) => holds(member, times)).length

/** Years beyond four digits are left in seconds: a witness may claim any time. */
const told8601 = (unixSeconds: number): string =>
  unixSeconds < 253_402_300_800 ? new Date(unixSeconds * 1000).toISOString().replace('.000Z', 'Z') : `${unixSeconds} seconds after 1970`
