import { openPool } from '../../src/connectors/sql/pool.ts'
import { postgresConnector } from '../../src/connectors/sql/postgres.ts'
import type { Showing, Viewer } from '../../src/gate/show.ts'
import type { TestGate } from './gate.ts'
import { tokensOf } from './stages.ts'

/** The person whose agent asked, confirmed. */
export const ANNA: Viewer = { person: 'anna', confirmed: true }

/** The console's side of a gate: where a person sees what their agent prepared. `accounts` is what the person may see now. */
export type TestShowing = { readonly showing: Showing; accounts: readonly string[]; readonly close: () => Promise<void> }

export function showingOf(here: TestGate): TestShowing {
  const pool = openPool({ url: here.tms.roleUrl('tms_read'), max: 2, statementTimeoutMs: 5000, name: 'test console' })
  const { catalogue, drafts, record } = here.gate
  const shown: TestShowing = {
    accounts: ['A'],
    showing: { catalogue, drafts, record, tokensOf, connectors: { tms: postgresConnector(pool) }, accountsOf: async () => shown.accounts },
    close: () => pool.end(),
  }
  return shown
}
