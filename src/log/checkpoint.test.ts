import { describe, expect, it } from 'vitest'
import frozen from '../../test/vectors/log/checkpoint.json' with { type: 'json' }
import reference from '../../test/vectors/log/ct-8-leaves.json' with { type: 'json' }
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signedCheckpoint } from './checkpoint.ts'
import { signNote } from './note.ts'
import type { SignerKey, VerifierKey } from './note-key.ts'
import { parseSkey, parseVkey } from './note-key.ts'

const SIGNER = parseSkey(frozen.skey) as SignerKey
const KNOWN = parseVkey(frozen.vkey) as VerifierKey
const ROOT = new Uint8Array(Buffer.from(reference.roots[8] as string, 'hex'))
const B64 = Buffer.from(ROOT).toString('base64')

describe('checkpoint', () => {
  it('keeps its frozen form', () => {
    expect(signedCheckpoint(SIGNER, frozen.size, ROOT)).toBe(frozen.note)
    expect(openCheckpoint(frozen.note, KNOWN)).toMatchObject({ origin: KNOWN.name, size: 8 })
  })

  it('drops extension lines and keeps what is signed', () => {
    expect(parseCheckpoint(`log\n20852163\n${B64}\nextension\n`)).toMatchObject({ origin: 'log', size: 20_852_163 })
  })

  it.each([
    ['no origin', `\n8\n${B64}\n`],
    ['a leading zero', `log\n08\n${B64}\n`],
    ['a sign', `log\n+8\n${B64}\n`],
    ['a negative size', `log\n-8\n${B64}\n`],
    ['a fraction', `log\n8.0\n${B64}\n`],
    ['a size beyond counting', `log\n9007199254740992\n${B64}\n`],
    ['a short root', 'log\n8\nAAAA\n'],
    ['loose base64', `log\n8\n${B64.replace('yg=', 'yh=')}\n`],
    ['no last newline', `log\n8\n${B64}`],
    ['an empty extension line', `log\n8\n${B64}\n\n`],
    ['two lines', 'log\n8\n'],
    ['nothing', ''],
  ])('is not read with %s', (_, text) => {
    expect(parseCheckpoint(text)).toBeNull()
  })

  it('of another log under our signature is not ours', () => {
    expect(openCheckpoint(signNote(formatCheckpoint({ origin: 'another', size: 8, root: ROOT }), [SIGNER]), KNOWN)).toBeNull()
  })
})
