import { Command } from 'commander'
import { exportCommand } from './journal/export.ts'
import { proofCommand } from './journal/proof.ts'
import { searchCommand } from './journal/search.ts'
import { verifyCommand } from './journal/verify.ts'
import { wormProbeCommand } from './journal/worm-probe.ts'
import { eraseCommand, holdCommand } from './journal-erase.ts'
import { pruneCommand } from './journal-prune.ts'
import { rekeyCommand } from './journal-rekey.ts'

/** `gatehouse journal`: what is done with the journal from outside the house. */
export function journalCommand(program: Command): void {
  const journal = new Command('journal').description('the journal: verify, proof, search, export, erase, hold, rekey, prune, worm-probe')
  journal.addCommand(verifyCommand())
  journal.addCommand(proofCommand())
  journal.addCommand(searchCommand())
  journal.addCommand(exportCommand())
  journal.addCommand(wormProbeCommand())
  journal.addCommand(eraseCommand())
  journal.addCommand(holdCommand())
  journal.addCommand(rekeyCommand())
  journal.addCommand(pruneCommand())
  program.addCommand(journal)
}
