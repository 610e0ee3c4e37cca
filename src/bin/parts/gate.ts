import type { FastifyInstance } from 'fastify'
import { agentApp } from '../../api/app.ts'
import type { Door } from '../../api/door.ts'
import { metadataRoutes } from '../../api/metadata.ts'
import { oauthRoutes } from '../../api/oauth.ts'
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
import type { Gate } from '../../gate/gate.ts'
import { offerFrom } from '../../gate/offer.ts'
import { voidChanges } from '../../gate/void.ts'
import { selfDeclared } from '../../identity/attest.ts'
import { authenticateWith } from '../../identity/authenticate.ts'
import type { BelievedDevices } from '../../identity/believed-devices.ts'
import { sessionSubject } from '../../identity/grants.ts'
import { openNonces } from '../../identity/nonce.ts'
import { openProofs, possess } from '../../identity/possess.ts'
import { openReplay } from '../../identity/replay.ts'
import { openRevocation, type Revocation } from '../../identity/revocation.ts'
import type { Authority } from '../../journal/authority.ts'
import { discloser } from '../../limits/disclose.ts'
import { reserver } from '../../limits/reserve.ts'
import { type SourceCap, sourceCap } from '../../limits/source-cap.ts'
import { waitingCap } from '../../limits/waiting.ts'
import { Fault } from '../../model/fault.ts'
import { authoriser } from '../../policy/authorise.ts'
import { offerer } from '../../policy/offer.ts'
import { changeConnector } from '../../store/change-connector.ts'
import { draftStore } from '../../store/draft-store.ts'
import { exposureLedger } from '../../store/ledger.ts'
import { reach } from '../../store/reach.ts'
import { revocationFeed } from '../../store/revocation-feed.ts'
import { sealedDrafts } from '../../store/sealed-words.ts'
import { openDesk } from '../desk/desk.ts'
import { openBelieved } from './authority.ts'
import { configurationOf, tellConfiguration } from './configured.ts'
import { consoleServer } from './console-server.ts'
import { openDecisionKey } from './decision-key.ts'
import { complain, newRandom, tokenKeys } from './house.ts'
import { openJournalDoor } from './journal-door.ts'
import { rootKey } from './keys.ts'
import { every, type Part } from './part.ts'
import { openTls } from './tls.ts'
import { openVaultedHouse, type VaultedHouse } from './vaulted-house.ts'

const SOURCES_TOLD_EVERY_MS = 10_000

