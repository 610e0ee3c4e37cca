import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { writeDurably } from '../../journal/durable-file.ts'
import { proveEntry } from '../../journal/source-proof.ts'
import { Fault } from '../../model/fault.ts'
import { judging } from './asked.ts'
import { type PlaceOptions, withPlaces } from './options.ts'
import { plain } from './plain.ts'
import { openSources, pilotKeys } from './sources.ts'
import { trusted } from './trusted.ts'

type Options = PlaceOptions & { readonly out?: string; readonly entry?: string }

/** `gatehouse journal proof N`: the receipt of an entry, to be kept and checked by anybody without us. */
export const proofCommand = (): Command =>
  withPlaces(new Command('proof'))
    .description('write the receipt (C2SP tlog-proof) of entry N out of the copy named, verified; DATABASE_URL names the database')
    .argument('<index>', "the entry's index in the journal, as an answer bears it")
    .option('--out <file>', 'write the receipt there, instead of to standard output')
    .option('--entry <file>', "write the entry's own bytes there, which the receipt is for")
    .addHelpText('after', '\nExit code: 0 written, 1 the command was not understood, 2 the copy does not hold what was signed, 3 could not be read or asked.')
    .action((index: string, options: Options) => judging(() => prove(index, options)))

async function prove(index: string, options: Options): Promise<boolean> {
  if (!/^(0|[1-9][0-9]*)$/.test(index))
    throw new Fault('config_invalid', `\`${index}\` is no index of an entry`, "name the entry's index, a whole number from 0 on")
  const { trust } = await trusted({ key: options.key ?? (options.data === undefined ? undefined : pilotKeys(options.data).key), policy: options.policy })
  const [opened, ...others] = openSources(options, { trust })
  try {
    if (others.length > 0) throw new Fault('config_invalid', 'several copies of the journal are named', 'name the one that the proof shall come from')
    const proved = await proveEntry({ source: opened.source, trust }, Number(index))
    if (!proved.ok) {
      process.stderr.write(`no receipt: ${plain(proved.refusal)}\n`)
      return false
    }
    if (options.entry !== undefined) await writeFile(options.entry, proved.value.body, { mode: 0o600 })
    if (options.out === undefined) process.stdout.write(proved.value.text)
    else await writeDurably(options.out, proved.value.text)
    if (options.out !== undefined) process.stdout.write(`entry ${index} is under the checkpoint of size ${proved.value.size}: \`${options.out}\`\n`)
    return true
  } finally {
    await Promise.all([opened, ...others].map(({ close }) => close()))
  }
}
