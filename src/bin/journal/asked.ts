import { Fault } from '../../model/fault.ts'
import { plainLines } from './plain.ts'

/** Exit codes of what looks at the journal and judges; documented in the auditor's guide. */
export const EXIT = { holds: 0, doesNotHold: 2, couldNotAsk: 3 } as const

/** Runs a command that judges: exit code 2 when it says that something does not hold, 3 when it could not be read or asked at all. */
export async function judging(work: () => Promise<boolean>): Promise<void> {
  try {
    process.exitCode = (await work()) ? EXIT.holds : EXIT.doesNotHold
  } catch (cause) {
    const fault = cause instanceof Fault ? cause : unreadable(cause)
    process.stderr.write(`gatehouse: ${plainLines(fault.message)}\n  code: ${fault.code}\n  next: ${plainLines(fault.next)}\n`)
    process.exitCode = EXIT.couldNotAsk
  }
}

/** What the database's driver throws when it cannot go on; a mistake of ours is thrown on, with its stack. */
function unreadable(cause: unknown): Fault {
  if (cause instanceof TypeError || cause instanceof RangeError || !(cause instanceof Error)) throw cause
  return new Fault('postgres_unreachable', `the journal cannot be read: ${cause.message || 'no answer'}`, 'check DATABASE_URL, and who may read the journal', {
    cause,
  })
}
