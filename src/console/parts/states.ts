import type { ChangeState } from '../../model/change-state.ts'

type Look = { readonly word: string; readonly color: string }

const QUIET = 'var(--mantine-color-text)'
const GOOD = 'var(--come-ink)'
const BAD = 'var(--gone-ink)'

/** A change's state as people say it. */
export const STATES: { readonly [S in ChangeState]: Look } = {
  proposed: { word: 'waiting', color: QUIET },
  approved: { word: 'approved, not yet applied', color: QUIET },
  applying: { word: 'being applied', color: QUIET },
  applied: { word: 'applied', color: GOOD },
  rejected: { word: 'rejected', color: QUIET },
  stale: { word: 'went stale', color: BAD },
  failed: { word: 'failed', color: BAD },
  unknown_outcome: { word: 'outcome unknown', color: BAD },
  voided: { word: 'voided', color: QUIET },
}
