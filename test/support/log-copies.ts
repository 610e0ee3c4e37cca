import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { bucketObjects } from '../../src/archive/bucket.ts'
import { folderObjects } from '../../src/archive/folder.ts'
import { openS3 } from '../../src/archive/s3-client.ts'
import type { Table } from '../../src/archive/table.ts'
import { openTiler } from '../../src/archive/tiler.ts'
import { httpArchive } from '../../src/bin/journal/http-archive.ts'
import { objectArchive } from '../../src/bin/journal/object-archive.ts'
import type { LogSource } from '../../src/journal/source.ts'
import { type TileArchive, tileSource } from '../../src/journal/source-tiles.ts'
import type { VerifierKey } from '../../src/log/note-key.ts'
import { startFakeS3 } from '../fakes/s3.ts'
import { smallObjects } from './small-objects.ts'
import type { Kept } from './tamper.ts'

/** All objects that the tiler publishes of a table. */
export async function published(table: Table, vkey: VerifierKey): Promise<Kept> {
  const objects = smallObjects()
  const tiler = openTiler({ table, objects, vkey })
  for (;;) {
    const step = await tiler.advance()
    if (!step.ok) throw new Error(step.refusal.detail)
    if (step.value === null) return objects.store
  }
}

/** A copy of the log as somebody keeps it, to be read the way an auditor does. */
export type Copy = { readonly source: LogSource; readonly archive: TileArchive; readonly close: () => Promise<void> }

const copy = (archive: TileArchive, close: () => Promise<void>): Copy => ({ source: tileSource(archive), archive, close })

async function inFolder(kept: Kept): Promise<Copy> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-copy-'))
  for (const [path, bytes] of kept) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
  return copy(objectArchive('the folder', folderObjects(folder)), () => Promise.resolve(rmSync(folder, { recursive: true, force: true })))
}

export const READER_TOKEN = 'a-token-of-the-readers'

/** Served below `/journal/`, to whoever has the reader's token. */
export async function overHttp(kept: Kept): Promise<Copy & { readonly url: string; readonly asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const bytes = kept.get((request.url ?? '').replace(/^\/journal\//, ''))
    const allowed = request.headers.authorization === `Bearer ${READER_TOKEN}`
    response.writeHead(allowed ? (bytes ? 200 : 404) : 401).end(allowed ? bytes : undefined)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/journal`
  const archive = httpArchive({ url, token: READER_TOKEN, ca: null })
  const close = async () => {
    await archive.close()
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
  return { ...copy({ ...archive, name: 'the address' }, close), url, asked }
}

async function inBucket(kept: Kept): Promise<Copy> {
  const fake = await startFakeS3()
  fake.makeBucket('logs')
  const settings = { bucket: 'logs', prefix: 'journal', region: fake.region, endpoint: fake.endpoint, pathStyle: true }
  const client = openS3(settings, fake.admin)
  const objects = bucketObjects({ client, settings })
  for (const [path, bytes] of kept) {
    const put = await objects.put(path, bytes)
    if (!put.ok) throw new Error(put.refusal.detail)
  }
  return copy(objectArchive('the bucket', objects), async () => {
    client.destroy()
    await fake.close()
  })
}

/** Where a log may be kept beside the database. */
export const KEEPERS = [
  { keeper: 'a folder', keep: inFolder },
  { keeper: 'an address', keep: overHttp },
  { keeper: 'a bucket', keep: inBucket },
] as const
