import type { Change } from '../../src/changes/change.ts'

/** A change as `propose` makes it, different in these. */
export const changeOf = (over: Partial<Change> = {}): Change => ({
  id: 'chg-1',
  session: 's-1',
  person: 'anna',
  useCase: 'customer-inquiry',
  operation: 'proposeStatusChange',
  system: 'tms',
  resource: 'shipmentStatus',
  key: 'S-A1',
  account: 'A',
  before: { status: 'in_transit' },
  after: { status: 'held' },
  reason: 'rsn_sealed',
  reversibility: 'reversible',
  version: 1,
  proposedAt: 1_790_000_000_000,
  state: 'proposed',
  decidedBy: null,
  decidedAt: null,
  decisionReason: null,
  outcome: null,
  ...over,
})
