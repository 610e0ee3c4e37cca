import type { Clock } from '../../base/clock.ts'
import { openCheckpoint } from '../../log/checkpoint.ts'
import { cosignatures, withCosignature } from '../../log/cosignature.ts'
import { parseNote, parseSignatures, signatureLine } from '../../log/note.ts'
import type { VerifierKey, WitnessKey } from '../../log/note-key.ts'
import type { Policy } from '../../log/policy.ts'
import { type ReadTile, type TreeHead, tileProver } from '../../log/tile-proof.ts'
import type { SignedNote } from '../table.ts'
import type { AskWitness } from './ask.ts'
import type { CosignatureStore } from './cosignature-store.ts'

/** How long one request may take; all witnesses are asked at once. A witness may be asked twice for one checkpoint. */
const WITHIN_MS = 2000
/** A witness that does not answer is asked again after a second, then less and less often. */
const PAUSE_MS_MAX = 60_000
/** How far a witness's clock may be from ours: as far as the shortest lag a house may set. */
const SKEW_MS_MAX = 120_000

export type WitnessClient = {
  /**
   * The checkpoint's note with the cosignatures of all witnesses that gave one now, and those it had. Never waits longer than a few
   * seconds, and not for a witness that did not answer lately: whoever is missing is asked again by the next call.
   */
  readonly countersign: (checkpoint: SignedNote) => Promise<string>
}

export type WitnessClientParts = {
  readonly policy: Policy
  readonly vkey: VerifierKey
  /** Tiles of the tree of every checkpoint that is to be countersigned. */
  readonly tiles: ReadTile
  readonly ask: AskWitness
  readonly store: Pick<CosignatureStore, 'keep' | 'keepRefusal' | 'newestOf'>
  /** Entries under the newest checkpoint that the journal holds: larger ones a witness cannot have seen. */
  readonly signedSize: () => Promise<number>
  readonly clock: Clock
  /** Hears why a witness gave nothing, once for each reason until it gives again. */
  readonly onTrouble: (witness: string, why: string) => void
}

/** What the store knows a witness by. */
export const witnessId = ({ name, id }: WitnessKey): string => `${name}+${id}`

type Asked = { readonly note: string; readonly tree: TreeHead }
/** `why`: in a sentence. `finding`: the witness says that our histories part, or does not keep its own word. */
type Gained = { readonly line: string } | SetBack
type SetBack = { readonly why: string; readonly finding: boolean }
/** `cosignedSize`: of the last cosignature of its own that was verified; null before anybody looked. */
type Member = { readonly key: WitnessKey; readonly url: string; cosignedSize: number | null; pauseMs: number; notBefore: number; trouble: string | null }

/**
 * Asks the policy's witnesses to cosign each checkpoint (C2SP tlog-witness), with a proof from the last one they cosigned. What a witness
 * sends is verified before it is kept. That a witness is behind or was ahead of a restart is normal, and told by nobody; that it refuses
 * the tree, or has seen a larger one than the journal, is kept as a refusal, for the gate to record as a finding.
 */
