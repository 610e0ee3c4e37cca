import { beforeAll, describe, expect, it } from 'vitest'
import { type SmallObjects, smallObjects } from '../../test/support/small-objects.ts'
import { smallTable } from '../../test/support/small-table.ts'
import { utf8 } from '../base/bytes.ts'
import { valueOf } from './objects.contract.ts'
import { readResource } from './resource.ts'
import { openTiler } from './tiler.ts'

describe('what a reader of the log is answered', () => {
  let objects: SmallObjects
  const partials = new Map<string, Uint8Array>()
  beforeAll(async () => {
    objects = smallObjects(new Map([['secrets/key', utf8('not of the log')]]))
    const table = smallTable()
    const tiler = openTiler({ table, objects, vkey: table.key })
    for (const count of [10, 200, 400]) {
      table.append(count).sign()
      valueOf(await tiler.advance())
      for (const [path, bytes] of objects.store) if (path.includes('.p/')) partials.set(path, bytes)
    }
  })

  it.each([
    ['checkpoint', 'text/plain; charset=utf-8', 'no-cache'],
    ['tile/0/000', 'application/octet-stream', 'max-age=31536000, immutable'],
    ['tile/entries/002.p/98', 'application/octet-stream', 'max-age=31536000, immutable'],
  ])('at %s the bytes, as %s, %s', async (path, mediaType, cacheControl) => {
    expect(valueOf(await readResource(objects, path))).toEqual({ bytes: objects.store.get(path), mediaType, cacheControl })
  })

  it('finds every partial tile and bundle that was ever published, whether it still stands or not', async () => {
    const removed = [...partials.keys()].filter((path) => !objects.store.has(path))
    expect(removed.toSorted()).toEqual(['tile/0/000.p/10', 'tile/0/000.p/210', 'tile/entries/000.p/10', 'tile/entries/000.p/210'])
    for (const [path, bytes] of partials) expect(Buffer.from(valueOf(await readResource(objects, path))?.bytes ?? [])).toEqual(Buffer.from(bytes))
  })

  it.each([
    'secrets/key',
    '../checkpoint',
    'tile/0/../../checkpoint',
    'tile/00/000',
    'tile/0/0',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/003',
    'tile/entries/003.p/1',
    '',
    '/',
    'tile',
    'Checkpoint',
  ])('has nothing at `%s`', async (path) => {
    expect(valueOf(await readResource(objects, path))).toBeNull()
  })
})
