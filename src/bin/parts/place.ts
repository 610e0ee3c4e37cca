import { chmodSync, chownSync, existsSync, lchownSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../../model/fault.ts'
import { putText } from '../../store/cluster/kept-file.ts'
import type { OsUser } from '../../store/cluster/os-user.ts'
import type { PartName } from '../supervise.ts'
import { DECISION_KEY, READER_TOKEN, SIGNER_KEY } from './keys.ts'

/** Whose each file is, and who else needs it: verifier keys alone are anybody's but the maker's. */
const FILES: readonly { readonly name: string; readonly of: PartName; readonly copies: readonly PartName[] }[] = [
  { name: 'root.key', of: 'gate', copies: [] },
  { name: DECISION_KEY, of: 'gate', copies: [] },
  { name: READER_TOKEN, of: 'gate', copies: [] },
  { name: `${DECISION_KEY}.vkey`, of: 'gate', copies: ['apply'] },
  { name: SIGNER_KEY, of: 'sign', copies: [] },
  { name: `${SIGNER_KEY}.vkey`, of: 'sign', copies: ['gate', 'apply', 'archive'] },
  { name: 'journal.signed', of: 'sign', copies: [] },
]

/** A folder of keys for each part, which it alone may open; those above may be passed by the house's group. What lay in `folder` itself is moved to whose it is. */
export function layKeys(folder: string, users: Readonly<Record<PartName, OsUser | null>>): Readonly<Record<PartName, string>> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const gid = users.gate?.gid
  if (gid !== undefined) chownSync(folder, 0, gid)
  if (process.platform !== 'win32') chmodSync(folder, gid === undefined ? 0o700 : 0o710)
  const folders = { gate: join(folder, 'gate'), apply: join(folder, 'apply'), sign: join(folder, 'sign'), archive: join(folder, 'archive') }
  for (const of of Object.values(folders)) mkdirSync(of, { recursive: true, mode: 0o700 })
  for (const file of FILES) moveIn(folder, folders, file)
  for (const part of ['gate', 'apply', 'sign', 'archive'] as const) handOver(folders[part], users[part])
  return folders
}

/** The folder of the published journal: the archive writes it, the house's group may read it, and nobody else can reach it. */
export function layArchive(folder: string, user: OsUser | null): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (process.platform === 'win32') return
  if (user !== null && lstatSync(folder).uid !== user.uid) giveTree(folder, user)
  chmodSync(folder, user === null ? 0o700 : 0o750)
}

/** What another user of ours published before: files are given on, a link is not followed. */
function giveTree(path: string, user: OsUser): void {
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) giveTree(join(path, name), user)
  lchownSync(path, user.uid, user.gid)
}

/** Copies first, the name itself last: a start that was broken off between is done again. */
function moveIn(from: string, to: Readonly<Record<PartName, string>>, { name, of, copies }: (typeof FILES)[number]): void {
  const [old, kept] = [join(from, name), join(to[of], name)]
  if (!existsSync(old)) return
  if (existsSync(kept))
    throw new Fault(
      'data_unreachable',
      `there are two of one key, \`${old}\` and \`${kept}\``,
      'keep the one of the journal that stands, and move the other away',
    )
  for (const part of copies) giveVkey(to[part], name, readFileSync(old, 'utf8'))
  renameSync(old, kept)
}

/** Puts a verifier key into another part's folder, readable there. */
export function giveVkey(folder: string, name: string, text: string): void {
  putText(join(folder, name), text, { mode: 0o644 })
}

/**
 * The folder and what lies in it belong to the part's user; nobody else but root can open it. INVARIANT: a link is never followed, and a file
 * with two names is not given away: a part that was taken over could have put either there.
 */
function handOver(folder: string, user: OsUser | null): void {
  if (process.platform === 'win32') return
  const [uid, gid] = user === null ? [process.getuid?.() ?? -1, process.getgid?.() ?? -1] : [user.uid, user.gid]
  // Left by a process that died between two steps of a write.
  for (const name of readdirSync(folder)) if (name.endsWith('.draft')) rmSync(join(folder, name))
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const found = lstatSync(path)
    if (!found.isFile() || found.nlink > 1)
      throw new Fault('data_unreachable', `\`${path}\` is no file of its own among the keys`, 'look who put it there, and take it away')
    if (found.uid !== uid) lchownSync(path, uid, gid)
  }
  if (lstatSync(folder).uid !== uid) lchownSync(folder, uid, gid)
  chmodSync(folder, 0o700)
}