export function openWitnessClient(parts: WitnessClientParts): WitnessClient {
  const { policy, vkey, ask, store, clock } = parts
  const prover = tileProver(parts.tiles)
  const members: readonly Member[] = policy.witnesses.flatMap(({ key, url }) =>
    url === null ? [] : [{ key, url, cosignedSize: null, pauseMs: 0, notBefore: 0, trouble: null }],
  )

  async function cosignedBy(member: Member, { note, tree }: Asked): Promise<Gained> {
    member.cosignedSize ??= await keptSize(member.key)
    let oldSize = member.cosignedSize
    for (let tries = 1; ; tries++) {
      if (oldSize > tree.size) return ahead(oldSize)
      const proof = await prover.consistency(oldSize, tree)
      if (!proof.ok) return { why: `no proof could be made for it: ${proof.refusal}`, finding: false }
      const reply = await ask(member.url, { oldSize, proof: proof.value.proof, note }, WITHIN_MS)
      switch (reply.said) {
        case 'cosigned': {
          const grown = withCosignature(note, reply.lines, member.key)
          return grown === null ? { why: 'it answered without a cosignature of its key that verifies', finding: true } : timely(grown, member.key)
        }
        case 'conflict':
          if (reply.size < member.cosignedSize)
            return {
              why: `it says that it last cosigned ${reply.size} entries, but it cosigned ${member.cosignedSize}: it lost its memory or was set back`,
              finding: true,
            }
          if (reply.size === oldSize) return { why: `it refuses to go on from ${oldSize} entries, which it says it last cosigned (409)`, finding: true }
          if (tries > 1) return { why: 'somebody else shows it checkpoints of this log at the same time', finding: false }
          oldSize = reply.size
          continue
        case 'refused':
          return { why: refusedWords(reply.status, tree.size), finding: reply.status === 409 || reply.status === 422 }
        case 'nothing':
          return { why: reply.why, finding: false }
      }
    }
  }

  /** What is kept stays kept: so a line under another day's time is not. */
  function timely(grown: string, key: WitnessKey): Gained {
    const line = lineOf(grown, key)
    const seconds = secondsOf(grown, line, key)
    if (Math.abs(seconds * 1000 - clock()) <= SKEW_MS_MAX) return { line }
    const apart = `${seconds * 1000 < clock() ? 'before' : 'after'} ours`
    return { why: `the time it names, ${seconds} seconds after 1970, is more than ${SKEW_MS_MAX / 1000} s ${apart}`, finding: true }
  }

  /** The size of the newest kept cosignature, if it is one: whoever rules the database may have put it there. */
  async function keptSize(key: WitnessKey): Promise<number> {
    const kept = await store.newestOf(witnessId(key))
    const line = kept?.cosignatures.find(({ witness }) => witness === witnessId(key))?.line
    const isGenuine = kept && line !== undefined && openCheckpoint(kept.note, vkey)?.size === kept.size && withCosignature(kept.note, line, key) !== null
    return isGenuine ? kept.size : 0
  }

  /** The archive may be catching up with what was witnessed long ago; but nobody can have witnessed what was never signed. */
  async function ahead(size: number): Promise<Gained> {
    const signed = await parts.signedSize()
    if (size <= signed) return { why: `it cosigned ${size} entries already, which the archive has yet to publish`, finding: false }
    return { why: `it cosigned ${size} entries, but the journal's newest checkpoint is of ${signed}: signed entries are gone`, finding: true }
  }

  /** The line gained, which is kept. Never rejects. */
  async function ofMember(member: Member, asked: Asked): Promise<string | null> {
    try {
      const gained = await cosignedBy(member, asked)
      if ('line' in gained) {
        await store.keep({ size: asked.tree.size, witness: witnessId(member.key), line: gained.line })
        member.cosignedSize = asked.tree.size
        member.pauseMs = 0
        member.notBefore = 0
        member.trouble = null
        return gained.line
      }
      await setBack(member, gained, asked.tree.size)
    } catch (cause) {
      await setBack(member, { why: `it could not be asked: ${wordsOf(cause)}`, finding: false }, asked.tree.size)
    }
    return null
  }

  async function setBack(member: Member, { why, finding }: SetBack, size: number): Promise<void> {
    member.pauseMs = Math.min(PAUSE_MS_MAX, Math.max(1000, member.pauseMs * 2))
    member.notBefore = clock() + member.pauseMs
    const said = why.replaceAll(/\d+/g, '#')
    if (member.trouble === said) return
    // INVARIANT: told only once it is kept; if it cannot be kept now, the next refusal is kept.
    if (finding) await store.keepRefusal({ size, witness: witnessId(member.key), said: why })
    member.trouble = said
    parts.onTrouble(member.key.name, why)
  }

  return {
    countersign: async ({ size, note }) => {
      const checkpoint = openCheckpoint(note, vkey)
      if (checkpoint?.size !== size) throw new Error('only the log’s own checkpoint is shown to witnesses')
      const missing = members.filter(({ key, notBefore }) => !hasLine(note, key) && notBefore <= clock())
      const lines = await Promise.all(missing.map((member) => ofMember(member, { note, tree: checkpoint })))
      const found = lines.filter((line) => line !== null)
      return found.reduce((grown, line) => `${grown}${line}`, note)
    },
  }
}

const hasLine = (note: string, key: WitnessKey): boolean => parseNote(note)?.signatures.some(({ name, id }) => name === key.name && id === key.id) ?? false

/** INVARIANT: the note was made by `withCosignature` for this key. */
function lineOf(note: string, key: WitnessKey): string {
  const own = parseNote(note)?.signatures.findLast(({ name, id }) => name === key.name && id === key.id)
  if (!own) throw new Error('a note that was cosigned has no line of its witness')
  return signatureLine(own)
}

/** INVARIANT: the line is one of a note that was made by `withCosignature` for this key. */
function secondsOf(note: string, line: string, key: WitnessKey): number {
  const [parsed, signatures] = [parseNote(note), parseSignatures(line)]
  const found = parsed && signatures && cosignatures({ text: parsed.text, signatures }, [key])
  const [own] = found?.ok ? found.value : []
  if (!own) throw new Error('a line that was verified does not verify')
  return own.unixSeconds
}

function refusedWords(status: number, size: number): string {
  switch (status) {
    case 409:
      return `it cosigned another tree of the same size as ours of ${size} entries (409)`
    case 422:
      return `it says that the tree of ${size} entries did not grow from the one it cosigned (422)`
    case 404:
      return 'it does not know this log (404): whoever runs it has to add the log’s verifier key'
    case 403:
      return 'it knows this log by another key (403)'
    default:
      return `it could not read the request (${status})`
  }
}

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
