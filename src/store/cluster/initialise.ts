import { execFile } from 'node:child_process'
import { existsSync, lchownSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Fault } from '../../model/fault.ts'
import type { Binaries } from './binaries.ts'
import { NEWER } from './data-folder.ts'
import type { OsUser } from './os-user.ts'

/** The cluster's superuser: ours alone, over the socket, with a password nobody types. */
export const SUPERUSER = 'gatehouse_admin'

/**
 * A cluster stands in `<data>/cluster`: made at the first start, in a draft folder that is renamed when whole. Passwords are scram from the
 * first moment; the first one reaches `initdb` in an owner-only file that is gone when it ends, never as an argument.
 */
export async function initialise(has: {
  readonly dataFolder: string
  readonly user: OsUser
  readonly binaries: Binaries
  readonly password: string
  readonly say: (line: string) => void
}): Promise<void> {
  const cluster = join(has.dataFolder, 'cluster')
  if (existsSync(cluster)) return checkMajor(cluster, has.binaries)
  has.say('making a new PostgreSQL cluster')
  const draft = mkdtempSync(`${cluster}.`)
  const passwordFile = `${draft}.pw`
  try {
    writeFileSync(passwordFile, has.password, { mode: 0o600, flag: 'wx' })
    if (has.user.switched) for (const path of [draft, passwordFile]) lchownSync(path, has.user.uid, has.user.gid)
    await runInitdb(draft, passwordFile, has)
    if (!existsSync(cluster)) renameSync(draft, cluster)
  } catch (cause) {
    // Another start has made one meanwhile, and cleared our draft away under us.
    if (!existsSync(cluster)) throw cause
  } finally {
    rmSync(passwordFile, { force: true })
    rmSync(draft, { recursive: true, force: true })
  }
}

async function runInitdb(folder: string, passwordFile: string, { binaries, user }: { readonly binaries: Binaries; readonly user: OsUser }): Promise<void> {
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const auth = ['--auth=scram-sha-256', `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`]
  try {
    await promisify(execFile)(binaries.initdb, [`--pgdata=${folder}`, ...locale, ...auth], { ...runAs(user), cwd: dirname(binaries.initdb) })
  } catch (cause) {
    const { stderr } = cause as { readonly stderr?: string }
    throw new Fault('data_unreachable', `PostgreSQL's initdb failed: ${(stderr ?? String(cause)).trim().slice(-600)}`, 'look at what it says', { cause })
  }
}

function checkMajor(cluster: string, { version }: Binaries): void {
  const found = Number(readFileSync(join(cluster, 'PG_VERSION'), 'utf8'))
  const ours = Number.parseInt(version, 10)
  if (found > ours) throw new Fault('data_newer', `\`${cluster}\` was made by PostgreSQL ${found}, this is ${ours}`, NEWER)
}

/** Start options for a program of PostgreSQL's: the user, and an environment in which no PG… variable of ours misleads it. */
export function runAs(user: OsUser): { readonly uid?: number; readonly gid?: number; readonly env: NodeJS.ProcessEnv } {
  const keep = ['PATH', 'SystemRoot', 'TEMP', 'TMP'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]))
  const env = { ...Object.fromEntries(keep), LC_ALL: 'C', TZ: 'UTC' }
  return user.switched ? { uid: user.uid, gid: user.gid, env } : { env }
}
