import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { Command } from 'commander'
import { toHex } from '../../base/bytes.ts'
import { sha256 } from '../../base/digest.ts'
import type { EntryFilter } from '../../journal/source-filter.ts'
import { searchSource } from '../../journal/source-search.ts'
import type { Trust } from '../../journal/verify-trust.ts'
import { Fault } from '../../model/fault.ts'
import { VAULT_KEY } from '../parts/vault.ts'
import { progressBar } from '../progress.ts'
import { judging } from './asked.ts'
import { type CaseFolder, type CaseHead, CUSTODY_PROOF, laterProof, openCase } from './case-folder.ts'
import { type Custody, openCustody } from './custody.ts'
import { type FilterOptions, filterOf, withFilter } from './filter-options.ts'
import { type PlaceOptions, withPlaces } from './options.ts'
import { plain } from './plain.ts'
import { provedSoon } from './proved-soon.ts'
import { type Opened, openSources, pilotKeys } from './sources.ts'
import { type Trusted, trusted } from './trusted.ts'
import { byPseudonym } from './whose.ts'

type Options = PlaceOptions &
  FilterOptions & { readonly case: string; readonly reason: string; readonly by?: string; readonly out?: string; readonly custodyEntry: boolean }

/** Signing is at most a second or so behind. */
const SIGNED_WITHIN_SECONDS = 10

/** `gatehouse journal export`: entries with their proofs in a folder that anybody can check without us; that it was made is itself an entry. */
export const exportCommand = (): Command =>
  withFilter(withPlaces(new Command('export')))
    .description(
      'write entries with their proofs, checkpoints and keys into a folder that anybody can check offline, and record in the journal that it was done',
    )
    .requiredOption('--case <name>', 'what the case is called')
    .requiredOption('--reason <text>', `on whose word and why; it stands in the folder and, with --data or ${VAULT_KEY}, sealed in the journal's entry`)
    .option('--by <who>', "who exports, likewise, in the journal's entry by pseudonym; the name of this account otherwise")
    .option('--out <folder>', 'a folder that is not there yet; `case-NAME` here otherwise')
    .option('--no-custody-entry', 'record nothing in the journal: the folder says so (for a copy whose journal cannot be reached)')
    .addHelpText(
      'after',
      '\nExit code: 0 written, 1 the command was not understood, 2 the copy does not hold what was signed, 3 could not be read, asked or recorded.',
    )
    .action((options: Options) => judging(() => exportCase(options)))

async function exportCase(options: Options): Promise<boolean> {
  const out = options.out ?? `case-${options.case}`
  if (!/^[\w.-]{1,64}$/.test(options.case))
    throw new Fault('config_invalid', `\`${options.case}\` is no name of a case`, 'use up to 64 letters, digits, dots, dashes')
  if (options.reason.trim() === '') throw new Fault('config_invalid', 'no reason is given', 'say with --reason on whose word and why')
  if (existsSync(out)) throw new Fault('config_invalid', `\`${out}\` is there already`, 'name another folder with --out')
  const filter = await byPseudonym(filterOf(options), options.data, (line) => process.stderr.write(`${plain(line)}\n`))
  const believing = await trusted({ key: options.key ?? (options.data === undefined ? undefined : pilotKeys(options.data).key), policy: options.policy })
  const custody = options.custodyEntry ? await openCustody(options) : null
  try {
    return await exportFrom({ believing, custody, filter, out, options })
  } finally {
    await custody?.close()
  }
}

type Export = {
  readonly believing: Trusted
  readonly custody: Custody | null
  readonly filter: EntryFilter
  readonly out: string
  readonly options: Options
}

/** Nothing stands under its name until all of it is there and, where it shall be, recorded. */
async function exportFrom({ believing, custody, filter, out, options }: Export): Promise<boolean> {
  const [opened, ...others] = openSources(options, { trust: believing.trust })
  const draft = `${out}.draft`
  try {
    if (others.length > 0) throw new Fault('config_invalid', 'several copies of the journal are named', 'name the one to export from')
    await rm(draft, { recursive: true, force: true })
    const head = { name: options.case, reason: options.reason, by: options.by ?? userInfo().username, at: new Date().toISOString(), filter }
    const folder = await openCase(draft, { ...head, custody: custody === null ? 'none' : custody.sealed ? 'sealed' : 'bare' }, believing)
    const unsound = await collect({ opened, trust: believing.trust, filter, folder })
    if (unsound !== null) {
      process.stderr.write(`nothing was exported: ${plain(unsound)}\n`)
      return false
    }
    const { count, ...finished } = await folder.finish()
    if (count === 0) throw new Fault('config_invalid', 'no entry matches', 'look with `gatehouse journal search` first')
    const told = custody && (await tell({ custody, trust: believing.trust, folder, head, out, ...finished }))
    await rename(draft, out)
    process.stdout.write(`${count} entries with their proofs are in \`${out}\`; its README.md says how to check them\n${told ?? ''}`)
    return true
  } finally {
    await rm(draft, { recursive: true, force: true })
    await Promise.all([opened, ...others].map(({ close }) => close()))
  }
}

type Telling = {
  readonly custody: Custody
  readonly trust: Trust
  readonly folder: CaseFolder
  readonly head: Pick<CaseHead, 'name' | 'reason' | 'by'>
  readonly out: string
} & Omit<Awaited<ReturnType<CaseFolder['finish']>>, 'count'>

/** Records the export, and puts the entry that tells of it into the folder; what to say of that. */
async function tell({ custody, trust, folder, head: { name, reason, by }, out, first, last, manifest }: Telling): Promise<string> {
  const digest = toHex(sha256(manifest))
  const entry = await custody.record({ name, reason, by, from: first, to: last + 1, file: 'manifest.sha256', sha256: digest })
  const proved = await custody.prove(trust, entry.index)
  await folder.custody({ ...entry, manifest: digest, proof: proved.ok ? proved.value.text : null })
  if (proved.ok) return `entry ${entry.index} of the journal tells of it, and is in the folder with its proof\n`
  return `entry ${entry.index} of the journal tells of it, and is in the folder without its proof: ${plain(proved.refusal)}\n  later: ${laterProof(entry.index, `${out}/${CUSTODY_PROOF}`)}\n`
}

type Collecting = { readonly opened: Opened; readonly trust: Trust; readonly filter: EntryFilter; readonly folder: CaseFolder }

/** Each matching entry with its proof into the folder; or why not, in a sentence. */
async function collect({ opened: { source, find }, trust, filter, folder }: Collecting): Promise<string | null> {
  const bar = progressBar('entries looked through')
  try {
    for await (const found of searchSource({ source, filter, find, onProgress: ({ done, of }) => bar.show(done, of) })) {
      if ('fault' in found) return found.fault
      const proved = await provedSoon({ source, trust }, found.index, SIGNED_WITHIN_SECONDS)
      if (!proved.ok) return proved.refusal
      await folder.add({ ...proved.value, at: found.entry.at, kind: found.entry.kind })
    }
    return null
  } finally {
    bar.end()
  }
}
