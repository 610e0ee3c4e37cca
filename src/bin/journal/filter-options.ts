import type { Command } from 'commander'
import { ENTRY_KINDS, type EntryKind } from '../../journal/entry.ts'
import type { EntryFilter } from '../../journal/source-filter.ts'
import { Fault } from '../../model/fault.ts'

export type FilterOptions = {
  readonly session?: string
  readonly person?: string
  readonly device?: string
  readonly operation?: string
  readonly correlation?: string
  readonly change?: string
  readonly kind?: readonly string[]
  readonly field?: string
  readonly subject?: string
  readonly since?: string
  readonly until?: string
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** What to look for, on a command. */
export const withFilter = (command: Command): Command =>
  command
    .option('--session <id>', 'entries of this session')
    .option('--person <id>', 'of this person, or done on their word: a pseudonym, or the identifier of the configuration')
    .option('--device <id>', 'of this device')
    .option('--operation <name>', 'of this operation')
    .option('--correlation <id>', 'of the request that bore this id')
    .option('--change <id>', 'of this change request')
    .option('--kind <kind>', 'of this kind, such as ask.answered; again for each', collect)
    .option('--field <name>', 'in which this field was shown, covered or changed')
    .option('--subject <subject>', 'of this person, or about this account: a pseudonym, person:ID or account:NUMBER')
    .option('--since <time>', 'recorded at or after this time, such as 2026-09-01 or 2026-09-01T08:00:00Z')
    .option('--until <time>', 'recorded before this time')

/** Faults `config_invalid`: a time or a kind that is none. Names are as they were typed: see `whose.ts`. */
export const filterOf = ({ kind, since, until, session, person, device, operation, correlation, change, field, subject }: FilterOptions): EntryFilter => ({
  session,
  person,
  device,
  operation,
  correlation,
  change,
  field,
  subject,
  kinds: kind?.map(kindOf),
  since: timeOf('--since', since),
  until: timeOf('--until', until),
})

function kindOf(kind: string): EntryKind {
  const found = ENTRY_KINDS.find((one) => one === kind)
  if (found) return found
  throw new Fault('config_invalid', `\`${kind}\` is no kind of entry`, 'name one of docs/reference/entries.md')
}

function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const time = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw new Fault('config_invalid', `${option} \`${text}\` is no time`, 'write 2026-09-01 (midnight UTC), or 2026-09-01T08:00:00Z with its zone')
}
