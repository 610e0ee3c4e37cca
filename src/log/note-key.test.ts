import { describe, expect, it } from 'vitest'
import cosignature from '../../test/vectors/log/cosignature.json' with { type: 'json' }
import vector from '../../test/vectors/log/note.json' with { type: 'json' }
import type { CosignerKey, SignerKey, VerifierKey, WitnessKey } from './note-key.ts'
import { cosignerKey, formatSkey, formatVkey, parseCosignerSkey, parseSkey, parseVkey, parseWitnessVkey, signerKey } from './note-key.ts'

const KNOWN = parseVkey(vector.vkey) as VerifierKey
const SIGNER = parseSkey(vector.skey) as SignerKey
const OTHER = signerKey('other.example', new Uint8Array(32).fill(7))

describe('note keys', () => {
  it('read and write their published text forms', () => {
    expect(formatVkey(KNOWN)).toBe(vector.vkey)
    expect(formatSkey(SIGNER)).toBe(vector.skey)
    expect(formatVkey(SIGNER)).toBe(vector.vkey)
    expect(parseVkey(formatVkey(OTHER))).toEqual({ type: 'note', name: OTHER.name, id: OTHER.id, publicKey: OTHER.publicKey })
  })

  it('read and write those of a witness, which are of another type', () => {
    const [one] = cosignature.witnesses as [(typeof cosignature.witnesses)[0]]
    const witness = parseWitnessVkey(one.vkey) as WitnessKey
    const secret = parseCosignerSkey(one.skey) as CosignerKey
    expect([formatVkey(witness), formatSkey(secret), formatVkey(secret)]).toEqual([one.vkey, one.skey, one.vkey])
    expect(secret).toEqual(
      cosignerKey(
        'witness.example/w1',
        Uint8Array.from({ length: 32 }, (_, i) => 32 + i),
      ),
    )
    expect(parseWitnessVkey(formatVkey(secret))).toEqual(witness)
    expect(parseWitnessVkey(cosignature.published.vkey)).toMatchObject({ type: 'cosignature', name: 'remora.n621.de', id: 'da77ade7' })
  })

  it('of one type are none of the other, nor is the same seed the same id', () => {
    const [one] = cosignature.witnesses as [(typeof cosignature.witnesses)[0]]
    expect([parseVkey(one.vkey), parseSkey(one.skey)]).toEqual([null, null])
    expect([parseWitnessVkey(vector.vkey), parseCosignerSkey(vector.skey)]).toEqual([null, null])
    const seed = new Uint8Array(32)
    expect(cosignerKey('a', seed).id).not.toBe(signerKey('a', seed).id)
    expect(cosignerKey('a', seed).publicKey).toEqual(signerKey('a', seed).publicKey)
  })

  it.each([
    ['another id', vector.vkey.replace('c74f20a3', 'c74f20a4')],
    ['another name', vector.vkey.replace('Peter', 'Petra')],
    ['an upper-case id', vector.vkey.replace('c74f20a3', 'C74F20A3')],
    ['a shorter key', vector.vkey.slice(0, -4)],
    ['another type', vector.vkey.replace('+AR', '+AB')],
    ['unpadded base64', 'a+00000000+AR'],
    ['no name', vector.vkey.replace('PeterNeumann', '')],
    ['a space in the name', vector.vkey.replace('PeterNeumann', 'Peter Neumann')],
    ['nothing', ''],
  ])('take no verifier key with %s', (_, text) => {
    expect(parseVkey(text)).toBeNull()
  })

  it('take no signer key whose id is not its own, nor a verifier key for one', () => {
    expect(parseSkey(vector.skey.replace('c74f20a3', 'c74f20a4'))).toBeNull()
    expect(parseSkey(vector.vkey)).toBeNull()
  })

  it.each(['', 'a b', 'a+b', 'a\u2003b', 'a\nb', 'a\u0085b'])('make no signer named %j', (name) => {
    expect(() => signerKey(name, new Uint8Array(32))).toThrow('no signer')
    expect(() => cosignerKey(name, new Uint8Array(32))).toThrow('no signer')
  })
})
