import type { Json } from '../../base/canonical.ts'
import type { Config } from '../../config/config.ts'
import type { Authority } from '../../journal/authority.ts'
import type { Grant } from '../../model/grant.ts'
import type { Pack } from './pack.ts'
import type { Witnessing } from './witnessing.ts'

/** A setting, told as it is; catalogue, policies, use cases and witnesses by a digest of what they say. At most sixteen: as many as one entry can grant. */
type Part = Exclude<keyof Config, 'people' | 'keys'> | 'witnessPolicy'

/** What a gate runs by: a setting without a part does not compile. Its people have entries of their own (`person.assigned`). */
export type Configuration = { readonly [P in Part]: Json }

/**
 * Nothing personal and no secret. A path is left out, since it may carry somebody's name, and of a bucket's server all but its origin, since a URL may carry a
 * password. Of a system there are the names of the environment variables: what these hold is not told, and a change of it neither.
 */
export function configurationOf(
  { config, pack }: { readonly config: Config; readonly pack: Pick<Pack, 'bundle' | 'digests'> },
  { policySha256 }: Pick<Witnessing, 'policySha256'>,
): Configuration {
  const { publicUrl, deskUrl, listen, tls, trustedProxies, logOrigin, timeZone, systems, limits } = config
  const { archive, s3, witness, worm, ...journal } = config.journal
  return {
    publicUrl,
    deskUrl,
    listen,
    tls: typeof tls === 'object' ? 'certificate' : tls,
    trustedProxies,
    catalogue: pack.digests.catalogue,
    policies: pack.bundle.serial,
    useCases: pack.digests.useCases,
    logOrigin,
    journal: {
      ...journal,
      archive: archive.startsWith('s3://') ? archive : 'folder',
      s3: atOrigin(s3),
      ...(witness && { witness: { lagSeconds: witness.lagSeconds } }),
      ...(worm && { worm: atOrigin(worm) }),
    },
    timeZone,
    systems,
    limits,
    witnessPolicy: policySha256,
  }
}

/**
 * Records `house.configured` when a part differs from what a gate last ran by: the parts that do, as they are now (`after`), and the digest of each before
 * and now (`grant.links`). What it was last is known from the journal alone, by entries under the gate's signature, so that whoever rules our database or the
 * gate's folder hides no change. Two gates of one journal that run by something else tell the difference at each start. One entry is enough: applier and archive
 * run by the same file. When the journal does not take it, the next start says so again.
 */
export async function tellConfiguration(authority: Authority, configuration: Configuration): Promise<void> {
  await authority.lookAgain()
  const changed = Object.entries(configuration).filter(([part, value]) => !authority.claim([partGrant(part, value)])())
  if (changed.length === 0) return
  const grants = changed.map(([part, value]) => partGrant(part, value))
  await authority.grant({ kind: 'house.configured', outcome: 'done', detail: { after: Object.fromEntries(changed) } }, grants)
}

/** Open: the entry says all of it, and whoever reads it can compute the digest. */
const partGrant = (part: string, state: Json): Grant => ({ subject: `configuration:${part}`, state, open: true })

const atOrigin = <B extends { readonly endpoint?: string }>(bucket: B): B =>
  bucket.endpoint === undefined ? bucket : { ...bucket, endpoint: new URL(bucket.endpoint).origin }
