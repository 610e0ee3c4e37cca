import { describe, expect, it } from 'vitest'
import { smallCosignatures } from '../../../test/support/cosignatures.ts'
import { smallTable } from '../../../test/support/small-table.ts'
import { openCheckpoint } from '../../log/checkpoint.ts'
import { cosign } from '../../log/cosignature.ts'
import { parseNote } from '../../log/note.ts'
import { type CosignerKey, cosignerKey, formatVkey } from '../../log/note-key.ts'
import { parsePolicy } from '../../log/policy.ts'
import { witnessId } from './client.ts'
import { openWitnessWatch, witnessedOf } from './watch.ts'

const NOON = Date.UTC(2026, 8, 1, 12)
const W1 = cosignerKey('witness.test/w1', new Uint8Array(32).fill(1))
const W2 = cosignerKey('witness.test/w2', new Uint8Array(32).fill(2))
const W3 = cosignerKey('witness.test/w3', new Uint8Array(32).fill(4))
const OTHER = cosignerKey('witness.test/w1', new Uint8Array(32).fill(3))

function setting(rule = 'group both all one two\nquorum both') {
  const table = smallTable()
  const store = smallCosignatures(table)
  const policy = parsePolicy(
    `log ${formatVkey(table.key)}\nwitness one ${formatVkey(W1)}\nwitness two ${formatVkey(W2)}\nwitness three ${formatVkey(W3)}\n${rule}\n`,
  )
  if (!policy.ok) throw new Error(policy.refusal.join('\n'))
  const at = { now: NOON }
  const watch = openWitnessWatch({ policy: policy.value, vkey: table.key, lagSeconds: 300, store, clock: () => at.now })
  const noteOf = (size: number): string => table.signed.find((one) => one.size === size)?.note ?? ''
  return {
    table,
    store,
    at,
    watch,
    policy: policy.value,
    grow: (count: number) => table.append(count).sign().signed.at(-1)?.size ?? 0,
    cosign: (size: number, key: CosignerKey, seconds = at.now / 1000, as = key) =>
      store.kept.push({ size, witness: witnessId(as), line: cosign(key, parseNote(noteOf(size))?.text ?? '', seconds) }),
    async state() {
      await watch.look()
      const { state, ageSeconds, witnessed } = watch.standing()
      return `${state} ${ageSeconds} ${witnessed?.size ?? null}`
    },
  }
}

