import type { CallAnswer } from '../contract/console.ts'

/** What is known of the witnesses: `ageSeconds` since the quorum last saw the journal, null when it never did. Null: no policy is set. */
export type Witnesses = {
  readonly state: 'fresh' | 'late' | 'stopped'
  readonly witnessed: { readonly size: number; readonly words: string } | null
  readonly ageSeconds: number | null
  readonly lagSeconds: number
} | null

/** One line for people: who has seen the journal, how long ago, and what that means. */
export function witnessLine(standing: Witnesses): CallAnswer<'journal'>['witness'] {
  if (standing === null) return { state: 'none', text: 'no witness is set: nobody outside would notice if the journal were rewritten as a whole' }
  const { state, witnessed, ageSeconds, lagSeconds } = standing
  if (witnessed === null || ageSeconds === null) return { state, text: 'no witness has seen it yet; proposals and approvals wait until one has' }
  const seen = `${witnessed.size} entries, ${told(ageSeconds)} ago; ${witnessed.words}`
  switch (state) {
    case 'fresh':
      return { state, text: seen }
    case 'late':
      return { state, text: `${seen}. After ${told(lagSeconds)} without a witness nothing is written any more` }
    case 'stopped':
      return { state, text: `${seen}. That is more than ${told(lagSeconds)}: proposals, approvals and the applier wait until a witness is back` }
  }
}

const told = (seconds: number): string =>
  seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`
