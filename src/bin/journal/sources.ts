import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { bucketObjects } from '../../archive/bucket.ts'
import { bucketSettings } from '../../archive/bucket-address.ts'
import { folderObjects } from '../../archive/folder.ts'
import { lockedBucket } from '../../archive/locked-bucket.ts'
import { openS3 } from '../../archive/s3-client.ts'
import { findBehind, readBehind } from '../../journal/cold.ts'
import type { EntryStore } from '../../journal/entry-store.ts'
import type { LogSource } from '../../journal/source.ts'
import { keptPayloadOf } from '../../journal/source-kept.ts'
import type { FindBodies } from '../../journal/source-search.ts'
import { storeSource } from '../../journal/source-store.ts'
import { type TileArchive, tileSource } from '../../journal/source-tiles.ts'
import { payloadOf } from '../../journal/vault/read.ts'
import type { VaultStore } from '../../journal/vault/vault-store.ts'
import type { PayloadOf } from '../../journal/verify-payload.ts'
import type { Trust } from '../../journal/verify-trust.ts'
import { Fault } from '../../model/fault.ts'
import { visitCluster } from '../../store/cluster/visit.ts'
import { PROCESS_ROLES } from '../../store/grants.ts'
import { bulkFind, bulkRead, cosignedCheckpoints } from '../../store/journal-bulk.ts'
import { journalStore } from '../../store/journal-store.ts'
import { openStorePool } from '../../store/open-pool.ts'
import { prunedSize } from '../../store/pruned-store.ts'
import { vaultStore } from '../../store/vault-store.ts'
import { httpArchive } from './http-archive.ts'
import { lockedArchive, objectArchive } from './object-archive.ts'
import { fileOf, type PlaceOptions } from './options.ts'

/** A copy of the journal that was opened: an archive, or the table. */
export type Opened = {
  readonly source: LogSource
  readonly archive: TileArchive | null
  readonly store: EntryStore | null
  /** The table can look through itself. */
  readonly find: FindBodies | null
  /** What entries name and lies beside the table, in its vault. */
  readonly payloadOf: PayloadOf | null
  readonly close: () => Promise<void>
}

type Reading = { readonly both?: boolean; readonly trust?: Trust }

/** The journal's table that was opened, with the vault beside it. */
export type Database = Opened & { readonly store: EntryStore; readonly payloadOf: PayloadOf; readonly pool: pg.Pool }

/**
 * Every copy that the options name: the database by --data or DATABASE_URL unless only others are named. At least one; with `both`, a pilot's
 * archive beside its database; `trust` tells the checkpoints of a copy under lock from what somebody put beside them. Faults `config_invalid`, `data_unreachable`.
 */
export function openSources(options: PlaceOptions, { both = false, trust }: Reading = {}): readonly [Opened, ...Opened[]] {
  const named = [folderOf(options, trust), urlOf(options, trust), bucketOf(options, trust)].filter((one) => one !== null)
  const archives = named.length === 0 && both ? [...pilotArchive(options)] : named
  const url = databaseUrl(options, named.length > 0)
  const database = url === null ? [] : [openDatabase(url, { cosigned: options.policy !== undefined, behind: behindOf(options) })]
  const [first, ...rest] = [...database, ...archives]
  if (first) return [first, ...rest]
  throw new Fault(
    'config_invalid',
    'no copy of the journal is named: DATABASE_URL is not set',
    'set DATABASE_URL to the database that holds the journal, or name a running pilot with --data FOLDER, or an archive with --folder, --url or --bucket',
  )
}

/** Where payloads are looked for: of a copy under lock in itself first, of any in the vault of the database among the copies, or else of DATABASE_URL. */
export type OpenPayloads = {
  /** Fault `config_invalid` for a copy that has neither. */
  readonly of: (copy: Opened, isKept: boolean) => PayloadOf
  readonly close: () => Promise<void>
}

export function openPayloads(copies: readonly Opened[]): OpenPayloads {
  const among = copies.find((copy) => copy.payloadOf !== null) ?? null
  const url = process.env['DATABASE_URL']
  const beside = among === null && url ? openDatabase(url) : null
  const vault = (among ?? beside)?.payloadOf ?? null
  return {
    of: ({ archive }, isKept) => {
      if (archive && isKept) return keptPayloadOf(archive.kept ?? archive, vault)
      if (vault) return vault
      throw new Fault(
        'config_invalid',
        'payloads lie in the vault of the database, and none is named: their digests cannot be checked',
        'set DATABASE_URL beside the copy, to a role that may read `payload` (the archive’s), or leave --payloads out',
      )
    },
    close: async () => beside?.close(),
  }
}

/** The key and the memory of the signer in a pilot's folder; an auditor brings them from elsewhere. */
export function pilotKeys(data: string): { readonly key: string; readonly signed: string } {
  const keys = join(data, 'keys', 'sign')
  return { key: join(keys, 'journal.key.vkey'), signed: join(keys, 'journal.signed') }
}

/**
 * The journal's table at this database. `behind`: the archive that entries went to which left it. `cosigned`: with what witnesses said, for who wants a quorum;
 * the role must be one that may read that.
 */
