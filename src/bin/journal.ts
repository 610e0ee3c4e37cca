import { join } from 'node:path'
import { Command } from 'commander'
import { readVkey } from '../journal/key.ts'
import { signerStateFile } from '../journal/signer-state.ts'
import { verifyJournal } from '../journal/verify.ts'
import { Fault } from '../model/fault.ts'
import { visitCluster } from '../store/cluster/visit.ts'
import { PROCESS_ROLES } from '../store/grants.ts'
import { journalStore } from '../store/journal-store.ts'
import { openStorePool } from '../store/open-pool.ts'
import { progressBar } from './progress.ts'

type Options = { readonly data?: string; readonly key?: string; readonly signed?: string; readonly json?: true }

/** `gatehouse journal verify`: recomputes everything from the entries' own bytes, and says what does not fit and where. */
export function journalCommand(program: Command): void {
  const journal = new Command('journal').description('the journal: verify')
  journal
    .command('verify')
    .description('recompute every entry, the tree and every checkpoint; DATABASE_URL names the database (any role that may read the journal)')
    .option('--data <folder>', "the running pilot's data folder, instead of DATABASE_URL, --key and --signed")
    .option('--key <file>', "the signer's verifier key, `journal.key.vkey`, from where you trust it")
    .option('--signed <file>', "the signer's own memory, `journal.signed`: shows a journal that was cut back together with its checkpoints")
    .option('--json', 'the report as JSON')
    .action(async (options: Options) => {
      const { url, key, signed } = placesOf(options)
      const report = await verifyAt(url, key, signed)
      process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : sentences(report))
      if (!report.ok) process.exitCode = 2
    })
  program.addCommand(journal)
}

type Places = { readonly url: string; readonly key: string; readonly signed?: string }

/** Where the journal and its keys lie. A pilot's folder has all of it; an auditor brings the key from elsewhere. */
function placesOf({ data, key, signed }: Options): Places {
  if (data !== undefined) {
    const keys = join(data, 'keys', 'sign')
    return {
      url: visitCluster(data, 'gatehouse', PROCESS_ROLES.sign, 'db-sign'),
      key: key ?? join(keys, 'journal.key.vkey'),
      signed: signed ?? join(keys, 'journal.signed'),
    }
  }
  const url = process.env['DATABASE_URL']
  if (!url)
    throw new Fault('config_invalid', 'DATABASE_URL is not set', 'set it to the database that holds the journal, or name a running pilot with --data FOLDER')
  if (key === undefined)
    throw new Fault('config_invalid', 'no verifier key is named', "add --key FILE, the signer's `journal.key.vkey` from where you trust it")
  return { url, key, ...(signed === undefined ? {} : { signed }) }
}

export async function verifyAt(url: string, keyFile: string, signedFile?: string) {
  const vkey = await readVkey(keyFile)
  const remembered = signedFile === undefined ? null : await rememberedIn(signedFile)
  const pool = openStorePool({ connectionString: url, max: 2, connectionTimeoutMillis: 5000 })
  const bar = progressBar('entries verified')
  try {
    return await verifyJournal({ store: journalStore({ pool }), vkey, remembered, onProgress: ({ verified, size }) => bar.show(verified, size) })
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('postgres_unreachable', `the journal cannot be read: ${cause instanceof Error ? cause.message : 'no answer'}`, 'check DATABASE_URL', {
      cause,
    })
  } finally {
    bar.end()
    await pool.end()
  }
}

async function rememberedIn(file: string) {
  const remembered = await signerStateFile(file).load()
  if (remembered) return remembered
  throw new Fault('config_invalid', `${file} is not there`, "name the signer's `journal.signed`, or leave --signed out")
}

export function sentences(report: Awaited<ReturnType<typeof verifyJournal>>): string {
  const head = `${report.size} entries, ${report.checkpoints} checkpoints, root ${report.root}; ${report.unsignedTail} entries after the last checkpoint\n`
  if (report.ok) return `the journal verifies: ${head}`
  return `THE JOURNAL DOES NOT VERIFY: ${head}${report.faults.map((fault) => `  - ${typeof fault === 'string' ? fault : JSON.stringify(fault)}\n`).join('')}`
}
