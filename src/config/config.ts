import { isIP } from 'node:net'
import { isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import { readYaml, shapeFaults } from '../base/yaml.ts'
import { Fault } from '../model/fault.ts'

const Address = z
  .string()
  .regex(/^(\[[0-9a-f:]+\]|[\w.-]+):\d{1,5}$/i, 'an address is `host:port`')
  .refine((address) => !(addressOf(address).port > 65_535), 'a port is at most 65535')
/** Proofs are made for this with a path behind it, letter by letter. */
const PublicUrl = z
  .url({ protocol: /^https?$/ })
  .refine((url) => !/[@?#]|\/$/.test(url), 'a URL such as `https://gatehouse.example.com`: no slash at its end, no query, no password')
const EnvName = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'the name of an environment variable')

/** A folder, or `s3://bucket/prefix`. */
const Bucket = z.string().regex(/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w./-]*)?$/, 'a bucket such as `s3://journal/pilot`')
const Days = z.int().min(1).max(36_500)
/** Of a server of S3 that is not AWS. */
const S3 = { region: z.string().default('us-east-1'), endpoint: z.url({ protocol: /^https?$/ }).exactOptional(), pathStyle: z.boolean().default(false) }

/** Never all of the internet: then everybody would say who they are. */
const Network = z.string().refine(isNetwork, 'an address or a network such as `10.0.0.5` or `10.1.0.0/16`, no wider than /8 (IPv6: /16)')

const ConfigShape = z.strictObject({
  /** Where agents reach the gate and people the console. Proofs and links are made for these, whatever the network calls us. */
  publicUrl: PublicUrl,
  deskUrl: PublicUrl,
  listen: z.strictObject({ gate: Address, desk: Address }),
  /** `off` only on loopback or behind a proxy of yours; `self`: a certificate of our own making that connectors pin. */
  tls: z.union([z.enum(['off', 'self']), z.strictObject({ cert: z.string(), key: z.string() })]).default('self'),
  /** Proxies before us, by address or network: their `X-Forwarded-For` is believed, nobody else's. */
  trustedProxies: z.array(Network).default([]),
  catalogue: z.string().default('catalogue'),
  policies: z.string().default('policies'),
  useCases: z.string().default('policies/usecases.yaml'),
  /** Owner-only folder of keys and passwords; made at the first start. */
  keys: z.string(),
  logOrigin: z.string().regex(/^[\w.-]+(\/[\w./-]+)?$/, 'a name such as `journal.example.com/gatehouse`'),
  journal: z
    .strictObject({
      /** Where tiles and checkpoint are published: a folder, or a bucket of S3 (`s3://bucket/prefix`, with `s3` beside it where it is not AWS). */
      archive: z.union([Bucket, z.string().regex(/^(?!\w+:\/\/).+/, 'a folder, or a bucket such as `s3://journal/pilot`')]).default('journal'),
      s3: z.strictObject(S3).default({ region: 'us-east-1', pathStyle: false }),
      /** `true`: whoever reaches the gate may read the journal's tiles and entries, without the reader's token. */
      open: z.boolean().default(false),
      /** For how many days entries stay in PostgreSQL before `gatehouse journal prune` leaves them to the archive; without it, for good. */
      hotDays: Days.exactOptional(),
      /** Who must have seen the journal (a file, C2SP tlog-policy), and for how long nothing is written when they have not. */
      witness: z.strictObject({ policy: z.string(), lagSeconds: z.int().min(120).max(604_800).default(300) }).exactOptional(),
      /** A bucket with Object Lock, and for how many days each kind is locked. */
      worm: z
        .strictObject({ bucket: Bucket, ...S3, tilesDays: Days, checkpointsDays: Days, payloadsDays: z.record(z.string(), Days).default({}) })
        .exactOptional(),
    })
    .default({ archive: 'journal', s3: { region: 'us-east-1', pathStyle: false }, open: false }),
  timeZone: z
    .string()
    .refine((zone) => Intl.supportedValuesOf('timeZone').includes(zone) || zone === 'UTC', 'a time zone such as `Europe/Berlin`')
    .default('UTC'),
  /** Sources by system name: which environment variables hold the URLs of the reading and the writing role. */
  systems: z.record(
    z.string(),
    z.strictObject({
      kind: z.literal('postgres'),
      readUrl: EnvName,
      writeUrl: EnvName,
      poolMax: z.int().min(1).max(100).default(8),
      timeoutMs: z.int().min(100).max(60_000).default(5000),
    }),
  ),
  people: z.array(z.strictObject({ id: z.string().regex(/^[\w.@-]{1,64}$/), name: z.string().min(1), groups: z.array(z.string()) })).default([]),
  limits: z
    .strictObject({
      costMax: z.number().positive().default(60),
      costPerMinute: z.number().positive().default(1500),
      sourcePerSecond: z.number().positive().default(50),
      sourceBurst: z.number().min(1).default(200),
      waitingPerSession: z.int().min(1).default(20),
      waitingPerPerson: z.int().min(1).default(50),
    })
    .default({ costMax: 60, costPerMinute: 1500, sourcePerSecond: 50, sourceBurst: 200, waitingPerSession: 20, waitingPerPerson: 50 }),
})

