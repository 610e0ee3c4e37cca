import { readFileSync } from 'node:fs'
import { sameBytes, toHex } from '../../base/bytes.ts'
import { sha256 } from '../../base/digest.ts'
import type { Config } from '../../config/config.ts'
import type { VerifierKey } from '../../log/note-key.ts'
import { type Policy, parsePolicy } from '../../log/policy.ts'
import { Fault } from '../../model/fault.ts'

/** `sha256`: of its file, hexadecimal. */
type WitnessPolicy = { readonly policy: Policy; readonly sha256: string }

/** The policy of the configuration (C2SP tlog-policy), which must know the journal's own key and ask for a quorum; null where none is set. Fault `config_invalid`. */
export function readWitnessPolicy({ journal }: Pick<Config, 'journal'>, vkey: VerifierKey): WitnessPolicy | null {
  if (!journal.witness) return null
  const { policy: file } = journal.witness
  const invalid = (message: string, next: string, cause?: unknown): Fault => new Fault('config_invalid', message, next, { cause })
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw invalid(`the policy of the journal's witnesses cannot be read: ${file}`, 'correct `journal.witness.policy`', cause)
  }
  const policy = parsePolicy(text)
  if (!policy.ok)
    throw invalid(`${file} is no tlog-policy:\n  ${policy.refusal.join('\n  ')}`, 'correct it (C2SP tlog-policy); docs/guide/witness.md has an example')
  if (!policy.value.logs.some(({ key }) => key.name === vkey.name && sameBytes(key.publicKey, vkey.publicKey)))
    throw invalid(`${file} does not name this journal's key`, `add a line \`log\` with the key in the signer's \`journal.key.vkey\``)
  if (policy.value.quorum.kind === 'none')
    throw invalid(`${file} asks for no cosignature`, 'name a quorum of its witnesses, or leave `journal.witness` out of the configuration')
  const mute = policy.value.witnesses.find(({ url }) => url === null || !/^https?:\/\/[^@?#\s]+$/.test(url))
  if (mute)
    throw invalid(`${file} does not say where the witness \`${mute.name}\` is`, 'add its address behind its key, such as https://witness.example.com/w1')
  return { policy: policy.value, sha256: toHex(sha256(text)) }
}
