import { openRefusals, type Refusals } from '../../desk/refusals.ts'
import type { Receipt, Record } from '../../journal/record.ts'
import { sourceCount } from '../../limits/source-count.ts'
import { complain } from '../parts/house.ts'
import { every } from '../parts/part.ts'

const TOLD_EVERY_MS = 60_000

/** The console's refusals into the journal; strangers' once a minute, and a last time on closing. */
export function tellRefusals(record: Record): Pick<Refusals<Receipt>, 'record' | 'refused'> & { readonly close: () => Promise<void> } {
  const { tell, ...refusals } = openRefusals({ record, counts: sourceCount })
  const loop = every(TOLD_EVERY_MS, tell, (cause) => complain('gate', cause))
  return {
    ...refusals,
    close: async () => {
      await loop.stop()
      await tell()
    },
  }
}
