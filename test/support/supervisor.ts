import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { openCluster } from '../../src/store/cluster/cluster.ts'

/** A supervisor to be killed: opens the cluster in the folder named, writes something, tells the server's process id, and waits. */
async function supervise(dataFolder: string): Promise<void> {
  const cluster = await openCluster({ dataFolder, say: () => undefined })
  const client = new pg.Client(cluster.superuser)
  await client.connect()
  await client.query('create table kept as select 42 as answer')
  process.stdout.write(`${cluster.pid}\n`)
  setInterval(() => undefined, 60_000)
}

const [, script, dataFolder] = process.argv
if (script !== undefined && import.meta.url === pathToFileURL(script).href && dataFolder !== undefined) await supervise(dataFolder)
