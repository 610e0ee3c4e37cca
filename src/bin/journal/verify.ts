import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import type { Foreign } from '../../journal/checkpoint-judge.ts'
import { signerStateFile } from '../../journal/signer-state.ts'
import type { Claim } from '../../journal/source.ts'
import { type Report, verifyLog } from '../../journal/verify.ts'
import { openInspectors } from '../../journal/verify-inspectors.ts'
import { verifiedState } from '../../journal/verify-state.ts'
import type { Frontier } from '../../log/frontier.ts'
import { parseTlogProof } from '../../log/tlog-proof.ts'
import { Fault } from '../../model/fault.ts'
import { progressBar } from '../progress.ts'
import { judging } from './asked.ts'
import { httpArchive } from './http-archive.ts'
import { fileOf, type PlaceOptions, withPlaces } from './options.ts'
import { plainJson } from './plain.ts'
import { reportText } from './report-text.ts'
import { bucketOf, type Opened, type OpenPayloads, openDatabase, openPayloads, openSources, pilotArchive, pilotKeys } from './sources.ts'
import { type Trusted, trustDigest, trusted } from './trusted.ts'

type Options = PlaceOptions & {
  readonly against?: readonly string[]
  readonly incremental?: string
  readonly payloads?: true
  readonly stopped?: true
  readonly json?: true
}

/** Entries that an archive may be behind the signer, which publishes twice a second; and a copy under lock, which is filled once a minute, bundle by bundle. */
const ARCHIVE_LAG_MAX = 1024
const LOCKED_LAG_MAX = 131_072

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** `gatehouse journal verify`: recomputes everything from the entries' own bytes, and says what does not fit and where. */
export const verifyCommand = (): Command =>
  withPlaces(new Command('verify'))
    .description(
      'recompute every entry, the tree and every checkpoint of each copy named; DATABASE_URL names the database (any role that may read the journal)',
    )
    .option('--signed <file>', "the signer's own memory, `journal.signed`: shows a journal that was cut back together with its checkpoints")
    .option(
      '--against <place>',
      'a checkpoint or receipt kept elsewhere (SIEM, witness, paper, WORM): its file, its address, or s3://BUCKET/PREFIX for the newest in a bucket; again for each',
      collect,
    )
    .option('--incremental <file>', 'remember what was verified in this file of your own, and read only what came after')
    .option(
      '--payloads',
      'also hold every ciphertext against the entry that names it: in the vault of the database (DATABASE_URL, also beside another copy; a role that may read `payload`), or in a copy under Object Lock',
    )
    .option('--stopped', 'the house was stopped or killed: its last minute may be unsigned, and its last ten minutes unwitnessed, by its own clock')
    .option('--json', 'the report as JSON')
    .addHelpText(
      'after',
      '\nExit code: 0 verifies (a copy under Object Lock as far as it goes, which the report says), 1 the command was not understood, 2 does not verify, 3 could not be read or asked.',
    )
    .action((options: Options) => judging(() => verify(options)))

async function verify(options: Options): Promise<boolean> {
  const files = { ...(options.data === undefined ? {} : pilotKeys(options.data)), ...defined({ key: options.key, signed: options.signed }) }
  const believing = await trusted({ key: files.key, policy: options.policy })
  const sources = openSources(options, { both: options.incremental === undefined, trust: believing.trust })
  const payloads = options.payloads ? openPayloads(sources) : null
  try {
    const remembered = files.signed === undefined ? null : await rememberedIn(files.signed)
    if (options.incremental !== undefined && sources.length > 1)
      throw new Fault(
        'config_invalid',
        '--incremental remembers one copy of the journal, and several are named',
        'verify each by itself, with a file of its own',
      )
    const against = await Promise.all((options.against ?? []).map((place) => foreignAt(place, options, believing)))
    const { incremental, stopped } = options
    const work = { sources, believing, remembered, against, incremental, payloads, stopped }
    const reports = await verifyAll(work)
    const [first] = reports
    if (options.json) process.stdout.write(`${plainJson(reports.length === 1 ? first : together(reports), 2)}\n`)
    else process.stdout.write(reports.map((report) => reportText(report, reports.length === 1 ? null : report.source)).join(''))
    return reports.every(({ ok }) => ok)
  } finally {
    await Promise.all([...sources, ...(payloads ? [payloads] : [])].map(({ close }) => close()))
  }
}

/** Several copies in one report: what is wrong with each, and each report. */
const together = (reports: readonly Report[]) => ({
  ok: reports.every(({ ok }) => ok),
  faults: reports.flatMap(({ source, faults }) => faults.map((fault) => `${source}: ${fault}`)),
  sources: reports,
})

