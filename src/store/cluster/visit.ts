import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Fault } from '../../model/fault.ts'
import { readPostmaster } from './postmaster.ts'
import { secret } from './secrets.ts'

/**
 * A role's way into a database of the cluster that runs in a data folder, without becoming its supervisor. Whoever may read the folder's
 * secrets may visit. Faults `data_unreachable`: there is no such cluster; `postgres_unreachable`: it does not run.
 */
export function visitCluster(folder: string, database: string, role: string, secretName: string): string {
  const dataFolder = resolve(folder)
  if (!existsSync(join(dataFolder, 'secrets', secretName)))
    throw new Fault('data_unreachable', `\`${dataFolder}\` is not a pilot's data folder, or not yours to read`, 'name the folder the pilot printed')
  const postmaster = readPostmaster(dataFolder)
  if (!postmaster) throw new Fault('postgres_unreachable', `the PostgreSQL in \`${dataFolder}\` does not run`, 'start the pilot on that folder first')
  return `postgresql://${role}:${encodeURIComponent(secret(dataFolder, secretName))}@${encodeURIComponent(postmaster.host)}:${postmaster.port}/${database}`
}
