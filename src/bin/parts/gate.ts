import { join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { agentApp } from '../../api/app.ts'
import { clientOf, type Door, refuseWith, trustIn } from '../../api/door.ts'
import { metadataRoutes } from '../../api/metadata.ts'
import { oauthRoutes } from '../../api/oauth.ts'
import { deriveKey } from '../../base/digest.ts'
import { newId } from '../../base/id.ts'
import { localTime } from '../../base/local-time.ts'
import { done } from '../../base/outcome.ts'
import { askParser } from '../../catalogue/ask.ts'
import { addressOf, type Config } from '../../config/config.ts'
import { type Environment, needed } from '../../config/environment.ts'
import type { Connector } from '../../connectors/connector.ts'
import { fetcher } from '../../connectors/fetch.ts'
import { openPool } from '../../connectors/sql/pool.ts'
import { postgresConnector } from '../../connectors/sql/postgres.ts'
import { deskRoutes } from '../../desk/routes.ts'
import type { Gate } from '../../gate/gate.ts'
import { offerFrom } from '../../gate/offer.ts'
import { voidChanges } from '../../gate/void.ts'
import { selfDeclared } from '../../identity/attest.ts'
import { authenticateWith } from '../../identity/authenticate.ts'
import type { DeviceStore } from '../../identity/device-store.ts'
import { openNonces } from '../../identity/nonce.ts'
import type { PersonStore } from '../../identity/person-store.ts'
import { openProofs, possess } from '../../identity/possess.ts'
import { openReplay } from '../../identity/replay.ts'
import { openRevocation } from '../../identity/revocation.ts'
import { vkeyPath } from '../../journal/key.ts'
import { discloser } from '../../limits/disclose.ts'
import { reserver } from '../../limits/reserve.ts'
import { type SourceCap, sourceCap } from '../../limits/source-cap.ts'
import { waitingCap } from '../../limits/waiting.ts'
import { Fault } from '../../model/fault.ts'
import { refusal } from '../../model/refusal.ts'
import { authoriser } from '../../policy/authorise.ts'
import { offerer } from '../../policy/offer.ts'
import { changeConnector } from '../../store/change-connector.ts'
import { deviceStore } from '../../store/device-store.ts'
import { draftStore } from '../../store/draft-store.ts'
import { exposureLedger } from '../../store/ledger.ts'
import { personStore } from '../../store/person-store.ts'
import { revocationFeed } from '../../store/revocation-feed.ts'
import { sessionStore } from '../../store/session-store.ts'
import { openDesk } from '../desk/desk.ts'
import { openDecisionKey } from './decision-key.ts'
import { complain, type House, newRandom, openHouse, tokenKeys } from './house.ts'
import { rootKey, SIGNER_KEY } from './keys.ts'
import { every, type Part } from './part.ts'
import { openTls, type Tls } from './tls.ts'

const SOURCES_TOLD_EVERY_MS = 10_000

/** The gate and the console's server: reads, asks, proposes and decides. It holds no credential that could write to a source. */
export async function startGate(config: Config, environment: Environment): Promise<Part> {
  const house = await openHouse(config, environment, 'gate')
  const tls = await openTls(config)
  const root = rootKey(config.keys, 'root.key')
  const stores = { people: personStore(house.pool), devices: deviceStore(house.pool), sessions: sessionStore(house.pool), drafts: draftStore(house.pool) }
  await keepPeople(config, stores.people)

  const revocation = openRevocation()
  const feed = await revocationFeed({ connectionString: needed(environment, 'DATABASE_URL', 'our database') }).listen(revocation)
  const nonces = openNonces({ clock: Date.now, random: newRandom })
  const proofs = openProofs({ nonces, replay: openReplay({ window: nonces.window }), clock: Date.now })
  const { connectors, close: closeSources } = openSources(config, environment, house)
  const gate = gateOf(house, { root, connectors, drafts: stores.drafts, isRevoked: revocation.isRevoked })
  const { directory, catalogue, bundle } = house.pack
  const door: Door = {
    gate,
    offer: offerFrom(catalogue, offerer(bundle)),
    authenticate: authenticateWith({ sessions: stores.sessions, proofs, revocation }),
    possess: (credential) => possess(proofs, credential),
    isEnrolled: enrolledIn(stores.devices),
    freshNonce: nonces.fresh,
    publicUrl: config.publicUrl,
    deskUrl: config.deskUrl,
    clock: Date.now,
    failed: (cause, correlation) => complain(`gate ${correlation}`, cause),
  }
  const admission = { ...stores, directory, attest: selfDeclared, record: gate.record, clock: Date.now, random: newRandom }
  const sources = sourceCap({ perSecond: config.limits.sourcePerSecond, burst: config.limits.sourceBurst })
  const revoking = { ...admission, revocation, voidChanges: (session: string, why: string) => voidChanges(gate, session, why) }
  const agents = await agentApp({
    door,
    sources,
    hosts: hostsOf(config.publicUrl),
    proxies: config.trustedProxies,
    tls,
    also: async (app) => {
      metadataRoutes(app, config)
      await oauthRoutes(app, { door, admission, enrolment: admission, revoking })
    },
  })
  const visitors = sourceCap({ perSecond: config.limits.sourcePerSecond, burst: config.limits.sourceBurst })
  const people = consoleServer({ tls, proxies: config.trustedProxies, visitors, door })
  const decisions = await openDecisionKey(config)
  const vkeyFile = vkeyPath(join(config.keys, SIGNER_KEY))
  const desk = openDesk({ house, gate, stores, admission, revoking, connectors, pin: tls?.pin ?? null, sign: decisions.sign, vkeyFile })
  await deskRoutes(people, desk.ports)

  await listen(agents, config.listen.gate)
  await listen(people, config.listen.desk)
  const told = tellNow(gate.record, [sources, visitors])
  await gate.record({ kind: 'house.started', outcome: 'done', detail: { policy: bundle.serial } })
  return {
    ready: { decisionsVkey: decisions.vkey, ...(tls?.pin ? { pin: tls.pin } : {}) },
    async stop() {
      // No new connection is taken and what is under way is answered; only then does the journal close.
      // A connection that is kept alive past its last answer would hold us up until its own timeout.
      const sweep = setInterval(() => agents.server.closeIdleConnections(), 50)
      await Promise.all([agents.close(), people.close()])
      clearInterval(sweep)
      await Promise.all([told.stop(), desk.close(), feed.close()])
      await tellCapped(gate.record, [sources, visitors])
      await gate.record({ kind: 'house.stopped', outcome: 'done' })
      await closeSources()
      await house.close()
    },
  }
}

type Lobby = { readonly tls: Tls | null; readonly proxies: readonly string[]; readonly visitors: SourceCap; readonly door: Door }

/** The console's own server: another origin than the agents', and the same cap on addresses. */
function consoleServer({ tls, proxies, visitors, door }: Lobby): FastifyInstance {
  const app = fastify({
    ...(tls ? { https: { key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' as const } } : {}),
    trustProxy: trustIn(proxies),
    forceCloseConnections: true,
  }) as unknown as FastifyInstance
  app.addHook('onRequest', async (request, reply) => {
    const wait = visitors.knock(clientOf(request), door.clock())
    return wait > 0 ? refuseWith(door, request, reply, refusal('source_capped', 'too many requests from this address', { retryAfterSeconds: wait })) : undefined
  })
  return app
}

/** People are those of the configuration. Who was taken out of it keeps a name for old entries, and no group: no use case, no account, no decision. */
async function keepPeople(config: Config, people: PersonStore): Promise<void> {
  const known = await people.all()
  if (!known.ok) throw new Fault('postgres_unreachable', known.refusal.detail, 'check that our database runs')
  const gone = known.value.filter(({ id, groups }) => groups.length > 0 && !config.people.some((person) => person.id === id))
  for (const person of [...config.people, ...gone.map(({ id, name }) => ({ id, name, groups: [] }))]) {
    const put = await people.put(person)
    if (!put.ok) throw new Fault('postgres_unreachable', put.refusal.detail, 'check that our database runs')
  }
}

type Sources = { readonly connectors: Readonly<Record<string, Connector>>; readonly close: () => Promise<unknown> }

function openSources(config: Config, environment: Environment, house: House): Sources {
  const pools = Object.entries(config.systems).map(([name, system]) => {
    const url = needed(environment, system.readUrl, `the reading role of system \`${name}\``)
    return [name, openPool({ url, max: system.poolMax, statementTimeoutMs: system.timeoutMs, name: 'gatehouse gate' })] as const
  })
  const connectors = { ...Object.fromEntries(pools.map(([name, pool]) => [name, postgresConnector(pool)])), gatehouse: changeConnector(house.pool) }
  const orphan = Object.values(house.pack.catalogue.operations).find((operation) => !Object.hasOwn(connectors, operation.system))
  if (orphan)
    throw new Fault(
      'config_invalid',
      `operation \`${orphan.name}\` asks system \`${orphan.system}\`, which is not configured`,
      'add it under `systems`, or take its pack out of the catalogue folder',
    )
  return { connectors, close: () => Promise.all(pools.map(([, pool]) => pool.end())) }
}

type Wiring = { readonly root: Uint8Array; readonly connectors: Sources['connectors']; readonly drafts: Gate['drafts']; readonly isRevoked: Gate['isRevoked'] }

/** The path of an ask, put together. */
function gateOf({ config, pack, journal, pool, changes }: House, { root, connectors, drafts, isRevoked }: Wiring): Gate {
  return {
    catalogue: pack.catalogue,
    parse: askParser(pack.catalogue),
    authorise: authoriser(pack.bundle, pack.directory.ownerOf),
    reserve: reserver(config.limits),
    inTurn: waitingCap(config.limits, changes.undecided),
    fetch: fetcher(connectors),
    tokensOf: tokenKeys(root),
    disclose: discloser(exposureLedger(pool), pack.directory.exposureOf, deriveKey(root, 'gatehouse exposure', 32)),
    record: journal.record,
    isRevoked,
    changes,
    drafts,
    newId: (prefix) => newId(prefix, newRandom),
    clock: Date.now,
    localTime: localTime(config.timeZone),
  }
}

const enrolledIn =
  (devices: Pick<DeviceStore, 'byKey'>): Door['isEnrolled'] =>
  async (jkt) => {
    const device = await devices.byKey(jkt)
    return device.ok ? done(device.value !== null && device.value.revokedAt === null) : device
  }

const tellNow = (record: Gate['record'], caps: readonly SourceCap[]) =>
  every(
    SOURCES_TOLD_EVERY_MS,
    () => tellCapped(record, caps),
    (cause) => complain('gate', cause),
  )

/** A refusal of many is one entry: how often each address was turned away. */
async function tellCapped(record: Gate['record'], caps: readonly SourceCap[]): Promise<void> {
  const counts = new Map<string, number>()
  for (const [address, times] of caps.flatMap((cap) => [...cap.drain()])) counts.set(address, (counts.get(address) ?? 0) + times)
  if (counts.size > 0) await record({ kind: 'sources.capped', outcome: 'source_capped', detail: { counts: Object.fromEntries(counts) } })
}

async function listen(app: FastifyInstance, address: string): Promise<void> {
  try {
    await app.listen({ ...addressOf(address), exclusive: true })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EACCES')
      throw new Fault(
        'config_invalid',
        `the user the gate runs as may not listen on ${address}`,
        'choose a port from 1024 on, with a proxy or a redirect before it',
        { cause },
      )
    if (code !== 'EADDRINUSE') throw cause
    throw new Fault(
      'port_taken',
      `${address} is taken by another program`,
      'stop that program, or choose another port (`gatehouse pilot --port`, or `listen` in the configuration)',
      { cause },
    )
  }
}

/** The names agents may call us by: our public one, and this machine's own. */
const hostsOf = (publicUrl: string): readonly string[] => [new URL(publicUrl).hostname.replace(/^\[|\]$/g, ''), 'localhost', '127.0.0.1', '::1']