/** What a process runs by: read once, never changed. Paths are absolute. Secrets are not in it: they come by environment or key file. */
export type Config = Readonly<z.infer<typeof ConfigShape>>

/** The configuration in a YAML file, relative paths taken from its folder. Faults `config_invalid` with every fault in it, each with its line. */
export function parseConfig(file: string, text: string): Config {
  const yaml = readYaml(text)
  const read = yaml.faults.length === 0 ? ConfigShape.safeParse(yaml.value) : null
  if (!read?.success)
    throw new Fault(
      'config_invalid',
      `the configuration has faults:\n${(read ? shapeFaults(yaml, read.error) : yaml.faults).map(({ line, message }) => `${file}:${line}: ${message}`).join('\n')}`,
      'correct them; docs/guide/administrator.md describes every setting',
    )

  const config = read.data
  const path = (name: string): string => (isAbsolute(name) ? name : resolve(file, '..', name))
  const tls = typeof config.tls === 'object' ? { cert: path(config.tls.cert), key: path(config.tls.key) } : config.tls
  const doors = [
    { url: config.publicUrl, address: config.listen.gate },
    { url: config.deskUrl, address: config.listen.desk },
  ]
  const exposed = doors.filter(({ url, address }) => new URL(url).protocol === 'http:' && !isLoopback(address)).map(({ address }) => address)
  if (tls === 'off' && exposed.length > 0)
    throw new Fault(
      'config_invalid',
      `${file}: \`tls: off\` with http listens on ${exposed.join(' and ')}, beyond this machine`,
      'listen on 127.0.0.1, or set `tls` to `self` or to your certificate',
    )
  const { archive, witness } = config.journal
  const journal = {
    ...config.journal,
    archive: archive.startsWith('s3://') ? archive : path(archive),
    ...(witness && { witness: { ...witness, policy: path(witness.policy) } }),
  }
  const files = { catalogue: path(config.catalogue), policies: path(config.policies), useCases: path(config.useCases), keys: path(config.keys) }
  return { ...config, tls, journal, ...files }
}

/** Host and port of an address as the configuration writes it. */
export function addressOf(address: string): { readonly host: string; readonly port: number } {
  const cut = address.lastIndexOf(':')
  return { host: address.slice(0, cut).replace(/^\[|\]$/g, ''), port: Number(address.slice(cut + 1)) }
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || address.includes('%') || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= (version === 4 ? 8 : 16) && Number(bits) <= (version === 4 ? 32 : 128))
}

const isLoopback = (address: string): boolean => /^(127\.\d+\.\d+\.\d+|localhost|::1)$/.test(addressOf(address).host)
