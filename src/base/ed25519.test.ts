import { describe, expect, it } from 'vitest'
import { toHex } from './bytes.ts'
import { ed25519Public, ed25519Sign, ed25519Verify } from './ed25519.ts'

// RFC 8032 §7.1, tests 1 and 3.
const CASES = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature: 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature: '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
]
const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

describe('ed25519', () => {
  it.each(CASES)('signs and verifies as RFC 8032 says: $publicKey', ({ seed, publicKey, message, signature }) => {
    expect(toHex(ed25519Public(hex(seed)))).toBe(publicKey)
    expect(toHex(ed25519Sign(hex(seed), hex(message)))).toBe(signature)
    expect(ed25519Verify(hex(publicKey), hex(message), hex(signature))).toBe(true)
    expect(ed25519Verify(hex(publicKey), hex(`${message}00`), hex(signature))).toBe(false)
  })

  it('refuses keys and signatures of the wrong length without throwing', () => {
    const [{ publicKey, signature } = { publicKey: '', signature: '' }] = CASES
    expect(ed25519Verify(hex(publicKey).subarray(1), hex(''), hex(signature))).toBe(false)
    expect(ed25519Verify(hex(publicKey), hex(''), hex(signature).subarray(1))).toBe(false)
    expect(ed25519Verify(hex(publicKey), hex(''), hex(''))).toBe(false)
  })
})
