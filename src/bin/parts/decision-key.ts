import { join } from 'node:path'
import { fromBase64, toBase64, utf8 } from '../../base/bytes.ts'
import { deriveKey } from '../../base/digest.ts'
import { ed25519Public, ed25519Signer, ed25519Verifier } from '../../base/ed25519.ts'
import type { Config } from '../../config/config.ts'
import type { GrantKey } from '../../journal/authority.ts'
import { openSignerKey, readSignerKey, readVkey, vkeyPath } from '../../journal/key.ts'
import { formatVkey, type SignerKey } from '../../log/note-key.ts'
import { Fault } from '../../model/fault.ts'
import { readKept } from '../../store/cluster/kept-file.ts'
import { newRandom } from './house.ts'
import { DECISION_KEY, keyFolder } from './keys.ts'

/** A key's name says what it is for: the log's own key must not pass for it. */
const nameOf = (config: Config): string => `${config.logOrigin}/decisions`

/** `grants`: the same key for what is granted, under words of its own (journal/authority-link.ts). */
export type DecisionKey = { readonly sign: (text: string) => string; readonly vkey: string; readonly grants: GrantKey }

/** The gate's key for decisions taken at the console and for what it grants (Ed25519), made at the first start; signatures in base64. `vkey`: what verifies them. Faults of `readKept`. */
export async function openDecisionKey(config: Config): Promise<DecisionKey> {
  const path = join(keyFolder(config.keys), DECISION_KEY)
  readKept(path)
  const key = await openSignerKey({ path, origin: nameOf(config), random: newRandom })
  const grants = grantKeyOf(key)
  return { sign: grants.sign, vkey: formatVkey(key), grants }
}

/** The gate's key in the hand of an administrator's command, which never makes it. Fault `config_invalid`: there is none yet, or it cannot be read. */
export async function readGrantKey(config: Config): Promise<GrantKey> {
  const key = await readSignerKey(join(config.keys, DECISION_KEY), nameOf(config))
  if (key) return grantKeyOf(key)
  throw new Fault('config_invalid', `there is no key of the gate in ${config.keys}`, 'start the gate once, then do this as a user who may read its keys')
}

/** Signatures in base64. */
function verifierOf(publicKey: Uint8Array): (text: string, signature: string) => boolean {
  const verify = ed25519Verifier(publicKey)
  return (text, signature) => {
    const bytes = fromBase64(signature)
    return bytes !== null && verify(utf8(text), bytes)
  }
}

function grantKeyOf({ seed }: SignerKey): GrantKey {
  const sign = ed25519Signer(seed)
  return {
    sign: (text) => toBase64(sign(utf8(text))),
    verify: verifierOf(ed25519Public(seed)),
    digests: deriveKey(seed, 'gatehouse grant states', 32),
  }
}

/** Verifies them; null while the gate has not made its key yet, before the first start is over. Faults `config_invalid` for another key's file. */
export async function readDecisionVerifier(config: Config): Promise<((text: string, signature: string) => boolean) | null> {
  const vkey = await readVkey(vkeyPath(join(config.keys, DECISION_KEY))).catch(() => null)
  if (vkey?.name !== nameOf(config)) return null
  return verifierOf(vkey.publicKey)
}
