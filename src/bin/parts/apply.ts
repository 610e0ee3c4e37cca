import { join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { type Environment, needed } from '../../config/environment.ts'
import { openPool } from '../../connectors/sql/pool.ts'
import { postgresWriter } from '../../connectors/sql/postgres-writer.ts'
import { type Applier, apply, resume } from '../../gate/apply.ts'
import { approvals, bearsOnChanges, type ProvenEntry } from '../../gate/approvals.ts'
import { broken } from '../../journal/check-entry.ts'
import { followJournal, type Verified } from '../../journal/follow.ts'
import { readVkey, vkeyPath } from '../../journal/key.ts'
import type { Record } from '../../journal/record.ts'
import { parseRecorded } from '../../journal/recorded.ts'
import { Fault } from '../../model/fault.ts'
import { approvalsMemory } from './approvals-memory.ts'
import { readDecisionVerifier } from './decision-key.ts'
import { complain } from './house.ts'
import { keyFolder, SIGNER_KEY } from './keys.ts'
import { every, type Part } from './part.ts'
import { openVaultedHouse } from './vaulted-house.ts'
import { openWitnessing } from './witnessing.ts'

const LOOK_EVERY_MS = 300
/** Nobody waits for the applier: it would rather be slow than not know whether its entry landed. */
const RECORD_WITHIN_MS = 30_000
/** So many entries are read again at a start, at most, unless the house was killed. */
const KEPT_ENTRIES = 10_000
/** The signer comes by every second. */
const PROVEN_WITHIN_MS = 15_000
/** Changes looked at together: each waits about a second for its intent to be signed. */
const TOGETHER_MAX = 50

/**
 * The applier: alone holds the write roles of the sources. It reads the whole signed journal itself and writes only what it
 * finds approved there; a database or a gate that says otherwise is not believed.
 */
export async function startApplier(config: Config, environment: Environment): Promise<Part> {
  const house = await openVaultedHouse(config, environment, 'apply', { recordWithinMs: RECORD_WITHIN_MS })
  const vkey = await readVkey(vkeyPath(join(config.keys, SIGNER_KEY)))
  const witnessing = openWitnessing(config, vkey, house.pool)
  const memory = approvalsMemory(keyFolder(config.keys))
  const kept = memory.load()
  const follower = followJournal({ store: house.entries, vkey, ...(kept && { start: kept.tree }) })
  const { directory } = house.pack
  const groupsOf = (person: string): readonly string[] => house.config.people.find(({ id }) => id === person)?.groups ?? []
  // Looked for until it is there: at the very first start the gate makes its key while we start beside it.
  let isGates: Awaited<ReturnType<typeof readDecisionVerifier>> = null
  const bearsGates = (text: string, signature: string): boolean => isGates?.(text, signature) === true
  const known = approvals(
    (person, useCase, { text, signature }) => directory.decides(groupsOf(person), useCase) && bearsGates(text, signature),
    bearsGates,
    kept?.learnt,
  )
  const pools = Object.entries(config.systems).map(([name, system]) => {
    const url = needed(environment, system.writeUrl, `the writing role of system \`${name}\``)
    return [name, openPool({ url, max: 2, statementTimeoutMs: system.timeoutMs, name: 'gatehouse apply' })] as const
  })
  // What this process began or ended it knows at once: until the signer comes by, an altered row could have it begun a second time.
  const record: Record = async (entry) => {
    const receipt = await house.journal.record(entry)
    if (receipt.ok) known.learn([{ index: receipt.value.index, entry }])
    return receipt
  }
  async function provenTo(index: number): Promise<boolean> {
    for (const until = performance.now() + PROVEN_WITHIN_MS; follower.tree().size <= index; await new Promise((wake) => setTimeout(wake, 100))) {
      if (performance.now() > until) return false
      await catchUp()
    }
    return true
  }
  const applier: Applier = {
    catalogue: house.pack.catalogue,
    changes: house.changes,
    writers: Object.fromEntries(pools.map(([name, pool]) => [name, postgresWriter(pool)])),
    approvals: known,
    provenTo,
    mayWrite: witnessing.mayWrite,
    record,
  }

  let keptSize = kept?.tree.size ?? 0
  /** Writes down what was learnt once so many entries are new. */
  const keep = (entries: number): void => {
    const tree = follower.tree()
    if (tree.size - keptSize < entries) return
    keptSize = tree.size
    memory.save({ tree, learnt: known.all() })
  }

  /** INVARIANT: what was verified was learnt. The follower is past these already: whatever goes wrong here would be missed for good, and ends this process. */
  function learnt(proven: readonly Verified[]): void {
    try {
      known.learn(proven.filter(({ body }) => bearsOnChanges(body)).map(readIn))
    } catch (cause) {
      complain('apply', cause)
      process.exit(3)
    }
  }

  let advancing: Promise<void> | null = null
  /** Reads on to the newest checkpoint; whoever asks meanwhile waits for the same. */
  const catchUp = (): Promise<void> =>
    (advancing ??= (async () => {
      for (;;) {
        const proven = await follower.advance()
        if (proven.length === 0) return keep(KEPT_ENTRIES)
        learnt(proven)
      }
    })().finally(() => {
      advancing = null
    }))

  async function look(): Promise<void> {
    isGates ??= await readDecisionVerifier(config)
    await catchUp()
    await witnessing.look()
    // What was begun and not ended: by a process before this one, or because a journal or source did not answer in time.
    for (const change of await house.changes.inStates(['applying', 'unknown_outcome'], TOGETHER_MAX)) await resume(applier, change)
    // Without the gate's key no approval can be verified, and what cannot be verified for good is voided.
    if (isGates === null) return
    const approved = await house.changes.inStates(['approved'], TOGETHER_MAX)
    await Promise.all(approved.map((change) => apply(applier, change)))
  }
  await look()
  const loop = every(LOOK_EVERY_MS, look, (cause) => {
    complain('apply', cause)
    if (cause instanceof Fault && cause.code === 'journal_broken') process.exit(3)
  })
  return {
    ready: {},
    stop: async () => {
      await loop.stop()
      keep(1)
      await house.close()
      await Promise.all(pools.map(([, pool]) => pool.end()))
    },
  }
}

/** What a follower gives can be read: it looked. */
function readIn({ index, body }: Verified): ProvenEntry {
  const entry = parseRecorded(body)
  if (!entry) throw broken(`entry ${index} is not one that this version could have written`)
  return { index, entry }
}
