import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import type { MasterKey } from './master-key.ts'

/** What every keeper of a master key holds to. `open`: the same key each time; `other`: another one of the same kind. */
export function masterKeyContract({ open, other }: { readonly open: () => Promise<MasterKey>; readonly other: () => Promise<MasterKey> }): void {
  it('gives back what it wrapped, in its context, after being opened anew', async () => {
    const key = randomBytes(32)
    const wrapped = await (await open()).wrap(key, 'k-1')
    expect(await (await open()).unwrap(wrapped, 'k-1')).toEqual(key)
  })

  it('wraps a key otherwise each time, and never shows it', async () => {
    const key = randomBytes(32)
    const master = await open()
    const [one, two] = [await master.wrap(key, 'k-1'), await master.wrap(key, 'k-1')]
    expect(Buffer.compare(one, two)).not.toBe(0)
    expect(Buffer.from(one).includes(key)).toBe(false)
  })

  it('unwraps nothing in another context, by another key, or with any bit altered', async () => {
    const master = await open()
    const wrapped = Buffer.from(await master.wrap(randomBytes(32), 'k-1'))
    expect(await master.unwrap(wrapped, 'k-2')).toBeNull()
    expect(await (await other()).unwrap(wrapped, 'k-1')).toBeNull()
    for (let at = 0; at < wrapped.length; at++) {
      const altered = Buffer.from(wrapped)
      altered[at] = (altered[at] ?? 0) ^ 1
      expect(await master.unwrap(altered, 'k-1'), `byte ${at}`).toBeNull()
    }
    expect(await master.unwrap(wrapped.subarray(0, 20), 'k-1')).toBeNull()
  })

  it('indexes a text the same each time, and another key otherwise', async () => {
    const index = await (await open()).index('person:anna')
    expect(index).toHaveLength(32)
    expect(await (await open()).index('person:anna')).toEqual(index)
    expect(await (await open()).index('person:ann')).not.toEqual(index)
    expect(await (await other()).index('person:anna')).not.toEqual(index)
  })
}
