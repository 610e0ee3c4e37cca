import { describe, expect, it } from 'vitest'
import vector from '../../test/vectors/log/note.json' with { type: 'json' }
import { formatNote, openNote, parseNote, signNote } from './note.ts'
import type { SignerKey, VerifierKey } from './note-key.ts'
import { parseSkey, parseVkey, signerKey } from './note-key.ts'

const KNOWN = parseVkey(vector.vkey) as VerifierKey
const SIGNER = parseSkey(vector.skey) as SignerKey
const OTHER = signerKey('other.example', new Uint8Array(32).fill(7))

describe('signNote', () => {
  it('makes the published note, byte for byte', () => {
    expect(signNote(vector.text, [SIGNER])).toBe(vector.note)
  })

  it.each(['no newline', '', 'a tab\t\n', 'a bell\u0007\n', 'a return\r\n', '\ud800\n'])('does not sign %j', (text) => {
    expect(() => signNote(text, [SIGNER])).toThrow('whole lines')
  })
})

describe('parseNote', () => {
  it('takes a note apart and formatNote puts it together, byte for byte, whoever signed', () => {
    const note = signNote(vector.text, [OTHER, SIGNER])
    expect(parseNote(note)).toMatchObject({ text: vector.text, signatures: [{ name: OTHER.name }, { name: KNOWN.name, id: KNOWN.id }] })
    expect(formatNote(parseNote(note) as NonNullable<ReturnType<typeof parseNote>>)).toBe(note)
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
