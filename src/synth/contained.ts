import { execFileSync } from 'node:child_process'
import { realpathSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, resolve } from 'node:path'
import { Fault } from '../model/fault.ts'

/** What the operating system says of a path: who owns it and its permission bits. */
export type Path = { readonly path: string; readonly uid: number; readonly gid: number; readonly mode: number }

export type AgentUser = { readonly name: string; readonly uid: number; readonly gids: readonly number[] }

/**
 * A company's own export, and the data folder it is loaded into, are out of reach of the user an agent runs as; otherwise the agent could read both
 * without asking us, and nothing we cover would be covered. Call it once the data folder stands. Fault `uncontained`, with the reason.
 */
export function contained({
  folder,
  file,
  program,
  agentUser,
}: {
  readonly folder: string
  readonly file: string
  readonly program: readonly string[]
  readonly agentUser: string | null
}): void {
  const agent = agentOf(agentUser)
  const reason =
    agent === null
      ? `the user an agent would run as (\`${agentUser ?? 'this one'}\`) is not known here`
      : leak({
          agent,
          folder: look(resolve(folder)),
          file: look(realpathSync(file)),
          ancestors: ancestorsOf(realpathSync(file)).map(look),
          program: program.map(look),
        })
  if (reason === null) return
  throw new Fault('uncontained', `an agent could read this export without asking Gatehouse: ${reason}`, NEXT)
}

const NEXT =
  'run the pilot as another user than the agent (for example with sudo, and the file in a folder only root may open; --agent-user names the agent), or give --demo-uncontained to go on all the same'

/**
 * Why the agent's user could read the export by itself, or null. It asks for an owner other than the agent and no access for group or others on the
 * data folder, for a program and policies the agent cannot alter, and for a file it cannot open. What a user might gain by sudo is not judged.
 * @internal
 */
export function leak(has: {
  readonly agent: AgentUser
  readonly folder: Path
  readonly file: Path
  readonly ancestors: readonly Path[]
  readonly program: readonly Path[]
}): string | null {
  const { agent, folder, file, ancestors, program } = has
  if (agent.uid === 0) return `it would run as \`${agent.name}\`, who may read everything`
  if (folder.uid === agent.uid) return `the data folder \`${folder.path}\` belongs to \`${agent.name}\`, the user it would run as`
  if ((folder.mode & 0o077) !== 0) return `the data folder \`${folder.path}\` is open to its group or to others`
  const open = program.find((part) => part.uid === agent.uid || may(agent, part, 2))
  if (open) return `\`${open.path}\`, by which Gatehouse itself runs, can be altered by \`${agent.name}\``
  const reached = ancestors.every((ancestor) => may(agent, ancestor, 1))
  if (reached && (file.uid === agent.uid || may(agent, file, 4))) return `\`${file.path}\` can be read by \`${agent.name}\`, the user it would run as`
  return null
}

function may(agent: AgentUser, { uid, gid, mode }: Path, right: number): boolean {
  const bits = uid === agent.uid ? mode >> 6 : agent.gids.includes(gid) ? mode >> 3 : mode
  // An owner whom the bits shut out may set them again.
  return uid === agent.uid || (bits & right) !== 0
}

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

function look(path: string): Path {
  const { uid, gid, mode } = statSync(path)
  return { path, uid, gid, mode: mode & 0o777 }
}

function ancestorsOf(path: string): readonly string[] {
  const parent = dirname(path)
  return parent === path ? [] : [...ancestorsOf(parent), parent]
}
