import { readBehind } from '../../src/journal/cold.ts'
import { type KeptLog, logSourceContract } from '../../src/journal/source.contract.ts'
import { storeSource } from '../../src/journal/source-store.ts'
import { tileSource } from '../../src/journal/source-tiles.ts'
import { bulkRead } from '../../src/store/journal-bulk.ts'
import { prunedSize } from '../../src/store/pruned-store.ts'
import { type FreshJournal, freshJournal, poolOf } from '../support/journal.ts'
import { keptCopy } from '../support/kept-copy.ts'
import { KEEPERS, published } from '../support/log-copies.ts'

async function filled(): Promise<{ readonly fresh: FreshJournal; readonly bodies: readonly Uint8Array[] }> {
  const fresh = await freshJournal()
  for (const count of [300, 330]) {
    await fresh.fill(count)
    await fresh.sign()
  }
  return { fresh, bodies: (await fresh.store.read(0, 1000)).map(({ body }) => new Uint8Array(body)) }
}

logSourceContract('the table', async (): Promise<KeptLog> => {
  const { fresh, bodies } = await filled()
  return { source: storeSource(fresh.store), bodies, close: fresh.close }
})

logSourceContract('the table, read in bulk', async (): Promise<KeptLog> => {
  const { fresh, bodies } = await filled()
  const pool = poolOf(fresh.roleUrl('archive'))
  return { source: storeSource({ ...fresh.store, read: bulkRead({ pool }) }), bodies, close: async () => (await pool.end(), fresh.close()) }
})

for (const { keeper, keep } of KEEPERS) {
  logSourceContract(`the table, whose oldest entries went to ${keeper}`, async (): Promise<KeptLog> => {
    const { fresh, bodies } = await filled()
    const copy = await keep(await published(fresh.store, fresh.key))
    const pool = poolOf(fresh.roleUrl('archive'))
    await fresh.prune(512)
    const read = readBehind(bulkRead({ pool }), { prunedSize: prunedSize(pool), get: copy.archive.get })
    const source = storeSource({ ...fresh.store, read }, { prunedSize: prunedSize(pool) })
    return { source, bodies, close: async () => (await copy.close(), await pool.end(), fresh.close()) }
  })

  logSourceContract(keeper, async (): Promise<KeptLog> => {
    const { fresh, bodies } = await filled()
    const copy = await keep(await published(fresh.store, fresh.key))
    return { source: copy.source, bodies, close: async () => (await copy.close(), fresh.close()) }
  })
}

logSourceContract('a copy under lock', async (): Promise<KeptLog> => {
  const { fresh, bodies } = await filled()
  const copy = await keptCopy()
  await copy.fill(fresh.store, fresh.key)
  // The 118 after the second bundle are not in it.
  return { source: tileSource(copy.archive), bodies: bodies.slice(0, 512), close: async () => (await copy.close(), fresh.close()) }
})
