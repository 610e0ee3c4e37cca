/** Where a change request may stand, from proposal to end. */
export const CHANGE_STATES = ['proposed', 'approved', 'rejected', 'applying', 'applied', 'stale', 'failed', 'unknown_outcome', 'voided'] as const
export type ChangeState = (typeof CHANGE_STATES)[number]