type Work = {
  readonly sources: readonly [Opened, ...Opened[]]
  readonly believing: Trusted
  readonly remembered: Frontier | null
  readonly against: readonly Foreign[]
  readonly incremental?: string | undefined
  readonly payloads?: OpenPayloads | null
  readonly stopped?: true | undefined
}

async function verifyAll({ sources, believing, remembered, against, incremental, payloads, stopped }: Work): Promise<readonly Report[]> {
  const { trust } = believing
  // Read first: what an archive shows now, the database must have had before.
  const shown = await Promise.all(sources.map(async ({ source, archive }) => (archive ? await source.claim() : null)))
  const payloadOfs = sources.map((copy, at) => payloads?.of(copy, (shown[at]?.lacking ?? null) !== null) ?? null)
  const reports: Report[] = []
  for (const [at, { source }] of sources.entries()) {
    // An archive follows the table: only what it already has can be asked of it.
    const own = shown[at]?.size ?? Infinity
    const others = shown.flatMap((claim, i): readonly Foreign[] =>
      i !== at && claim?.newest && claim.newest.size <= own ? [{ name: sources[i]?.source.name ?? '', note: claim.newest.note }] : [],
    )
    const state = incremental === undefined ? null : verifiedState(incremental, { log: trust.name, source: source.name, trust: trustDigest(believing) })
    const from = (await state?.load()) ?? null
    const bar = progressBar(`entries verified in ${source.name}`)
    // One core is this thread's own.
    const inspectors = openInspectors(Math.max(1, availableParallelism() - 1))
    try {
      const { report, vouched } = await verifyLog({
        source,
        trust,
        against: [...against, ...others],
        remembered,
        lagMax: lagMaxOf(shown[at] ?? null),
        tail: stopped ? 'stopped' : 'due',
        inspect: inspectors.inspect,
        payloadOf: payloadOfs[at] ?? null,
        now: Date.now(),
        onProgress: ({ verified, size }) => bar.show(verified, size),
        ...(from && { from }),
      })
      if (report.ok) await state?.save(vouched)
      reports.push(report)
    } finally {
      bar.end()
      await inspectors.close()
    }
  }
  return reports
}

const lagMaxOf = (archived: Claim | null): number => (archived === null ? 0 : archived.lacking === null ? ARCHIVE_LAG_MAX : LOCKED_LAG_MAX)

/** The journal at a database, verified by a key and perhaps the signer's memory: for a program that has raised the house itself. `data`: a pilot's, with its archive. */
export async function verifyAt(url: string, keyFile: string, signedFile?: string, data?: string): Promise<Report> {
  const believing = await trusted({ key: keyFile })
  const remembered = signedFile === undefined ? null : await rememberedIn(signedFile)
  const database = openDatabase(url, { behind: pilotArchive({ ...(data !== undefined && { data }) })[0] ?? null })
  try {
    const [report] = await verifyAll({ sources: [database], believing, remembered, against: [] })
    return report as Report
  } finally {
    await database.close()
  }
}

async function rememberedIn(file: string): Promise<Frontier> {
  const remembered = await signerStateFile(file).load()
  if (remembered) return remembered
  throw new Fault('config_invalid', `${file} is not there`, "name the signer's `journal.signed`, or leave --signed out")
}

/** A checkpoint's note out of a file or from an address, by itself or in a receipt; of a bucket, the newest. */
async function foreignAt(place: string, options: PlaceOptions, { trust }: Trusted): Promise<Foreign> {
  if (place.startsWith('s3://')) return { name: `\`${place}\``, ...(await newestIn(bucketOf({ ...options, bucket: place }, trust))) }
  const text = /^https?:\/\//.test(place) ? await noteAt(place) : fileOf('--against', place)
  const proof = parseTlogProof(text)
  return { name: `\`${place}\``, note: proof.ok ? proof.value.checkpoint : text }
}

async function newestIn(bucket: Opened | null): Promise<Omit<Foreign, 'name'>> {
  try {
    const claim = await bucket?.source.claim()
    if (claim?.newest) return { note: claim.newest.note, ...(claim.doubt !== undefined && { doubt: claim.doubt }) }
    throw new Fault('data_unreachable', claim?.fault ?? 'there is no checkpoint', 'correct the address of --against')
  } finally {
    await bucket?.close()
  }
}

async function noteAt(place: string): Promise<string> {
  const end = place.lastIndexOf('/') + 1
  const archive = httpArchive({ url: place.slice(0, end), token: null, ca: null })
  try {
    const bytes = await archive.get(place.slice(end))
    if (bytes) return Buffer.from(bytes).toString()
    throw new Fault('gate_refused', `there is no checkpoint at \`${place}\``, 'correct the address of --against')
  } finally {
    await archive.close()
  }
}

const defined = <T extends { readonly [name: string]: string | undefined }>(values: T): { readonly [K in keyof T]?: string } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { readonly [K in keyof T]?: string }
