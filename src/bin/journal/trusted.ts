import { toBase64url } from '../../base/bytes.ts'
import { canonical } from '../../base/canonical.ts'
import { sha256 } from '../../base/digest.ts'
import { readVkey } from '../../journal/key.ts'
import { type Trust, trustKey, trustPolicy } from '../../journal/verify-trust.ts'
import { formatVkey, type VerifierKey } from '../../log/note-key.ts'
import { type Policy, parsePolicy } from '../../log/policy.ts'
import { Fault } from '../../model/fault.ts'
import { fileOf } from './options.ts'

/** Whom a command believes, with the texts as given, for whoever is handed them on. */
export type Trusted = { readonly trust: Trust; readonly vkey: VerifierKey | null; readonly policy: Policy | null; readonly policyText: string | null }

/** The key, the policy, or both: then the policy must know the key. Faults `config_invalid`. */
export async function trusted({ key, policy }: { readonly key?: string | undefined; readonly policy?: string | undefined }): Promise<Trusted> {
  const vkey = key === undefined ? null : await readVkey(key)
  if (policy === undefined) {
    if (vkey) return { trust: trustKey(vkey), vkey, policy: null, policyText: null }
    throw new Fault('config_invalid', 'no verifier key is named', "add --key FILE, the signer's `journal.key.vkey` from where you trust it, or --policy FILE")
  }
  const policyText = fileOf('--policy', policy)
  const parsed = parsePolicy(policyText)
  if (!parsed.ok) throw new Fault('config_invalid', `\`${policy}\` is no tlog-policy:\n  ${parsed.refusal.join('\n  ')}`, 'correct it (C2SP tlog-policy)')
  const trust = trustPolicy(parsed.value, vkey)
  if (!trust.ok) throw new Fault('config_invalid', `\`${policy}\`: ${trust.refusal}`, "name the log's own key with --key, and a policy that knows it")
  return { trust: trust.value, vkey, policy: parsed.value, policyText }
}

/** Tells apart whom one believes: another key, policy or quorum has another. */
export const trustDigest = ({ trust, policyText }: Pick<Trusted, 'trust' | 'policyText'>): string =>
  toBase64url(sha256(canonical([formatVkey(trust.key), policyText])))
