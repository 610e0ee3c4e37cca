import { Command } from 'commander'
import { type NotRekeyed, rekey } from '../journal/vault/rekey.ts'
import { Fault } from '../model/fault.ts'
import { plainLines } from './journal/plain.ts'
import type { KeeperPlace } from './parts/keeper.ts'
import { openRekeeper } from './parts/rekeeper.ts'
import { progressBar } from './progress.ts'
import { unsweptLines } from './unswept.ts'

/** `gatehouse journal rekey`: another master key, and with it an end to every backup of the database from before. */
export const rekeyCommand = (): Command =>
  new Command('rekey')
    .description(
      'puts every key of the vault under a new master key and destroys the old one, while the house is stopped: of backups from before nothing opens any more',
    )
    .requiredOption('--authority <who>', 'on whose word')
    .option('--data <folder>', 'the data folder of a pilot that is stopped')
    .option(
      '--config <file>',
      'the configuration that `gatehouse serve` runs with; DATABASE_URL then names its PostgreSQL as administrator, and a master key in GATEHOUSE_VAULT_KEY is followed by GATEHOUSE_VAULT_KEY_NEXT',
    )
    .action(rekeyHouse)

async function rekeyHouse({ authority, ...place }: KeeperPlace & { readonly authority: string }): Promise<void> {
  const keeper = await openRekeeper(place)
  const bar = progressBar('keys under the new master key')
  try {
    const rekeyed = await rekey(keeper, { authority }, bar.show)
    if (!rekeyed.ok) throw notRekeyed(rekeyed.refusal)
    const { already, subjects, keys, unswept } = rekeyed.value
    say(
      already
        ? 'every key was under the new master key already: what a run before had left to do is done'
        : `under the new master key: the keys of ${subjects} subjects, and ${keys} keys of their months`,
      ...unsweptLines(unswept),
      ...keeper.change.left,
    )
  } finally {
    bar.end()
    await keeper.close()
  }
}

const AGAIN = 'then run the same command again'

function notRekeyed(refused: NotRekeyed): Fault {
  switch (refused.why) {
    case 'connected':
      return new Fault(
        'data_in_use',
        `who may hold the old master key is connected: ${refused.names.join(', ')}; nothing was changed`,
        `stop the house and what else is named, ${AGAIN}`,
      )
    case 'busy':
      return new Fault('data_in_use', 'a transaction, perhaps a backup, holds the tables of keys; nothing was changed', `let it end, ${AGAIN}`)
    case 'another':
      return new Fault(
        'config_invalid',
        "neither the vault's master key nor the next one is what this database was begun with; nothing was changed",
        `restore the master key from your backup, ${AGAIN}`,
      )
    case 'altered':
      return new Fault(
        'vault_altered',
        `the row \`${refused.row}\` of the vault does not open under its master key, or was put back after its erasure: somebody altered it; nothing was changed`,
        `restore that row from a backup, or set its \`wrapped\` to null where it was erased, ${AGAIN}`,
      )
    case 'beside':
      return new Fault(
        'vault_altered',
        `the row \`${refused.row}\` of the vault does not open under the new master key as others do: somebody put it back; the old master key is not destroyed`,
        `restore vault_subject and vault_key whole from one backup, or set \`wrapped\` of that row to null where it was erased, ${AGAIN}`,
      )
    case 'unrecorded':
      return new Fault(
        'postgres_unreachable',
        `the journal did not take the entry, and nothing was changed: ${refused.refusal.detail}`,
        'run the same command again',
      )
  }
}

const say = (...lines: readonly string[]): void => void process.stdout.write(`${plainLines(lines.join('\n'))}\n`)
