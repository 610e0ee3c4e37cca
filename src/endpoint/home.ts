import { mkdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { Fault } from '../model/fault.ts'

/** The machine as this room needs to know it: which system, which environment, whose home. */
export type Machine = { readonly platform: NodeJS.Platform; readonly env: Readonly<Record<string, string | undefined>>; readonly homedir: string }

export const thisMachine = (): Machine => ({ platform: process.platform, env: process.env, homedir: homedir() })

/** Where the system keeps a person's settings: %APPDATA%, ~/Library/Application Support, or $XDG_CONFIG_HOME and ~/.config. */
export function settingsFolder({ platform, env, homedir: own }: Machine): string {
  if (platform === 'win32') return env['APPDATA'] ?? join(own, 'AppData', 'Roaming')
  if (platform === 'darwin') return join(own, 'Library', 'Application Support')
  const given = env['XDG_CONFIG_HOME']
  return given !== undefined && isAbsolute(given) ? given : join(own, '.config')
}

/** The connector's folder, absolute: the one asked for, or the system's usual place. */
export const homeFolder = (machine: Machine, asked?: string): string => (asked === undefined ? join(settingsFolder(machine), 'gatehouse') : resolve(asked))

/**
 * Makes the folder, for its owner alone, unless it is there.
 * Faults: it cannot be made, or others may write in it and so put their key in the place of ours.
 */
export function makeHome(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new Fault('config_invalid', `cannot make the folder \`${folder}\``, 'give one you may write with --home FOLDER', { cause })
  }
  checkHome(folder)
}

/** Faults when others may write in the folder. Windows guards it by the profile's access list instead. */
export function checkHome(folder: string): void {
  if (process.platform === 'win32') return
  const { mode, uid } = statSync(folder)
  if ((mode & 0o022) !== 0) throw new Fault('config_invalid', `others may write in \`${folder}\``, `run: chmod 700 '${folder}'`)
  if (uid !== process.getuid?.()) throw new Fault('config_invalid', `\`${folder}\` belongs to another user`, 'give a folder of your own with --home FOLDER')
}
