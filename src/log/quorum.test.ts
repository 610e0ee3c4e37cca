import { describe, expect, it } from 'vitest'
import { formatCheckpoint } from './checkpoint.ts'
import { cosign } from './cosignature.ts'
import { EMPTY_ROOT } from './leaf.ts'
import { signatureLine, signNote } from './note.ts'
import type { CosignerKey } from './note-key.ts'
import { cosignerKey, formatVkey, signerKey } from './note-key.ts'
import type { Policy } from './policy.ts'
import { parsePolicy } from './policy.ts'
import { judge } from './quorum.ts'

const seed = (n: number) => new Uint8Array(32).fill(n)
const LOG = signerKey('log.example', seed(1))
const STRANGE = signerKey('strange.example', seed(2))
const names = ['x1', 'x2', 'x3', 'y1'] as const
const KEYS = new Map<string, CosignerKey>(names.map((name, i) => [name, cosignerKey(`${name}.example`, seed(10 + i))]))
const TEXT = formatCheckpoint({ origin: LOG.name, size: 0, root: EMPTY_ROOT })
const SIGNED = signNote(TEXT, [LOG])
const by = (name: string, time = 1_790_000_000) => cosign(KEYS.get(name) as CosignerKey, TEXT, time)

const policy = (quorum: string): Policy => {
  const witnesses = names.map((name) => `witness ${name} ${formatVkey(KEYS.get(name) as CosignerKey)}\n`).join('')
  const parsed = parsePolicy(`log ${formatVkey(LOG)}\n${witnesses}${quorum}\n`)
  if (!parsed.ok) throw new Error(parsed.refusal.join(', '))
  return parsed.value
}
const NESTED = policy('group x 2 x1 x2 x3\ngroup both all x y1\nquorum both')

describe('the quorum', () => {
  it.each([
    ['x1 y1', false],
    ['x1 x2', false],
    ['x1 x2 y1', true],
    ['x3 x1 y1', true],
    ['x1 x2 x3 y1', true],
    ['', false],
  ])('of two in three and one more, cosigned by `%s`, is met: %s', (cosigners, met) => {
    const note =
      SIGNED +
      cosigners
        .split(' ')
        .filter(Boolean)
        .map((name) => by(name))
        .join('')
    expect(judge(NESTED, note)).toMatchObject({ ok: true, value: { met, cosigned: { length: cosigners.split(' ').filter(Boolean).length } } })
  })

  it('says who cosigned and when, who did not, and what is missing', () => {
    const judged = judge(NESTED, SIGNED + by('x2') + by('y1', 253_402_300_800))
    expect(judged).toMatchObject({
      ok: true,
      value: {
        log: { name: LOG.name },
        checkpoint: { origin: LOG.name, size: 0 },
        cosigned: [
          { witness: 'x2', unixSeconds: 1_790_000_000 },
          { witness: 'y1', unixSeconds: 253_402_300_800 },
        ],
        met: false,
        words:
          'the quorum is not met: `both` has 1 of the 2 it needs (`x` has 1 of the 2 it needs (`x1` has not cosigned, ' +
          '`x2` cosigned at 2026-09-21T14:13:20Z, `x3` has not cosigned), `y1` cosigned at 253402300800 seconds after 1970)',
      },
    })
  })

  it('may be one witness, any of a group, or nobody', () => {
    expect(judge(policy('quorum x1'), SIGNED + by('x1'))).toMatchObject({
      value: { met: true, words: 'the quorum is met: `x1` cosigned at 2026-09-21T14:13:20Z' },
    })
    expect(judge(policy('quorum x1'), SIGNED + by('x2'))).toMatchObject({ value: { met: false, words: 'the quorum is not met: `x1` has not cosigned' } })
    expect(judge(policy('group g any x1 x2\nquorum g'), SIGNED + by('x2'))).toMatchObject({ value: { met: true } })
    expect(judge(policy('quorum none'), SIGNED)).toMatchObject({ value: { met: true, words: 'the quorum is met: the policy asks for no cosignature' } })
  })

  it('does not count a witness twice', () => {
    expect(judge(NESTED, SIGNED + by('x1', 1) + by('x1', 2) + by('y1'))).toMatchObject({ value: { met: false } })
  })

  it.each([
    ['no note', 'words', 'the note is not a signed checkpoint'],
    ['a note that is no checkpoint', signNote('words\n', [LOG]), 'the note is not a signed checkpoint'],
    ['a stranger’s signature', signNote(TEXT, [STRANGE]), 'no log of the policy signed the checkpoint of `log.example`'],
    ['witnesses without the log', `${TEXT}\n${names.map((name) => by(name)).join('')}`, 'no log of the policy signed the checkpoint of `log.example`'],
    [
      'our log’s signature under another origin',
      signNote(formatCheckpoint({ origin: 'other.example', size: 0, root: EMPTY_ROOT }), [LOG]),
      'no log of the policy signed the checkpoint of `other.example`',
    ],
    ['a broken signature of the log', SIGNED + signatureLine({ ...LOG, bytes: new Uint8Array(64) }), 'the signature of `log.example` does not hold'],
    [
      'a broken cosignature',
      SIGNED + by('x1') + by('x2') + by('y1') + signatureLine({ ...(KEYS.get('x3') as CosignerKey), bytes: new Uint8Array(72) }),
      'the cosignature of `x3.example` does not hold',
    ],
  ])('is not asked about %s', (_, note, refusal) => {
    expect(judge(NESTED, note)).toEqual({ ok: false, refusal })
  })

  it('is asked about the log that signed, of several', () => {
    const parsed = parsePolicy(`log ${formatVkey(STRANGE)}\nlog ${formatVkey(LOG)}\nquorum none\n`)
    expect(parsed.ok && judge(parsed.value, SIGNED)).toMatchObject({ value: { log: { name: LOG.name } } })
  })
})
