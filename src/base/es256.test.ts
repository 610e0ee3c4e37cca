import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { utf8 } from './bytes.ts'
import { signEs256, verifyEs256 } from './es256.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
const data = utf8('what was signed')
const signature = signEs256(privateKey, data)

const CASES = [
  { what: 'as it was made', signed: { key: publicKey, data, signature }, fits: true },
  { what: 'by another key', signed: { key: other, data, signature }, fits: false },
  { what: 'over something else', signed: { key: publicKey, data: utf8('what was not'), signature }, fits: false },
  { what: 'altered', signed: { key: publicKey, data, signature: signature.with(40, (signature[40] ?? 0) ^ 1) }, fits: false },
  { what: 'of zeros', signed: { key: publicKey, data, signature: new Uint8Array(64) }, fits: false },
  { what: 'too short', signed: { key: publicKey, data, signature: signature.subarray(1) }, fits: false },
]

it.each(CASES)('judges a signature: $what', ({ signed, fits }) => {
  expect(verifyEs256(signed.key, signed.data, signed.signature)).toBe(fits)
})
