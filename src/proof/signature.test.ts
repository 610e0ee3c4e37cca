import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import { signEs256 } from '../base/es256.ts'
import { signatureFits } from './signature.ts'

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

it.each(CASES)('judges a signature alone, on the loop: $what', async ({ signed, fits }) => {
  expect(await signatureFits(signed)).toBe(fits)
})

it('judges those of one turn each by itself, on the thread pool', async () => {
  const many = Array.from({ length: 10 }, () => CASES).flat()
  expect(await Promise.all(many.map(({ signed }) => signatureFits(signed)))).toEqual(many.map(({ fits }) => fits))
})
