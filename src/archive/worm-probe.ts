import { sameBytes, utf8 } from '../base/bytes.ts'
import type { Clock, Random } from '../base/clock.ts'
import { newId } from '../base/id.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Lock, LockAssault, LockedObjects } from './locked.ts'
import type { ArchiveRefusal } from './refusal.ts'

/** `held`: refused, and the version stands under its lock. `gave_way`: it succeeded, or the version or its lock did not survive it. `unclear`: no answer that proves either. */
export type ProbeLine = { readonly attempt: string; readonly result: 'held' | 'gave_way' | 'unclear'; readonly sentence: string }

/**
 * `worm`: every attempt was refused, and these credentials could have done it but for the lock. `not_worm`: something succeeded. `unproven`: nothing
 * did, but a refusal proves nothing yet. Only `worm` may be called WORM.
 */
export type ProbeReport = {
  readonly verdict: 'worm' | 'not_worm' | 'unproven'
  readonly atMs: number
  readonly canaries: string
  readonly lines: readonly ProbeLine[]
}

export type ProbeParts = { readonly locked: LockedObjects; readonly assault: LockAssault; readonly clock: Clock; readonly random: Random }

type Canary = { readonly key: string; readonly version: string; readonly bytes: Uint8Array; readonly lock: Lock }
type Tried = Outcome<unknown, ArchiveRefusal>
type Attempt = {
  readonly name: string
  readonly mode?: Lock['mode']
  /** S3 lets it succeed; only what it does to the version counts. */
  readonly allowed?: true
  readonly act: (parts: ProbeParts, canary: Canary) => Promise<Tried>
  /** What it means if it succeeded. */
  readonly means: string
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

const ATTEMPTS: readonly Attempt[] = [
  {
    name: 'put other bytes over it',
    allowed: true,
    act: ({ locked }, { key, lock }) => locked.put(key, utf8('overwritten'), lock),
    means: 'a put replaces a locked version',
  },
  { name: 'delete it without naming a version', allowed: true, act: ({ assault }, { key }) => assault.hide(key), means: 'a delete removes a locked version' },
  {
    name: 'delete the version',
    act: ({ assault }, { key, version }) => assault.remove(key, version, { bypass: false }),
    means: 'the server lets a locked version be deleted',
  },
  {
    name: 'delete the version, bypassing governance',
    act: ({ assault }, { key, version }) => assault.remove(key, version, { bypass: true }),
    means: 'the server lets COMPLIANCE be bypassed',
  },
  {
    name: 'delete the version among many',
    act: ({ assault }, { key, version }) => assault.removeInBulk(key, version),
    means: 'the server forgets locks when many objects are deleted at once',
  },
  {
    name: 'shorten the lock to an hour',
    act: ({ assault, clock }, { key, version }) => assault.relock(key, version, { mode: 'COMPLIANCE', untilMs: clock() + HOUR_MS }, { bypass: false }),
    means: 'the server lets a lock be shortened',
  },
  {
    name: 'turn COMPLIANCE into GOVERNANCE',
    act: ({ assault }, { key, version, lock }) => assault.relock(key, version, { ...lock, mode: 'GOVERNANCE' }, { bypass: true }),
    means: 'the server lets a lock be weakened',
  },
  {
    name: 'take the lock off, bypassing governance',
    act: ({ assault }, { key, version }) => assault.relock(key, version, null, { bypass: true }),
    means: 'the server lets a lock be taken off',
  },
  { name: 'delete a version under legal hold', mode: 'GOVERNANCE', act: deleteUnderHold, means: 'a legal hold holds nothing' },
  { name: 'delete the version after its legal hold was taken off', act: deleteAfterHold, means: 'taking off a legal hold takes the lock off with it' },
]

/**
 * Tries to break the locks of a store, each attempt on a canary of its own under `worm-probe/`, locked for a day (they cannot be removed before).
 * First the proof that these credentials could delete at all: a canary under GOVERNANCE is deleted by bypass, else every denial below might be a
 * missing permission. Refused only when the store cannot be reached or asked.
 */
export async function probeWorm(parts: ProbeParts): Promise<Outcome<ProbeReport, ArchiveRefusal>> {
  const canaries = `worm-probe/${newId('canary', parts.random)}`
  const report = (verdict: ProbeReport['verdict'], lines: readonly ProbeLine[]) => done({ verdict, atMs: parts.clock(), canaries, lines })
  const lines: ProbeLine[] = []
  for (const [i, attempt] of ATTEMPTS.entries()) {
    const planted = await plant(parts, `${canaries}/${i}`, attempt.mode ?? 'COMPLIANCE')
    if (!planted.ok) return planted
    if ('attempt' in planted.value) return report('not_worm', [...lines, planted.value])
    lines.push(await tryOn(parts, planted.value, attempt))
  }
  const control = await proveCredentials(parts, `${canaries}/control`)
  if (!control.ok) return control
  lines.push(control.value)
  if (lines.some(({ result }) => result === 'gave_way')) return report('not_worm', lines)
  return report(lines.every(({ result }) => result === 'held') ? 'worm' : 'unproven', lines)
}

/** A locked canary, or the line that says why this store locks nothing. */
async function plant({ locked, clock }: ProbeParts, key: string, mode: Lock['mode']): Promise<Outcome<Canary | ProbeLine, ArchiveRefusal>> {
  const bytes = utf8(`canary of ${key}\n`)
  const lock = { mode, untilMs: Math.ceil((clock() + DAY_MS) / 1000) * 1000 }
  const failed = (sentence: string) => done({ attempt: `lock an object in ${mode} mode for a day`, result: 'gave_way' as const, sentence })
  const put = await locked.put(key, bytes, lock)
  if (!put.ok) return put.refusal.code === 'unsupported' || put.refusal.code === 'rejected' ? failed(`the server cannot lock: ${put.refusal.detail}`) : put
  const canary = { key, version: put.value, bytes, lock }
  const fault = await damage({ locked }, canary)
  if (!fault.ok) return fault
  return fault.value === null ? done(canary) : failed(`the server took the lock and did not keep it: ${fault.value}`)
}

async function tryOn(parts: ProbeParts, canary: Canary, { name: attempt, act, allowed, means }: Attempt): Promise<ProbeLine> {
  const tried = await act(parts, canary)
  const after = await damage(parts, canary)
  if (after.ok && after.value !== null)
    return { attempt, result: 'gave_way', sentence: `${means}: ${tried.ok ? 'it said yes' : 'it said no'}, and ${after.value}` }
  if (tried.ok && !allowed) return { attempt, result: 'gave_way', sentence: `${means}: it said yes` }
  if (!after.ok) return { attempt, result: 'unclear', sentence: `the version could not be looked at afterwards: ${after.refusal.detail}` }
  if (!tried.ok && !isDenial(tried.refusal)) return { attempt, result: 'unclear', sentence: `the server did not say no but: ${tried.refusal.detail}` }
  return {
    attempt,
    result: 'held',
    sentence: tried.ok ? 'allowed, and the locked version still reads the same by its id' : 'refused, and the version stands under its lock',
  }
}

/** What happened to a canary, in words; null when it stands, byte for byte, under a lock no weaker than it got. */
async function damage({ locked }: Pick<ProbeParts, 'locked'>, { key, version, bytes, lock }: Canary): Promise<Outcome<string | null, ArchiveRefusal>> {
  const read = await locked.get(key, version)
  if (!read.ok) return read
  if (read.value === null) return done('the version is gone')
  if (!sameBytes(read.value, bytes)) return done('the version reads as other bytes')
  const now = await locked.lockOf(key, version)
  if (!now.ok) return now
  if (now.value === null) return done('the version has no lock')
  if (now.value.mode !== lock.mode && lock.mode === 'COMPLIANCE') return done(`the lock is of mode ${now.value.mode}`)
  return done(now.value.untilMs < lock.untilMs ? 'the lock ends earlier than it was set' : null)
}

/** A denial proves something only if the same credentials may delete where no lock stands against it. */
async function proveCredentials(parts: ProbeParts, key: string): Promise<Outcome<ProbeLine, ArchiveRefusal>> {
  const attempt = 'delete a version under GOVERNANCE by bypass, which is allowed'
  const planted = await plant(parts, key, 'GOVERNANCE')
  if (!planted.ok) return planted
  if ('attempt' in planted.value) return done(planted.value)
  const removed = await parts.assault.remove(key, planted.value.version, { bypass: true })
  if (removed.ok) return done({ attempt, result: 'held', sentence: 'done: these credentials may delete, so the refusals above are the lock’s' })
  const sentence = `these credentials may not, so the refusals above may be missing permissions and not the lock: ${removed.refusal.detail}; probe with s3:DeleteObjectVersion and s3:BypassGovernanceRetention`
  return done({ attempt, result: 'unclear', sentence })
}

async function deleteUnderHold({ assault }: ProbeParts, { key, version }: Canary): Promise<Tried> {
  const held = await assault.hold(key, version, true)
  if (!held.ok) return refuse({ ...held.refusal, code: 'unsupported' })
  const removed = await assault.remove(key, version, { bypass: true })
  if (!removed.ok) await assault.hold(key, version, false)
  return removed
}

async function deleteAfterHold({ assault }: ProbeParts, { key, version }: Canary): Promise<Tried> {
  for (const on of [true, false]) {
    const set = await assault.hold(key, version, on)
    if (!set.ok) return refuse({ ...set.refusal, code: 'unsupported' })
  }
  return assault.remove(key, version, { bypass: true })
}

/** MinIO answers 400 where AWS answers 403. */
const isDenial = ({ code }: ArchiveRefusal): boolean => code === 'denied' || code === 'rejected'
