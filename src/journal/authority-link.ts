import { z } from 'zod'
import { toBase64url } from '../base/bytes.ts'
import { canonical } from '../base/canonical.ts'
import { hmac, sha256 } from '../base/digest.ts'
import type { Grant } from '../model/grant.ts'

/**
 * One step in the life of one row that grants: the `n`th, from the state before to this one; null: nothing is granted. Chained, so that no step can be
 * taken out, put in or done again. States are digests: keyed, since what a row says may be guessed.
 */
export type Link = z.infer<typeof link>

const Digest = z.string().regex(/^[\w-]{43}$/)
const link = z.strictObject({
  subject: z.string().min(1).max(512),
  n: z.int().positive(),
  before: Digest.nullable(),
  state: Digest.nullable(),
  until: z.number().exactOptional(),
  of: z.record(z.string(), z.int().positive()).exactOptional(),
})
const signedLinks = z.strictObject({ links: z.array(link).min(1).max(16), signature: z.string() })
export type SignedLinks = z.infer<typeof signedLinks>

/** Every body that carries links has these bytes; within a JSON string they cannot stand. */
export const LINKS_MARK = Buffer.from('"grant":{"links":[')

/** What the gate signs: the kind of entry, and what it grants from which state. Whoever can only write rows cannot make one. */
export const grantText = (kind: string, links: readonly Link[]): string => `gatehouse grant v1\n${canonical({ kind, links })}`

/** The links of an entry, not yet verified; null when it has none, `malformed` when that is not what we write. */
export function linksOf(entry: { readonly detail?: unknown }): SignedLinks | 'malformed' | null {
  const { detail } = entry
  if (typeof detail !== 'object' || detail === null || !('grant' in detail)) return null
  return signedLinks.safeParse(detail.grant).data ?? 'malformed'
}

/** The digest of what is granted, base64url. Without a key for what is `open`, so that the applier knows it too. */
export function stateDigest(key: Uint8Array, { subject, state, open }: Grant): string {
  return open ? openDigest({ subject, state }) : toBase64url(hmac(key, canonical([subject, state])))
}

export const openDigest = ({ subject, state }: Pick<Grant, 'subject' | 'state'>): string => toBase64url(sha256(canonical([subject, state])))