describe('openWitnessWatch', () => {
  it('is stopped until the quorum has seen a checkpoint, and not by one of two', async () => {
    const here = setting()
    expect(await here.state()).toBe('stopped null null')
    const size = here.grow(3)
    here.cosign(size, W1)
    expect(await here.state()).toBe('stopped null null')
    here.cosign(size, W2)
    expect(await here.state()).toBe('fresh 0 3')
  })

  it.each([
    [150, 'fresh'],
    [151, 'late'],
    [300, 'late'],
    [301, 'stopped'],
  ])('after %i seconds of 300 it is %s', async (seconds, state) => {
    const here = setting('quorum one')
    here.cosign(here.grow(3), W1)
    await here.state()
    here.at.now += seconds * 1000
    expect(await here.state()).toBe(`${state} ${seconds} 3`)
    here.cosign(here.grow(1), W1)
    expect(await here.state()).toBe('fresh 0 4')
  })

  it('ages from the earlier of the time that is named and the time it was seen', async () => {
    const here = setting('quorum one')
    here.cosign(here.grow(3), W1, NOON / 1000 - 200)
    expect(await here.state()).toBe('late 200 3')
    // A witness whose clock is an hour ahead makes nothing look newer than it is.
    here.cosign(here.grow(1), W1, NOON / 1000 + 3600)
    expect(await here.state()).toBe('fresh 0 4')
    here.at.now += 301_000
    expect(await here.state()).toBe('stopped 301 4')
  })

  it('is not kept fresh by cosignatures that were held back', async () => {
    const here = setting('quorum one')
    const sizes = [here.grow(1), here.grow(1), here.grow(1)]
    for (const size of sizes) {
      here.cosign(size, W1, NOON / 1000)
      await here.state()
      here.at.now += 200_000
    }
    expect(await here.state()).toBe('stopped 600 3')
  })

  it('is not stopped by one witness that names a time long past, where the quorum is met without it, in whichever order they answer', async () => {
    const two = 'group two-of-three 2 one two three\nquorum two-of-three'
    for (const order of [
      [W1, W2, W3],
      [W1, W3, W2],
      [W3, W1, W2],
    ]) {
      const here = setting(two)
      const standings: string[] = []
      for (const size of [here.grow(1), here.grow(1)])
        for (const key of order) {
          here.cosign(size, key, key === W1 ? 0 : NOON / 1000)
          standings.push(await here.state())
        }
      expect(standings.at(-1)).toBe('fresh 0 2')
      expect(standings.slice(3)).toEqual(standings.slice(3).map(() => expect.stringMatching(/^fresh 0/)))
    }
  })

  it('is stopped by times long past where the quorum needs them, and by no witness further ahead kept fresh', async () => {
    const here = setting('group inner any one two\ngroup outer all inner three\nquorum outer')
    const size = here.grow(3)
    here.cosign(size, W1, 0)
    here.cosign(size, W2, NOON / 1000 + 9000)
    here.cosign(size, W3, NOON / 1000 - 301)
    expect(await here.state()).toBe('stopped 301 3')
    const lone = setting('group pair 2 one two three\nquorum pair')
    lone.cosign(lone.grow(3), W1, NOON / 1000 + 9000)
    lone.cosign(3, W2, 0)
    lone.cosign(3, W3, NOON / 1000 - 200)
    expect(await lone.state()).toBe('late 200 3')
  })

  it('goes on ageing while nothing can be read', async () => {
    const here = setting('quorum one')
    here.cosign(here.grow(3), W1)
    await here.state()
    const blind = openWitnessWatch({
      policy: here.policy,
      vkey: here.table.key,
      lagSeconds: 300,
      store: { newest: () => Promise.reject(new Error('down')) },
      clock: () => here.at.now,
    })
    await expect(blind.look()).rejects.toThrow('down')
    expect(blind.standing().state).toBe('stopped')
  })
})

describe('witnessedOf', () => {
  it('takes the largest that the quorum saw, with its lines, and leaves out what does not verify', async () => {
    const here = setting('quorum one')
    const [low, high] = [here.grow(3), here.grow(3)]
    here.cosign(low, W1)
    here.cosign(high, OTHER, NOON / 1000, W1)
    here.cosign(high, W2)
    const found = witnessedOf(here.policy, here.table.key, await here.store.newest(10))
    expect(found).toMatchObject({ size: 3, atMs: NOON, words: 'the quorum is met: `one` cosigned at 2026-09-01T12:00:00Z' })
    expect(openCheckpoint(found?.note ?? '', here.table.key)?.size).toBe(3)
  })

  it('believes no cosignature moved to another size, no note of another log, and no line that is none', async () => {
    const here = setting('quorum one')
    const [low, high] = [here.grow(3), here.grow(3)]
    here.cosign(low, W1)
    const [moved] = here.store.kept.splice(0)
    if (!moved) throw new Error('nothing was kept')
    here.store.kept.push({ ...moved, size: high })
    here.store.kept.push({ size: low, witness: witnessId(W1), line: 'not a line' })
    expect(witnessedOf(here.policy, here.table.key, await here.store.newest(10))).toBeNull()
    const stranger = smallTable()
    stranger.append(9).sign()
    expect(witnessedOf(here.policy, here.table.key, [{ size: 9, note: stranger.signed[0]?.note ?? '', cosignatures: [] }])).toBeNull()
  })
})
