import { expect, it } from 'vitest'
import { toHex, utf8 } from '../base/bytes.ts'
import { ed25519Verify } from '../base/ed25519.ts'
import { formatVkey, parseVkey } from '../log/note-key.ts'
import type { Signer } from './signer.ts'

/** What every keeper of the log's key must hold to. `open` gives the same key each time, as a restart would. */
export function signerContract(open: () => Promise<Signer>): void {
  it.each([
    ['nothing', ''],
    ['a checkpoint', 'gatehouse.test/log\n2\nAAAA\n'],
    ['all of a long text', 'x'.repeat(100_000)],
  ])('signs %s so that its own key verifies it', async (_, text) => {
    const { key, sign } = await open()
    const signature = await sign(utf8(text))
    expect([signature.length, ed25519Verify(key.publicKey, utf8(text), signature)]).toEqual([64, true])
    expect(ed25519Verify(key.publicKey, utf8(`${text} `), signature)).toBe(false)
  })

  it('signs the same bytes the same way, before and after a restart, alone and among others', async () => {
    const [first, again] = [await open(), await open()]
    const both = await Promise.all([first.sign(utf8('one')), first.sign(utf8('two')), again.sign(utf8('one'))])
    expect(toHex(both[0])).toBe(toHex(both[2]))
    expect(toHex(both[0])).not.toBe(toHex(both[1]))
  })

  it('shows a key that a verifier can be given, and nothing of its secret', async () => {
    const { key } = await open()
    expect(parseVkey(formatVkey(key))).toEqual(key)
    expect(Object.keys(key).toSorted()).toEqual(['id', 'name', 'publicKey', 'type'])
  })
}
