import { execFileSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { userInfo } from 'node:os'
import { Fault } from '../model/fault.ts'
import { allOf, type Path, type Way, wayTo } from './internal/paths.ts'

export type AgentUser = { readonly name: string; readonly uid: number; readonly gids: readonly number[] }

/**
 * A company's own export, and the folders of the data folder it is loaded into, are out of reach of the user an agent runs as; otherwise the agent could
 * read both without asking us, and nothing we cover would be covered. So is what decides what is covered: `program`, files and folders with all they
 * hold. Call it once the data folder stands. Fault `uncontained`, with the reason.
 */
export function contained({
  folders,
  file,
  program,
  agentUser,
}: {
  readonly folders: readonly string[]
  readonly file: string
  readonly program: readonly string[]
  readonly agentUser: string | null
}): void {
  const agent = agentOf(agentUser)
  const reason =
    agent === null ? `the user an agent would run as (\`${agentUser ?? 'this one'}\`) is not known here` : leak({ agent, ...look(folders, file, program) })
  if (reason === null) return
  throw new Fault('uncontained', `an agent could read this export without asking Gatehouse: ${reason}`, NEXT)
}

const NEXT =
  'run the pilot as another user than the agent (for example with sudo, the program and the data folder where only root may write, the folders above them included, and the file in a folder only root may open; --agent-user names the agent), or give --demo-uncontained to go on all the same'

/** What is asked of the operating system before anything is decided. */
type Seen = {
  /** Of the data folder what holds the rows or opens the database. */
  readonly folders: readonly Path[]
  readonly file: Path
  /** The folders above the file. */
  readonly ancestors: readonly Path[]
  readonly program: readonly Path[]
  /** Every folder and link on the way to the program and to the data folder. */
  readonly ways: readonly Path[]
}

function look(folders: readonly string[], file: string, program: readonly string[]): Seen {
  const [data, exported] = [folders.map(wayTo), wayTo(realpathSync(file))]
  const { held, passed } = allOf(program)
  const ways = [...passed, ...data.flatMap((way) => way.passed)]
  return { folders: data.map(endOf), file: endOf(exported), ancestors: exported.passed, program: held, ways }
}

function endOf({ passed, end }: Way): Path {
  if (end === null) throw new Error(`nothing stands beneath \`${passed.at(-1)?.path}\` where the data folder or the export should`)
  return end
}

/**
 * Why the agent's user could read the export by itself, or null. It asks for an owner other than the agent and no access for group or others on the
 * data folder, for a program and policies the agent cannot alter or exchange, and for a file it cannot open. What a user might gain by sudo or an
 * access control list is not judged.
 * @internal
 */
export function leak({ agent, folders, file, ancestors, program, ways }: { readonly agent: AgentUser } & Seen): string | null {
  if (agent.uid === 0) return `it would run as \`${agent.name}\`, who may read everything`
  const own = folders.find(({ uid }) => uid === agent.uid)
  if (own) return `the data folder \`${own.path}\` belongs to \`${agent.name}\`, the user it would run as`
  const open = folders.find(({ mode }) => (mode & 0o077) !== 0)
  if (open) return `the data folder \`${open.path}\` is open to its group or to others`
  const altered = program.find((part) => may(agent, part, 2))
  if (altered) return `\`${altered.path}\`, by which Gatehouse itself runs, can be altered by \`${agent.name}\``
  const exchanged = ways.find((folder) => mayExchange(agent, folder))
  if (exchanged) return `\`${exchanged.path}\`, on the way to the program or the data folder, can be altered by \`${agent.name}\``
  const reached = ancestors.every((ancestor) => may(agent, ancestor, 1))
  if (reached && may(agent, file, 4)) return `\`${file.path}\` can be read by \`${agent.name}\`, the user it would run as`
  return null
}

function may(agent: AgentUser, { uid, gid, mode }: Path, right: number): boolean {
  // An owner whom the bits shut out may set them again.
  if (uid === agent.uid) return true
  return ((agent.gids.includes(gid) ? mode >> 3 : mode) & right) !== 0
}

const STICKY = 0o1000

/** Whether the agent may put something else in the place of what lies here: in a sticky folder only its owner may, besides who owns the thing itself. */
const mayExchange = (agent: AgentUser, folder: Path): boolean => may(agent, folder, 2) && (folder.uid === agent.uid || (folder.mode & STICKY) === 0)

/** The user named, else who called sudo, else the one we run as. */
function agentOf(named: string | null): AgentUser | null {
  const name = named ?? process.env['SUDO_USER'] ?? userInfo().username
  if (process.platform === 'win32' || name.startsWith('-')) return null
  try {
    const ids = (what: string): readonly number[] =>
      execFileSync('id', [what, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
        .trim()
        .split(' ')
        .map(Number)
    const [uid] = ids('-u')
    return uid === undefined ? null : { name, uid, gids: ids('-G') }
  } catch {
    return null
  }
}
