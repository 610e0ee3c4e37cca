import { canonical } from '../base/canonical.ts'

/** A person's decision on one version of one change. `digest` is that of the change they saw. */
export type Decision = { readonly digest: string; readonly decision: 'approve' | 'reject'; readonly by: string }

/** What the gate signs when it takes a decision at the console, and the applier verifies: whoever can only write rows cannot make one. */
export const decisionText = ({ digest, decision, by }: Decision): string => `gatehouse decision v1\n${canonical({ digest, decision, by })}`
