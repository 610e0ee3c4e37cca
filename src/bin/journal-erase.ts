import { Command, InvalidArgumentError } from 'commander'
import { erase, hold, type NotErased, release } from '../journal/vault/erase.ts'
import { HELD_MS } from '../journal/vault/fading.ts'
import { Fault } from '../model/fault.ts'
import { days, placed } from './keeper-options.ts'
import { type KeeperPlace, openKeeper } from './parts/keeper.ts'
import { progressBar } from './progress.ts'
import { unsweptLines } from './unswept.ts'

type EraseOptions = KeeperPlace & { readonly subject: string; readonly authority: string; readonly legalBasis: string; readonly backupsKeptDays: number }
type HoldOptions = KeeperPlace & { readonly subject: string; readonly authority: string; readonly case: string; readonly set?: true; readonly release?: true }

const DAY_MS = 86_400_000

/** `gatehouse journal erase`: one subject's keys, for good. */
export function eraseCommand(): Command {
  return placed(new Command('erase'))
    .description('destroys the keys of one person or account: what the house keeps of it becomes unreadable, and the journal verifies as before')
    .requiredOption('--subject <subject>', 'person:ID or account:NUMBER, or the pseudonym that entries of the journal have', subject)
    .requiredOption('--authority <who>', 'who ordered it')
    .requiredOption('--legal-basis <text>', 'by which law or duty')
    .option('--backups-kept-days <days>', 'for how many days your backups of the database and of the key folder are kept', days, 30)
    .action(eraseSubject)
}

/** `gatehouse journal hold`: while a case needs it, nothing of a subject can be erased. */
export function holdCommand(): Command {
  return placed(new Command('hold'))
    .description('keeps a subject from being erased while a case needs it, or lets it go')
    .requiredOption('--subject <subject>', 'person:ID or account:NUMBER, or the pseudonym that entries of the journal have', subject)
    .requiredOption('--case <number>', 'the number of the case; no names', caseNumber)
    .requiredOption('--authority <who>', 'who ordered it')
    .option('--set', 'from now on it is held')
    .option('--release', 'this case needs it no more')
    .action(holdSubject)
}

async function eraseSubject({ backupsKeptDays, legalBasis, ...options }: EraseOptions): Promise<void> {
  const keeper = await openKeeper(options)
  const bar = progressBar('ciphertexts emptied')
  try {
    const erased = await erase(keeper, { ...options, basis: legalBasis }, bar.show)
    if (!erased.ok) throw notErased(erased.refusal, options.subject)
    const { pseudonym, already, keys, months, payloads, unswept } = erased.value
    const until = new Date(Date.now() + backupsKeptDays * DAY_MS).toISOString().slice(0, 10)
    say(
      already
        ? `${pseudonym} was erased before; nothing was left to do`
        : `${pseudonym} is erased: ${keys} keys destroyed${months.length === 0 ? '' : ` (${months[0]} to ${months.at(-1)})`}, ${payloads} ciphertexts emptied`,
      ...unsweptLines(unswept),
      `running parts of the house forget its keys within ${HELD_MS / 1000} seconds`,
      'not reached from here, and to be let expire:',
      `  backups and standbys' archives of the database from before today: they hold the keys, wrapped; the last is gone on ${until} if backups are kept ${backupsKeptDays} days,`,
      '    or all of them are worthless at once after `gatehouse journal rekey`, which changes the master key while the house is stopped',
      "  the database's own write-ahead log: overwritten as it runs on, or with its archive",
      '  ciphertexts in a locked bucket: they stay until their retention ends, and nobody has their keys',
    )
  } finally {
    bar.end()
    await keeper.close()
  }
}

async function holdSubject({ case: caseId, set, release: releases, ...options }: HoldOptions): Promise<void> {
  if ((set === true) === (releases === true)) throw new Fault('config_invalid', 'a hold is either set or released', 'give one of --set and --release')
  const keeper = await openKeeper(options)
  try {
    const done = await (set ? hold : release)(keeper, { ...options, caseId })
    if (!done.ok) throw notErased(done.refusal, options.subject)
    if (!done.value)
      throw new Fault('config_invalid', set ? 'it is being erased already, or was' : 'no such hold stands', 'look at the journal for what was done')
    say(set ? `held for case ${caseId}: it cannot be erased until that is released` : `released from case ${caseId}`)
  } finally {
    await keeper.close()
  }
}

function notErased(refused: NotErased, name: string): Fault {
  switch (refused.why) {
    case 'held':
      return new Fault(
        'held',
        `\`${name}\` is held for ${refused.cases.map((one) => `case ${one}`).join(', ')}: nothing was erased`,
        'have the hold released first: `gatehouse journal hold --release`',
      )
    case 'unknown':
      return new Fault(
        'config_invalid',
        `nothing is kept under \`${name}\`: it is unknown, or was erased before`,
        'look for its pseudonym in the journal if it should be there',
      )
    case 'unrecorded':
      return new Fault(
        'postgres_unreachable',
        `the journal did not take the entry: ${refused.refusal.detail}`,
        'run the same command again: it goes on where it stopped',
      )
  }
}

function subject(text: string): string {
  if (/^(person|account):.+$/.test(text) || /^[pa]-[0-9a-z]{16}$/.test(text)) return text
  throw new InvalidArgumentError('it is person:ID, account:NUMBER, or a pseudonym such as p-4hb5rt0612mxhhs6.')
}

function caseNumber(text: string): string {
  if (/^[\w./-]{1,64}$/.test(text)) return text
  throw new InvalidArgumentError('letters, digits, dots, slashes and hyphens.')
}

const say = (...lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`)
