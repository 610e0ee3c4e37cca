import { describe, expect, it } from 'vitest'
import checkpoint from '../../test/vectors/log/checkpoint.json' with { type: 'json' }
import frozen from '../../test/vectors/log/cosignature.json' with { type: 'json' }
import { fromHex, toBase64, toHex } from '../base/bytes.ts'
import { cosign, cosignatures, withCosignature } from './cosignature.ts'
import type { ParsedNote } from './note.ts'
import { openNote, parseNote, signatureLine, signNote } from './note.ts'
import type { CosignerKey, SignerKey, WitnessKey } from './note-key.ts'
import { cosignerKey, parseCosignerSkey, parseSkey, parseWitnessVkey } from './note-key.ts'

const LOG = parseSkey(checkpoint.skey) as SignerKey
const [ONE, TWO] = frozen.witnesses as [(typeof frozen.witnesses)[0], (typeof frozen.witnesses)[0]]
const W1 = parseWitnessVkey(ONE.vkey) as WitnessKey
const W2 = parseWitnessVkey(TWO.vkey) as WitnessKey
const COSIGNER = parseCosignerSkey(ONE.skey) as CosignerKey
const STRANGER = cosignerKey('witness.example/stranger', new Uint8Array(32).fill(5))
const NOTE = parseNote(checkpoint.note) as ParsedNote
const read = (note: string, known = [W1, W2]) => cosignatures(parseNote(note) as ParsedNote, known)
const bytesOf = (line: string) => new Uint8Array(Buffer.from(line.trimEnd().split(' ').at(-1) ?? '', 'base64'))

describe('a cosignature', () => {
  it('keeps its frozen form: id, time, signature', () => {
    for (const one of frozen.witnesses) expect(cosign(parseCosignerSkey(one.skey) as CosignerKey, NOTE.text, one.unixSeconds)).toBe(one.line)
    expect(toHex(bytesOf(ONE.line).subarray(0, 12))).toBe(`${W1.id}000000006ab13b80`)
    expect(bytesOf(ONE.line).length).toBe(4 + 8 + 64)
    expect(read(frozen.note)).toEqual({
      ok: true,
      value: [
        { by: W1, unixSeconds: ONE.unixSeconds },
        { by: W2, unixSeconds: TWO.unixSeconds },
      ],
    })
  })

  it('by a public witness, which did not read this code, is read', () => {
    const { publicKey, text, signature, unixSeconds } = frozen.published
    const bytes = new Uint8Array(Buffer.from(signature, 'base64'))
    const by: WitnessKey = { type: 'cosignature', name: 'witness', id: toHex(bytes.subarray(0, 4)), publicKey: fromHex(publicKey) as Uint8Array }
    const note = { text, signatures: [{ name: 'witness', id: by.id, bytes: bytes.subarray(4) }] }
    expect(cosignatures(note, [by])).toEqual({ ok: true, value: [{ by, unixSeconds }] })
    expect(cosignatures({ ...note, text: text.replace('\n5\n', '\n6\n') }, [by])).toEqual({ ok: false, refusal: 'the cosignature of `witness` does not hold' })
  })

  it('leaves the log its own signature, and covers the extension lines', () => {
    expect(openNote(frozen.note, [LOG])?.text).toBe(NOTE.text)
    const extended = `${NOTE.text}extension\n`
    const note = signNote(extended, [LOG]) + cosign(COSIGNER, extended, 1)
    expect(read(note)).toMatchObject({ ok: true, value: [{ unixSeconds: 1 }] })
    expect(read(note.replace('extension', 'extensioN')).ok).toBe(false)
  })

  it('counts once for a witness, by its newest time', () => {
    const [early, late] = [cosign(COSIGNER, NOTE.text, 0), cosign(COSIGNER, NOTE.text, 9)]
    expect(read(checkpoint.note + late + early)).toEqual({ ok: true, value: [{ by: W1, unixSeconds: 9 }] })
    expect(read(checkpoint.note + early)).toEqual({ ok: true, value: [{ by: W1, unixSeconds: 0 }] })
  })

  it('of an unknown witness, or under a borrowed name or id, is ignored, whatever it holds', () => {
    expect(read(checkpoint.note + cosign(STRANGER, NOTE.text, 1))).toEqual({ ok: true, value: [] })
    for (const key of [
      { name: W1.name, id: STRANGER.id },
      { name: STRANGER.name, id: W1.id },
    ])
      expect(read(checkpoint.note + signatureLine({ ...key, bytes: new Uint8Array(1) }))).toEqual({ ok: true, value: [] })
  })

  it('condemns the note with any one bit of its time or signature changed, and is a stranger with one of its id', () => {
    const bytes = bytesOf(ONE.line)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const line = `— ${W1.name} ${toBase64(bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)))}\n`
      expect(read(checkpoint.note + line)).toEqual(
        bit < 32 ? { ok: true, value: [] } : { ok: false, refusal: 'the cosignature of `witness.example/w1` does not hold' },
      )
    }
  })

  it.each([
    ['nothing behind its id and a byte', new Uint8Array(1)],
    ['no time', bytesOf(ONE.line).subarray(12)],
    ['a byte too few', bytesOf(ONE.line).subarray(4, -1)],
    ['a byte too many', new Uint8Array([...bytesOf(ONE.line).subarray(4), 0])],
  ])('with %s condemns the note, although another holds', (_, bytes) => {
    expect(read(checkpoint.note + TWO.line).ok).toBe(true)
    expect(read(checkpoint.note + TWO.line + signatureLine({ ...W1, bytes }))).toEqual({
      ok: false,
      refusal: 'the cosignature of `witness.example/w1` does not hold',
    })
  })

  it('is no signature of a note, nor a signature of a note one of these', () => {
    const seed = new Uint8Array(32).fill(3)
    const key = cosignerKey('both', seed)
    const asNote = signNote(NOTE.text, [{ ...key, type: 'note' }])
    expect(cosignatures(parseNote(asNote) as ParsedNote, [key]).ok).toBe(false)
    expect(openNote(`${NOTE.text}\n${cosign(key, NOTE.text, 1)}`, [{ ...key, type: 'note' }])).toBeNull()
  })

  it('is made of checkpoints and whole seconds only', () => {
    expect(() => cosign(COSIGNER, 'a note\n', 1)).toThrow('only a checkpoint')
    for (const time of [-1, 1.5, Number.NaN, 2 ** 53]) expect(() => cosign(COSIGNER, NOTE.text, time)).toThrow('no time')
    expect(read(signNote('a note\n', [LOG]))).toEqual({ ok: false, refusal: 'the note is not a checkpoint' })
  })
})

