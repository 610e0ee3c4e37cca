import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { sameBytes } from '../../base/bytes.ts'
import type { Config } from '../../config/config.ts'
import { type Environment, needed } from '../../config/environment.ts'
import type { KeyChange } from '../../journal/vault/rekey.ts'
import { Fault } from '../../model/fault.ts'
import { noLink, putText, readKept, replaceKept } from '../../store/cluster/kept-file.ts'
import { masterKeyFrom, VAULT_FILE, VAULT_KEY } from './vault.ts'

/** The variable that hands over the master key to come, where the one until now comes by environment. */
const NEXT_VAULT_KEY = `${VAULT_KEY}_NEXT`

/** A change of the master key where this house keeps it, and what no program can do of it, for the administrator. */
export type HouseKeyChange = KeyChange & { readonly left: readonly string[] }

/** In the environment or in the key folder, as `masterKeyOf` reads it. Faults `config_invalid`: it is in both, or in neither; or what is to come is missing, too short, or the old one. */
export function keyChangeOf({ keys }: Pick<Config, 'keys'>, environment: Environment): HouseKeyChange {
  const file = join(keys, VAULT_FILE)
  if (!environment[VAULT_KEY] && !environment[NEXT_VAULT_KEY]) return keyChangeInFile(file)
  if (readKept(file) === null && readKept(nextTo(file)) === null) return keyChangeInEnvironment(environment)
  throw new Fault(
    'config_invalid',
    `the master key is told twice, by ${VAULT_KEY} or ${NEXT_VAULT_KEY} and by ${file}: only one of them would be changed`,
    'unset both to have the file changed, or take the file away where no part of the house reads it',
  )
}

/**
 * A key in a file: the next one is made beside it, `.next`, in the place of one that a run before left. In the end the old text is overwritten where it lies, and
 * the next one has its name. Fault `config_invalid`: neither is there, or one is a link, whose file is elsewhere.
 */
export function keyChangeInFile(file: string): HouseKeyChange {
  if (readKept(file) === null && readKept(nextTo(file)) === null)
    throw new Fault('config_invalid', `there is no master key in ${file}`, 'name the house whose key it is, or restore it from your backup')
  for (const path of [file, nextTo(file)]) noLink(path)
  return {
    begun() {
      const text = readKept(nextTo(file))
      return text === null ? null : masterKeyFrom(text)
    },
    make() {
      const text = randomBytes(32).toString('base64url')
      putText(nextTo(file), text)
      return masterKeyFrom(text)
    },
    drop: () => rmSync(nextTo(file), { force: true }),
    old: () => masterKeyFrom(readKept(file) ?? ''),
    settle: async () => replaceKept(file, nextTo(file)),
    left: [
      `the old master key was overwritten in ${file} and is there no more; whoever has a copy of it, or a backup of its folder, still opens the backups of the database from before: destroying those is yours`,
      '  flash disks, copy-on-write file systems and snapshots may keep what was overwritten: only encryption of the disk reaches that',
      `back up ${file} now, apart from the database, and set ${VAULT_KEY} anew for parts that get it by environment`,
      BACK_UP,
    ],
  }
}

function keyChangeInEnvironment(environment: Environment): HouseKeyChange {
  const text = needed(
    environment,
    NEXT_VAULT_KEY,
    'the master key to come: 32 random bytes, such as `openssl rand -base64 32` makes, kept durably before they are used',
  )
  if (sameBytes(bytesOf(text), bytesOf(environment[VAULT_KEY] ?? '')))
    throw new Fault(
      'config_invalid',
      `${NEXT_VAULT_KEY} is the master key until now`,
      'make a new one; where the keys were changed before, there is nothing to do',
    )
  const next = masterKeyFrom(text)
  return {
    begun: () => next,
    make: () => next,
    drop: () => undefined,
    old: () => masterKeyFrom(needed(environment, VAULT_KEY, 'the master key until now')),
    settle: async () => undefined,
    left: [
      `from now on ${VAULT_KEY} has to be what ${NEXT_VAULT_KEY} is, for every part and command`,
      'destroy the old master key now, wherever it is kept (secret stores and their versions, environment files, backups of these): until then it opens the backups of the database from before',
      BACK_UP,
    ],
  }
}

const BACK_UP = 'take a backup of the database now: what is sealed in those from before does not open any more'

const nextTo = (file: string): string => `${file}.next`
const bytesOf = (text: string): Uint8Array => Buffer.from(text.trim(), 'base64url')
