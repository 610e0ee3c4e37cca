import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { Command } from 'commander'
import { toHex } from '../../base/bytes.ts'
import { sha256 } from '../../base/digest.ts'
import { type Proved, proveEntry } from '../../journal/source-proof.ts'
import { searchSource } from '../../journal/source-search.ts'
import type { Trust } from '../../journal/verify-trust.ts'
import { Fault } from '../../model/fault.ts'
import { progressBar } from '../progress.ts'
import { judging } from './asked.ts'
import { type CaseFolder, openCase } from './case-folder.ts'
import { type CustodyPlace, custodyPlace, recordHanding } from './custody.ts'
import { type FilterOptions, filterOf, withFilter } from './filter-options.ts'
import { type PlaceOptions, withPlaces } from './options.ts'
import { plain } from './plain.ts'
import { type Opened, openSources, pilotKeys } from './sources.ts'
import { type Trusted, trusted } from './trusted.ts'

type Options = PlaceOptions &
  FilterOptions & { readonly case: string; readonly reason: string; readonly by?: string; readonly out?: string; readonly custodyEntry: boolean }

/** Signing is at most a second or so behind. */
const SIGNED_WITHIN = 20
const LOOK_AGAIN_MS = 500

/** `gatehouse journal export`: entries with their proofs in a folder that anybody can check without us; that it was made is itself an entry. */
export const exportCommand = (): Command =>
  withFilter(withPlaces(new Command('export')))
    .description(
      'write entries with their proofs, checkpoints and keys into a folder that anybody can check offline, and record in the journal that it was done',
    )
    .requiredOption('--case <name>', 'what the case is called')
    .requiredOption('--reason <text>', 'on whose word and why; it stands in the journal')
    .option('--by <who>', 'who exports; the name of this account otherwise')
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
  const custody = options.custodyEntry ? custodyPlace(options.data) : null
  const [opened, ...others] = openSources(options)
  try {
    if (others.length > 0) throw new Fault('config_invalid', 'several copies of the journal are named', 'name the one to export from')
    const believing = await trusted({ key: options.key ?? (options.data === undefined ? undefined : pilotKeys(options.data).key), policy: options.policy })
    const by = options.by ?? userInfo().username
    const draft = `${out}.draft`
    await rm(draft, { recursive: true, force: true })
    const folder = await openCase(
      draft,
      { name: options.case, reason: options.reason, by, at: new Date().toISOString(), filter: filterOf(options), custody: custody !== null },
      believing,
    )
    try {
      return await fill({ opened, believing, folder, draft, out, options, by, custody })
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  } finally {
    await Promise.all([opened, ...others].map(({ close }) => close()))
  }
}

type Filling = {
  readonly opened: Opened
  readonly believing: Trusted
  readonly folder: CaseFolder
  readonly draft: string
  readonly out: string
  readonly options: Options
  readonly by: string
  readonly custody: CustodyPlace | null
}

/** Nothing stands under its name until all of it is there and, where it shall be, recorded. */
async function fill({ opened, believing, folder, draft, out, options, by, custody }: Filling): Promise<boolean> {
  const unsound = await collect(opened, believing.trust, options, folder)
  if (unsound !== null) {
    process.stderr.write(`nothing was exported: ${plain(unsound)}\n`)
    return false
  }
  const { count, first, last, manifest } = await folder.finish()
  if (count === 0) throw new Fault('config_invalid', 'no entry matches', 'look with `gatehouse journal search` first')
  if (custody !== null) {
    const digest = toHex(sha256(manifest))
    const told = { name: options.case, reason: options.reason, by, from: first, to: last + 1, file: 'manifest.sha256', sha256: digest }
    const receipt = await recordHanding(custody, told)
    await folder.custody({ index: receipt.index, leaf: receipt.leaf, manifest: digest })
  }
  await rename(draft, out)
  process.stdout.write(`${count} entries with their proofs are in \`${out}\`; its README.md says how to check them\n`)
  return true
}

/** Each matching entry with its proof into the folder; or why not, in a sentence. */
async function collect(opened: Opened, trust: Trust, options: Options, folder: CaseFolder): Promise<string | null> {
  const bar = progressBar('entries looked through')
  try {
    for await (const found of searchSource({
      source: opened.source,
      filter: filterOf(options),
      find: opened.find,
      onProgress: ({ done, of }) => bar.show(done, of),
    })) {
      if ('fault' in found) return found.fault
      const proved = await provedSoon(opened, trust, found.index)
      if (typeof proved === 'string') return proved
      await folder.add({ ...proved, at: found.entry.at, kind: found.entry.kind })
    }
    return null
  } finally {
    bar.end()
  }
}

async function provedSoon({ source }: Opened, trust: Trust, index: number): Promise<Proved | string> {
  for (let tries = 1; ; tries++) {
    const proved = await proveEntry({ source, trust }, index)
    if (proved.ok) return proved.value
    if (tries === SIGNED_WITHIN || !proved.refusal.startsWith('no checkpoint covers')) return proved.refusal
    await wait(LOOK_AGAIN_MS)
  }
}
