import { z } from 'zod'
import { fromBase64, toBase64 } from '../base/bytes.ts'
import { jsonOrNull } from '../base/json.ts'
import { type Frontier, frontierBytes, parseFrontier } from '../log/frontier.ts'
import type { Learnt } from './approvals.ts'

/** What was learnt of the first `tree.size` entries, and perhaps of a few after. */
export type ApprovalsState = { readonly tree: Frontier; readonly learnt: Learnt }

const Approval = z.strictObject({ person: z.string(), text: z.string(), signature: z.string() })
const Proposal = z.strictObject({ state: z.string().nullable(), text: z.string(), signature: z.string() })
const File = z.strictObject({
  v: z.literal(1),
  size: z.int().nonnegative(),
  frontier: z.string(),
  known: z.array(z.tuple([z.string(), z.strictObject({ approved: Approval.nullable(), rejected: z.boolean(), begun: z.boolean() })])),
  proposals: z.array(z.tuple([z.string(), z.array(Proposal)])),
  voided: z.array(z.string()),
  applied: z.array(z.string()),
  revoked: z.array(z.string()),
})

/** The state as the applier keeps it in a file of its own, where nobody who can write the database can. */
export const spellState = ({ tree, learnt }: ApprovalsState): string =>
  `${JSON.stringify({ v: 1, size: tree.size, frontier: toBase64(frontierBytes(tree)), ...learnt })}\n`

/** The state of such a file; null for anything that is none: then the journal is read again from its first entry. */
export function parseState(text: string): ApprovalsState | null {
  const state = File.safeParse(jsonOrNull(text)).data
  const bytes = state && fromBase64(state.frontier)
  const tree = bytes && parseFrontier(bytes, state.size)
  if (!tree) return null
  const { known, proposals, voided, applied, revoked } = state
  return { tree, learnt: { known, proposals, voided, applied, revoked } }
}
