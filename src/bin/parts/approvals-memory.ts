import { join } from 'node:path'
import { type ApprovalsState, parseState, spellState } from '../../gate/approvals-state.ts'
import { putText, readKept } from '../../store/cluster/kept-file.ts'

/** What the applier learnt of the journal, in its own key folder. */
const STATE = 'approvals.state'

/**
 * The applier's memory: spares it the whole journal at each start. Null where there is none, or none of this version. Whoever can write it reads all that the applier
 * holds; put there from another journal, it does not lead to what was signed. Fault of `readKept`: others may read the file, or it is another user's.
 */
export function approvalsMemory(folder: string): { readonly load: () => ApprovalsState | null; readonly save: (state: ApprovalsState) => void } {
  const path = join(folder, STATE)
  return {
    load() {
      const text = readKept(path)
      return text === null ? null : parseState(text)
    },
    save: (state) => putText(path, spellState(state)),
  }
}