export function openDatabase(
  url: string,
  { cosigned = false, behind = null }: { readonly cosigned?: boolean; readonly behind?: Pick<Opened, 'archive' | 'close'> | null } = {},
): Database {
  const pool = openStorePool({ connectionString: url, max: 3, connectionTimeoutMillis: 5000 })
  const pruned = prunedSize(pool)
  const read = readBehind(bulkRead({ pool }), { prunedSize: pruned, get: behind?.archive?.get ?? nowhere })
  const store = { ...journalStore({ pool }), read, ...(cosigned && { checkpoints: cosignedCheckpoints({ pool }) }) }
  const payloads = vaultStore(pool)
  return {
    source: storeSource(store, { prunedSize: pruned }),
    archive: null,
    pool,
    store,
    find: findBehind(bulkFind({ pool }), read, pruned),
    payloadOf: payloadOf({ payloads: gathered(payloads.payloads), keys: payloads.keys }),
    close: async () => void (await Promise.all([pool.end(), behind?.close()])),
  }
}

/** Who reads on where the table begins, and has nothing to read on in. */
const nowhere = (): Promise<never> =>
  Promise.reject(
    new Fault(
      'config_invalid',
      'the oldest entries have left the database, and no archive is named to read them from',
      'name it with --behind: a folder, the address it is served at, or s3://BUCKET/PREFIX',
    ),
  )

/** The archive behind the table: the one named, or a pilot's own. */
export function behindOf({ behind, ...options }: PlaceOptions): Opened | null {
  if (behind === undefined) return pilotArchive(options)[0] ?? null
  if (behind.startsWith('s3://')) return bucketOf({ ...options, bucket: behind })
  if (!/^https?:\/\//.test(behind)) return folderOf({ folder: behind })
  // Where two places are served, the token is for the one that --url names.
  const { tokenFile, ...others } = options
  return urlOf({ ...others, ...(options.url === undefined && tokenFile !== undefined && { tokenFile }), url: behind })
}

type Payloads = VaultStore['payloads']

/** Looks up what was asked for in one turn together. */
function gathered(payloads: Payloads): Payloads {
  let next: { readonly indices: number[]; readonly rows: ReturnType<Payloads> } | null = null
  return async (indices) => {
    const asked: number[] = next?.indices ?? []
    asked.push(...indices)
    next ??= {
      indices: asked,
      rows: Promise.resolve().then(() => {
        next = null
        return payloads(asked)
      }),
    }
    const wanted = new Set(indices)
    return (await next.rows).filter(({ index }) => wanted.has(index))
  }
}

function databaseUrl({ data }: PlaceOptions, others: boolean): string | null {
  if (data !== undefined) return visitCluster(data, 'gatehouse', PROCESS_ROLES.archive, 'db-archive')
  return others ? null : process.env['DATABASE_URL'] || null
}

const opened = (archive: TileArchive, trust?: Trust, close: () => Promise<void> = () => Promise.resolve()): Opened => ({
  source: tileSource(archive, trust && ((note) => sizeOf(trust.open(note)))),
  archive,
  store: null,
  find: null,
  payloadOf: null,
  close,
})

const sizeOf = (opening: ReturnType<Trust['open']>): number | null => (opening.ok ? opening.value.checkpoint.size : null)

function folderOf({ folder }: PlaceOptions, trust?: Trust): Opened | null {
  if (folder === undefined) return null
  if (!existsSync(folder)) throw new Fault('data_unreachable', `there is no folder \`${folder}\``, "name the folder of the journal's archive")
  return opened(objectArchive(`the folder \`${folder}\``, folderObjects(folder)), trust)
}

/** What the pilot has published beside its database: nothing yet, in its first second. */
export function pilotArchive({ data }: PlaceOptions): readonly Opened[] {
  const folder = data === undefined ? null : join(data, 'journal')
  const archive = folder !== null && existsSync(join(folder, 'checkpoint')) ? folderOf({ folder }) : null
  return archive ? [archive] : []
}

function urlOf({ url, tokenFile, ca }: PlaceOptions, trust?: Trust): Opened | null {
  if (url === undefined) return null
  const token = tokenFile === undefined ? null : fileOf('--token-file', tokenFile).trim()
  const archive = httpArchive({ url, token, ca: ca === undefined ? null : fileOf('--ca', ca) })
  return opened(archive, trust, archive.close)
}

/** An archive in a bucket, or the copy under lock there; null where none is named. Fault `config_invalid`. */
export function bucketOf({ bucket, region, endpoint, pathStyle }: PlaceOptions, trust?: Trust): Opened | null {
  if (bucket === undefined) return null
  const server = { region: region ?? process.env['AWS_REGION'] ?? 'us-east-1', endpoint: endpoint ?? null, pathStyle: pathStyle === true }
  const settings = bucketSettings(bucket, server)
  if (!settings) throw new Fault('config_invalid', `\`${bucket}\` is no bucket`, 'name it as s3://BUCKET or s3://BUCKET/PREFIX')
  const client = openS3(settings)
  const name = `the bucket \`${bucket}\``
  const kept = lockedArchive(name, lockedBucket({ client, settings }))
  return opened({ ...objectArchive(name, bucketObjects({ client, settings })), kept }, trust, () => Promise.resolve(client.destroy()))
}