describe('withCosignature', () => {
  it('adds what the witness answered, one after another', () => {
    const once = withCosignature(checkpoint.note, ONE.line, W1) as string
    expect(withCosignature(once, TWO.line, W2)).toBe(frozen.note)
  })

  it("puts a newer one in the older one's place, and leaves others' lines where they are", () => {
    const newer = cosign(COSIGNER, NOTE.text, ONE.unixSeconds + 60)
    const note = withCosignature(frozen.note, newer, W1) as string
    expect(note).toBe(`${checkpoint.note}${TWO.line}${newer}`)
  })

  it('leaves out whatever else the witness sends', () => {
    const spoilt = signatureLine({ name: LOG.name, id: LOG.id, bytes: new Uint8Array(64) })
    expect(withCosignature(checkpoint.note, spoilt + ONE.line + cosign(STRANGER, NOTE.text, 1), W1)).toBe(checkpoint.note + ONE.line)
  })

  it.each([
    ['nothing', ''],
    ['another witness', TWO.line],
    ['one of another checkpoint', cosign(COSIGNER, NOTE.text.replace('\n8\n', '\n9\n'), 1)],
    ['a good one and a bad one', ONE.line + signatureLine({ ...W1, bytes: new Uint8Array(72) })],
    ['no newline', ONE.line.trimEnd()],
    ['a blank line', `\n${ONE.line}`],
    ['words', 'sorry\n'],
    ['too many', cosign(STRANGER, NOTE.text, 1).repeat(64) + ONE.line],
  ])('gives nothing when the answer is %s', (_, answer) => {
    expect(withCosignature(checkpoint.note, answer, W1)).toBeNull()
  })
})
