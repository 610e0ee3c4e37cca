import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FreshJournal, freshJournal } from '../../../test/support/journal.ts'
import { flipBody } from '../../../test/support/tamper.ts'
import { parseConfig } from '../../config/config.ts'
import type { Part } from './part.ts'
import { startSigner } from './sign.ts'

const REPOSITORY = join(import.meta.dirname, '../../..')

let fresh: FreshJournal
let part: Part
let told: string[]
/** Only its own clock stands still: the database answers as it does. */
beforeEach(async () => {
  fresh = await freshJournal()
  told = []
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => told.push(String(line)) > 0)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  part = await startSigner(config(), { DATABASE_URL: fresh.roleUrl('sign') }, { neverSigned: false })
})
afterEach(async () => {
  vi.useRealTimers()
  await part.stop()
  vi.restoreAllMocks()
  await fresh.close()
})

function config() {
  const text = JSON.stringify({
    publicUrl: 'http://127.0.0.1:1',
    deskUrl: 'http://127.0.0.1:2',
    listen: { gate: '127.0.0.1:1', desk: '127.0.0.1:2' },
    tls: 'off',
    catalogue: join(REPOSITORY, 'catalogue'),
    policies: join(REPOSITORY, 'policies'),
    useCases: join(REPOSITORY, 'policies/usecases.yaml'),
    keys: 'keys',
    logOrigin: fresh.key.name,
    systems: {},
  })
  return parseConfig(join(fresh.folder, 'gatehouse.yaml'), text)
}

const signedSize = async (): Promise<number> => (await fresh.store.latestCheckpoint())?.size ?? 0

/** The signer's work takes the time it takes; its clock does not move meanwhile. */
async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = performance.now() + 5000; !(await holds()); await turn()) if (performance.now() > end) throw new Error('it never came to that')
}

describe('the signer', () => {
  it('has every entry under a checkpoint by its next round, which begins 800 ms after the last', async () => {
    for (const size of [3, 5]) {
      await fresh.fill(size - (await signedSize()))
      const before = await signedSize()
      await vi.advanceTimersByTimeAsync(799)
      expect(await signedSize()).toBe(before)
      await vi.advanceTimersByTimeAsync(1)
      await until(async () => (await signedSize()) === size)
      await until(() => vi.getTimerCount() > 0)
    }
    expect(told).toEqual([])
  })

  it('signs in the next round what it could not in this one', async () => {
    await fresh.fill(3)
    await fresh.sql('revoke insert on journal_checkpoint from gatehouse_sign')
    for (const failures of [1, 2]) {
      await vi.advanceTimersByTimeAsync(800)
      await until(() => told.length === failures)
    }
    expect(told).toEqual(Array.from({ length: 2 }, () => 'gatehouse sign: permission denied for table journal_checkpoint\n'))
    expect(await signedSize()).toBe(0)
    await fresh.sql('grant insert on journal_checkpoint to gatehouse_sign')
    await fresh.fill(1)
    await vi.advanceTimersByTimeAsync(800)
    await until(async () => (await signedSize()) === 4)
  })

  it('ends its process over a tree that does not fit, and has signed nothing', async () => {
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
    await fresh.fill(3)
    await flipBody(fresh, 1)
    await vi.advanceTimersByTimeAsync(800)
    await until(() => exit.mock.calls.length > 0)
    expect(exit.mock.calls).toEqual([[3]])
    expect(told.join('')).toContain('entry 1 does not match its leaf hash')
    expect(await signedSize()).toBe(0)
  })
})
