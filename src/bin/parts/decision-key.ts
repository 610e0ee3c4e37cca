import { join } from 'node:path'
import { fromBase64, toBase64, utf8 } from '../../base/bytes.ts'
import { ed25519Sign, ed25519Verify } from '../../base/ed25519.ts'
import type { Config } from '../../config/config.ts'
import { openSignerKey, readVkey, vkeyPath } from '../../journal/key.ts'
import { formatVkey } from '../../log/note-key.ts'
import { readKept } from '../../store/cluster/kept-file.ts'
import { newRandom } from './house.ts'
import { DECISION_KEY, keyFolder } from './keys.ts'

/** A key's name says what it is for: the log's own key must not pass for it. */
const nameOf = (config: Config): string => `${config.logOrigin}/decisions`

export type DecisionKey = { readonly sign: (text: string) => string; readonly vkey: string }

/** The gate's key for decisions taken at the console (Ed25519), made at the first start; signatures in base64. `vkey`: what verifies them. Faults of `readKept`. */
export async function openDecisionKey(config: Config): Promise<DecisionKey> {
  const path = join(keyFolder(config.keys), DECISION_KEY)
  readKept(path)
  const key = await openSignerKey({ path, origin: nameOf(config), random: newRandom })
  return { sign: (text) => toBase64(ed25519Sign(key.seed, utf8(text))), vkey: formatVkey(key) }
}

/** Verifies them; null while the gate has not made its key yet, before the first start is over. Faults `config_invalid` for another key's file. */
export async function readDecisionVerifier(config: Config): Promise<((text: string, signature: string) => boolean) | null> {
  const vkey = await readVkey(vkeyPath(join(config.keys, DECISION_KEY))).catch(() => null)
  if (vkey?.name !== nameOf(config)) return null
  return (text, signature) => {
    const bytes = fromBase64(signature)
    return bytes !== null && ed25519Verify(vkey.publicKey, utf8(text), bytes)
  }
}