/** The gate and the console's server: reads, asks, proposes and decides. It holds no credential that could write to a source. */
export async function startGate(config: Config, environment: Environment): Promise<Part> {
  const house = await openVaultedHouse(config, environment, 'gate')
  const tls = await openTls(config)
  const root = rootKey(config.keys, 'root.key')
  const decisions = await openDecisionKey(config)
  const believed = await openBelieved(house, decisions.grants)
  const { authority, people, sessions, devices, enrolment } = believed

  const revocation = openRevocation()
  const feed = await revocationFeed({ connectionString: needed(environment, 'DATABASE_URL', 'our database') }).listen(revocation)
  const nonces = openNonces({ clock: Date.now, random: newRandom })
  const proofs = openProofs({ nonces, replay: openReplay({ window: nonces.window }), clock: Date.now })
  const { connectors, close: closeSources } = openSources(config, environment, house)
  const shown = await openJournalDoor(house)
  const gate = gateOf(house, { root, connectors, revocation, authority, mayWrite: shown.witnessing.mayWrite })
  const { directory, catalogue, bundle } = house.pack
  const door: Door = {
    gate,
    offer: offerFrom(catalogue, offerer(bundle)),
    authenticate: authenticateWith({ sessions, proofs, revocation }),
    possess: (credential) => possess(proofs, credential),
    isEnrolled: enrolledIn(devices),
    freshNonce: nonces.fresh,
    publicUrl: config.publicUrl,
    deskUrl: config.deskUrl,
    clock: Date.now,
    failed: (cause, correlation) => complain(`gate ${correlation}`, cause),
  }
  const { record, grant } = authority
  const admission = { people, sessions, devices, directory, attest: selfDeclared, record, grant, clock: Date.now, random: newRandom }
  const sources = sourceCap({ perSecond: config.limits.sourcePerSecond, burst: config.limits.sourceBurst })
  const revoking = { ...admission, revocation, voidChanges: (session: string) => voidChanges(gate, session) }
  const agents = await agentApp({
    door,
    sources,
    hosts: hostsOf(config.publicUrl),
    proxies: config.trustedProxies,
    isUnmetered: shown.isUnmetered,
    tls,
    also: async (app) => {
      metadataRoutes(app, config)
      shown.routes(app, door)
      await oauthRoutes(app, { door, admission, enrolment, revoking })
    },
  })
  const visitors = sourceCap({ perSecond: config.limits.sourcePerSecond, burst: config.limits.sourceBurst })
  const desk = openDesk({ house, gate, believed, admission, revoking, connectors, pin: tls?.pin ?? null, sign: decisions.sign, shown })
  const desks = await consoleServer({ tls, proxies: config.trustedProxies, visitors, door, desk: desk.ports })

  await tellConfiguration(authority, configurationOf(house, shown.witnessing))
  await listen(agents, config.listen.gate)
  await listen(desks, config.listen.desk)
  const told = tellNow(gate.record, [sources, visitors])
  const watched = shown.watch(gate.record)
  await gate.record({ kind: 'house.started', outcome: 'done', detail: { policy: bundle.serial } })
  return {
    ready: { decisionsVkey: decisions.vkey, ...(tls?.pin ? { pin: tls.pin } : {}) },
    async stop() {
      // No new connection is taken and what is under way is answered; only then does the journal close.
      // A connection that is kept alive past its last answer would hold us up until its own timeout.
      const sweep = setInterval(() => agents.server.closeIdleConnections(), 50)
      await Promise.all([agents.close(), desks.close()])
      clearInterval(sweep)
      await Promise.all([told.stop(), watched.stop(), desk.close(), feed.close()])
      await tellCapped(gate.record, [sources, visitors])
      await gate.record({ kind: 'house.stopped', outcome: 'done' })
      await believed.stop()
      await closeSources()
      shown.close()
      await house.close()
    },
  }
}

type Sources = { readonly connectors: Readonly<Record<string, Connector>>; readonly close: () => Promise<unknown> }

function openSources(config: Config, environment: Environment, house: VaultedHouse): Sources {
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

type Wiring = {
  readonly root: Uint8Array
  readonly connectors: Sources['connectors']
  readonly revocation: Revocation
  readonly authority: Authority
  readonly mayWrite: Gate['mayWrite']
}

/** The path of an ask, put together. */
function gateOf({ config, pack, pool, changes, vault }: VaultedHouse, { root, connectors, revocation, authority, mayWrite }: Wiring): Gate {
  return {
    catalogue: pack.catalogue,
    parse: askParser(pack.catalogue),
    authorise: authoriser(pack.bundle, pack.directory.ownerOf),
    reserve: reserver(config.limits),
    inTurn: waitingCap(config.limits, changes.undecided),
    fetch: fetcher(connectors),
    tokensOf: tokenKeys(root),
    // With the person's own key of the month the session began in: erased, nobody can tell any more what was shown.
    disclose: discloser(
      exposureLedger(pool),
      pack.directory,
      ({ person, admittedAt }) => reach(() => vault.secret(person, admittedAt, 'exposure')),
      () => newId('salt', newRandom),
    ),
    record: authority.record,
    grant: authority.grant,
    isRevoked: (session) => revocation.isRevoked(session) || authority.isEnded(sessionSubject(session)),
    mayWrite,
    changes,
    drafts: sealedDrafts(draftStore(pool), vault),
    newId: (prefix) => newId(prefix, newRandom),
    clock: Date.now,
    localTime: localTime(config.timeZone),
  }
}

const enrolledIn =
  (devices: BelievedDevices): Door['isEnrolled'] =>
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
