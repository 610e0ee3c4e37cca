import { describe, expect, it } from 'vitest'
import vector from '../../test/vectors/log/note.json' with { type: 'json' }
import { openNote, signNote } from './note.ts'
import type { SignerKey, VerifierKey } from './note-key.ts'
import { formatSkey, formatVkey, parseSkey, parseVkey, signerKey } from './note-key.ts'

const KNOWN = parseVkey(vector.vkey) as VerifierKey
const SIGNER = parseSkey(vector.skey) as SignerKey
const OTHER = signerKey('other.example', new Uint8Array(32).fill(7))

describe('note keys', () => {
  it('read and write their published text forms', () => {
    expect(formatVkey(KNOWN)).toBe(vector.vkey)
    expect(formatSkey(SIGNER)).toBe(vector.skey)
    expect(formatVkey(SIGNER)).toBe(vector.vkey)
    expect(parseVkey(formatVkey(OTHER))).toEqual({ name: OTHER.name, id: OTHER.id, publicKey: OTHER.publicKey })
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
  })
})

describe('signNote', () => {
  it('makes the published note, byte for byte', () => {
    expect(signNote(vector.text, [SIGNER])).toBe(vector.note)
  })

  it.each(['no newline', '', 'a tab\t\n', 'a bell\u0007\n', 'a return\r\n', '\ud800\n'])('does not sign %j', (text) => {
    expect(() => signNote(text, [SIGNER])).toThrow('whole lines')
  })
})

describe('openNote', () => {
  it('gives the text and who signed it', () => {
    expect(openNote(vector.note, [KNOWN])).toEqual({ text: vector.text, signedBy: [KNOWN] })
  })

  it('splits at the last blank line, so that a text may hold others', () => {
    const text = `one\n\n— ${OTHER.name} AAAA\n\ntwo\n`
    expect(openNote(signNote(text, [OTHER]), [OTHER])?.text).toBe(text)
  })

  it('ignores signatures of unknown keys, also under a known name', () => {
    const both = signNote(vector.text, [OTHER, SIGNER])
    expect(openNote(both, [KNOWN])?.signedBy).toEqual([KNOWN])
    const namesake = signerKey(KNOWN.name, new Uint8Array(32).fill(9))
    expect(openNote(signNote(vector.text, [namesake, SIGNER]), [KNOWN])?.signedBy).toEqual([KNOWN])
  })

  it('accepts sixteen signatures and more, and has an end', () => {
    const many = (n: number) => signNote(vector.text, [...Array.from({ length: n - 1 }, (_, i) => signerKey(`n${i}`, new Uint8Array(32).fill(i))), SIGNER])
    expect(openNote(many(16), [KNOWN])).not.toBeNull()
    expect(openNote(many(64), [KNOWN])).not.toBeNull()
    expect(openNote(many(65), [KNOWN])).toBeNull()
  })

  it('condemns a note with a bad signature of a known key, although another known one is good', () => {
    const spoilt = signNote('another text\n', [SIGNER]).split('\n').at(-2)
    const note = `${signNote(vector.text, [OTHER])}${spoilt}\n`
    expect(openNote(note, [OTHER])).not.toBeNull()
    expect(openNote(note, [OTHER, KNOWN])).toBeNull()
  })

  it.each([
    ['only unknown signatures', signNote(vector.text, [OTHER])],
    ['no signature', `${vector.text}\n`],
    ['no blank line', vector.note.replace('\n\n', '\n')],
    ['a changed text', vector.note.replace('cryptography', 'Cryptography')],
    ['an added line', vector.note.replace('\n\n', '\nand so\n\n')],
    ['a cut end', vector.note.slice(0, -1)],
    ['a line after the signatures', `${vector.note}more\n`],
    ['a hyphen for the dash', vector.note.replace('—', '-')],
    ['loose base64', vector.note.replace('JnAM=', 'JnAN=')],
    ['a control character', vector.note.replace('you ', 'you\t')],
    ['nothing', ''],
  ])('refuses a note with %s', (_, note) => {
    expect(openNote(note, [KNOWN])).toBeNull()
  })
})
