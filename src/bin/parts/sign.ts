import { join } from 'node:path'
import type { Config } from '../../config/config.ts'
import type { Environment } from '../../config/environment.ts'
import { openSignerKey } from '../../journal/key.ts'
import { signCheckpoint } from '../../journal/sign.ts'
import { fileSigner } from '../../journal/signer.ts'
import { openSignerMemory } from '../../journal/signer-memory.ts'
import { reading } from '../../journal/verify-recognise.ts'
import { formatVkey } from '../../log/note-key.ts'
import { Fault } from '../../model/fault.ts'
import { readKept } from '../../store/cluster/kept-file.ts'
import { complain, newRandom, openHouse } from './house.ts'
import { keyFolder, SIGNER_KEY } from './keys.ts'
import { every, type Part } from './part.ts'

/** With the signing itself a new entry is under a checkpoint within a second. */
const SIGN_EVERY_MS = 800

/**
 * The signer: alone holds the checkpoint key. It recomputes the tree itself and stops for good when it does not fit what it signed before.
 * `neverSigned`: somebody says so of a key that stands without a memory.
 */
export async function startSigner(config: Config, environment: Environment, { neverSigned }: { readonly neverSigned: boolean }): Promise<Part> {
  const house = await openHouse(config, environment, 'sign')
  const folder = keyFolder(config.keys)
  for (const name of [SIGNER_KEY, 'journal.signed']) readKept(join(folder, name))
  const keyPath = join(folder, SIGNER_KEY)
  const state = await openSignerMemory({ keyPath, statePath: join(folder, 'journal.signed'), neverSigned })
  const key = await openSignerKey({ path: keyPath, origin: config.logOrigin, random: newRandom })
  const signing = { store: house.entries, signer: fileSigner(key), state, readable: reading() }
  await signCheckpoint(signing)
  const loop = every(
    SIGN_EVERY_MS,
    async () => void (await signCheckpoint(signing)),
    (cause) => {
      complain('sign', cause)
      // INVARIANT: after a tree that does not fit nothing is ever signed again by this process.
      if (cause instanceof Fault && cause.code === 'journal_broken') process.exit(3)
    },
  )
  return {
    ready: { vkey: formatVkey(key) },
    stop: async () => {
      await loop.stop()
      await signCheckpoint(signing).catch((cause: unknown) => complain('sign', cause))
      await house.close()
    },
  }
}
