import { stat } from 'node:fs/promises'
import { EMPTY_FRONTIER } from '../log/frontier.ts'
import { Fault } from '../model/fault.ts'
import { type SignerState, signerStateFile } from './signer-state.ts'

export type SignerMemory = {
  readonly keyPath: string
  readonly statePath: string
  /** A person says that a key which stands without a memory has never signed. */
  readonly neverSigned: boolean
}

/**
 * The memory that belongs to the signer's key, begun before the key is made: so a key that stands without one lost it. Such a signer would sign
 * whatever the database shows it, also a journal that was cut back. Call before the key is opened. Faults `config_invalid`: one of the two is
 * gone; `journal_broken`: the memory cannot be read. INVARIANT: a fault changes neither file.
 */
export async function openSignerMemory({ keyPath, statePath, neverSigned }: SignerMemory): Promise<SignerState> {
  const state = signerStateFile(statePath)
  const [signed, keyStands] = [await state.load(), await stands(keyPath)]
  if (signed === null) {
    if (keyStands && !neverSigned)
      throw new Fault(
        'config_invalid',
        `the signer's key stands, and its memory \`${statePath}\` is gone: it may have signed what it no longer knows`,
        'restore the file from your backup; without one keep the database, run `gatehouse journal verify --against` with what witnesses, WORM or auditors hold, and only then, or for a key that has never signed, start once with --never-signed',
      )
    await state.save(EMPTY_FRONTIER)
  } else if (signed.size > 0 && !keyStands)
    throw new Fault(
      'config_invalid',
      `the signer remembers ${signed.size} entries that it signed, and its key is not at \`${keyPath}\``,
      'restore the key from your backup: a new key would begin a new log',
    )
  return state
}

async function stands(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw cause
  }
}
