import type { Json } from '../../base/canonical.ts'
import type { Config } from '../../config/config.ts'
import type { Authority } from '../../journal/authority.ts'
import { Fault } from '../../model/fault.ts'
import type { Grant } from '../../model/grant.ts'
import type { Refusal } from '../../model/refusal.ts'
import type { Pack } from './pack.ts'
import type { Witnessing } from './witnessing.ts'

/** A setting, told as it is; catalogue, policies, use cases and witnesses by a digest of what they say. At most sixteen: as many as one entry can grant. */
type Part = Exclude<keyof Config, 'people' | 'keys'> | 'witnessPolicy'

/** What a gate runs by: a setting without a part does not compile, nor a nested one without a place in `TOLD`. Its people have entries of their own (`person.assigned`). */
export type Configuration = { readonly [P in Part]: Json }

/** The settings of a group: whether each is told as it is. */
type Placed<Group> = { readonly [Setting in keyof Group]-?: boolean }

const S3 = { region: true, endpoint: false, pathStyle: true }
const TOLD = {
  listen: { gate: true, desk: true },
  limits: { costMax: true, costPerMinute: true, sourcePerSecond: true, sourceBurst: true, waitingPerSession: true, waitingPerPerson: true },
  journal: { open: true, hotDays: true, archive: false, s3: false, witness: false, worm: false },
  system: { kind: true, readUrl: true, writeUrl: true, poolMax: true, timeoutMs: true },
  witness: { policy: false, lagSeconds: true },
  worm: { bucket: true, ...S3, tilesDays: true, checkpointsDays: true, payloadsDays: true },
}

/**
 * Nothing personal and no secret. A path is left out, since it may carry somebody's name, and of a bucket's server all but its origin, since a URL may carry a
 * password. Of a system there are the names of the environment variables: what these hold is not told, and a change of it neither.
 */
export function configurationOf(
  { config, pack }: { readonly config: Config; readonly pack: Pick<Pack, 'bundle' | 'digests'> },
  { policySha256 }: Pick<Witnessing, 'policySha256'>,
): Configuration {
  const { publicUrl, deskUrl, listen, tls, trustedProxies, logOrigin, timeZone, systems, limits } = config
  const { archive, s3, witness, worm } = config.journal
  return {
    publicUrl,
    deskUrl,
    listen: told(listen, TOLD.listen),
    tls: typeof tls === 'object' ? 'certificate' : tls,
    trustedProxies,
    catalogue: pack.digests.catalogue,
    policies: pack.bundle.serial,
    useCases: pack.digests.useCases,
    logOrigin,
    journal: {
      ...told(config.journal, TOLD.journal),
      archive: archive.startsWith('s3://') ? archive : 'folder',
      s3: { ...told(s3, S3), ...originOf(s3) },
      ...(witness && { witness: told(witness, TOLD.witness) }),
      ...(worm && { worm: { ...told(worm, TOLD.worm), ...originOf(worm) } }),
    },
    timeZone,
    systems: Object.fromEntries(Object.entries(systems).map(([name, system]) => [name, told(system, TOLD.system)])),
    limits: told(limits, TOLD.limits),
    witnessPolicy: policySha256,
  }
}

/** Another gate may start in the same moment with another configuration. */
const TRIES = 5

/**
 * Records `house.configured` when a part differs from what a gate last ran by: the parts that do, as they are now (`after`), and the digest of each before
 * and now (`grant.links`). What it was last is known from the journal alone, by entries under the gate's signature, and a gate listens only once its own
 * stands there: whoever rules our database can keep it from starting, not hide by what it runs. Told is the gate's own file; another part's, on the same
 * machine or not, is not. Two gates of one journal that run by something else tell the difference at each start. Faults `postgres_unreachable` when the
 * journal does not take the entry.
 */
export async function tellConfiguration(authority: Authority, configuration: Configuration): Promise<void> {
  for (let tries = 1; ; tries++) {
    const looked = await authority.lookAgain()
    if (!looked.ok) throw untold(looked.refusal)
    const changed = Object.entries(configuration).filter(([part, value]) => !authority.claim([partGrant(part, value)])())
    if (changed.length === 0) return
    const grants = changed.map(([part, value]) => partGrant(part, value))
    const granted = await authority.grant({ kind: 'house.configured', outcome: 'done', detail: { after: Object.fromEntries(changed) } }, grants)
    if (granted.ok) return
    if (granted.refusal.code !== 'authority_mismatch' || tries === TRIES) throw untold(granted.refusal)
  }
}

const untold = ({ detail }: Refusal): Fault =>
  new Fault(
    'postgres_unreachable',
    `the gate does not start before the journal says by what it runs, and it did not take \`house.configured\`: ${detail}`,
    'look at what the database said above and that it takes entries of every kind, then start again',
  )

/** Open: the entry says all of it, and whoever reads it can compute the digest. */
const partGrant = (part: string, state: Json): Grant => ({ subject: `configuration:${part}`, state, open: true })

const told = <Group extends object>(group: Group, placed: Placed<NoInfer<Group>>): { readonly [name: string]: Json } =>
  Object.fromEntries(Object.entries(group).filter(([name]) => placed[name as keyof Group]))

const originOf = ({ endpoint }: { readonly endpoint?: string }): { readonly endpoint?: string } =>
  endpoint === undefined ? {} : { endpoint: new URL(endpoint).origin }
