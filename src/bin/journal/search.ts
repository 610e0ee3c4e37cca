import { Command } from 'commander'
import { toBase64 } from '../../base/bytes.ts'
import { searchSource } from '../../journal/source-search.ts'
import { leafHash } from '../../log/leaf.ts'
import { Fault } from '../../model/fault.ts'
import { progressBar } from '../progress.ts'
import { judging } from './asked.ts'
import { type FilterOptions, filterOf, withFilter } from './filter-options.ts'
import { lineOf } from './line.ts'
import { type PlaceOptions, withPlaces } from './options.ts'
import { plain, plainJson } from './plain.ts'
import { openSources } from './sources.ts'
import { byPseudonym } from './whose.ts'

type Options = PlaceOptions & FilterOptions & { readonly limit: string; readonly json?: true }

/** `gatehouse journal search`: entries by who, what and when, each shown only from a body that is what its leaf hash says. */
export const searchCommand = (): Command =>
  withFilter(withPlaces(new Command('search')))
    .description('entries by who, what and when, out of the copy named; DATABASE_URL names the database. Each is shown only when its body has its leaf hash')
    .option('--limit <count>', 'show at most so many', '1000')
    .option('--json', 'a line of JSON for each: index, leaf hash, entry')
    .addHelpText(
      'after',
      '\nWhoever keeps the copy may leave entries out: `gatehouse journal verify` over the same copy shows whether any are.\nExit code: 0 searched, 1 the command was not understood, 2 an entry is not what its hash says, 3 could not be read or asked.',
    )
    .action((options: Options) => judging(() => search(options)))

async function search(options: Options): Promise<boolean> {
  const filter = await byPseudonym(filterOf(options), options.data, (line) => process.stderr.write(`${plain(line)}\n`))
  if (!/^[1-9]\d{0,8}$/.test(options.limit))
    throw new Fault('config_invalid', `\`${options.limit}\` is no count`, 'name how many entries to show at most with --limit')
  const [opened, ...others] = openSources(options)
  const bar = progressBar('entries looked through')
  let [shown, sound, more] = [0, true, false]
  try {
    if (others.length > 0) throw new Fault('config_invalid', 'several copies of the journal are named', 'name the one to search')
    for await (const found of searchSource({ source: opened.source, filter, find: opened.find, onProgress: ({ done, of }) => bar.show(done, of) })) {
      more = shown === Number(options.limit)
      if (more) break
      shown += 1
      if ('fault' in found) sound = false
      if (options.json)
        process.stdout.write(`${plainJson('fault' in found ? found : { index: found.index, leaf: toBase64(leafHash(found.body)), entry: found.entry })}\n`)
      else process.stdout.write(`${lineOf(found)}\n`)
    }
  } finally {
    bar.end()
    await Promise.all([opened, ...others].map(({ close }) => close()))
  }
  if (!options.json) process.stdout.write(more ? `and more: only the first ${shown} are shown, see --limit\n` : `${shown} entries\n`)
  return sound
}
