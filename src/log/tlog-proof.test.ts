import { describe, expect, it } from 'vitest'
import checkpoint from '../../test/vectors/log/checkpoint.json' with { type: 'json' }
import cosigned from '../../test/vectors/log/cosignature.json' with { type: 'json' }
import reference from '../../test/vectors/log/ct-8-leaves.json' with { type: 'json' }
import frozen from '../../test/vectors/log/tlog-proof.json' with { type: 'json' }
import { fromHex, utf8 } from '../base/bytes.ts'
import { leafHash } from './leaf.ts'
import type { Policy } from './policy.ts'
import { parsePolicy } from './policy.ts'
import { inclusionProof } from './proof.ts'
import type { TlogProof } from './tlog-proof.ts'
import { formatTlogProof, parseTlogProof, verifyTlogProof } from './tlog-proof.ts'

const LEAVES = reference.entries.map((entry) => leafHash(fromHex(entry) as Uint8Array))
const policyOf = (text: string): Policy => {
  const policy = parsePolicy(text)
  if (!policy.ok) throw new Error(policy.refusal.join(', '))
  return policy.value
}
const POLICY = policyOf(frozen.policy)
const leaf = LEAVES[frozen.plain.index] as Uint8Array
const verified = (text: string, changed: { readonly leaf?: Uint8Array; readonly policy?: Policy } = {}) =>
  verifyTlogProof({ text, leaf, policy: POLICY, ...changed })
const lines = frozen.plain.text.split('\n')
const withLine = (at: number, line: string) => lines.with(at, line).join('\n')

describe('a tlog-proof', () => {
  it('keeps its frozen form', () => {
    const plain: TlogProof = { index: 5, hashes: inclusionProof(LEAVES, 5), checkpoint: cosigned.note, extra: null }
    expect(formatTlogProof(plain)).toBe(frozen.plain.text)
    expect(formatTlogProof({ ...plain, index: 0, hashes: inclusionProof(LEAVES, 0), extra: utf8(frozen.extra.extra) })).toBe(frozen.extra.text)
    expect(parseTlogProof(frozen.plain.text)).toMatchObject({ ok: true, value: { index: 5, hashes: { length: 3 }, checkpoint: cosigned.note, extra: null } })
  })

  it('verifies offline, with who saw it and when', () => {
    expect(verified(frozen.plain.text)).toMatchObject({
      ok: true,
      value: { index: 5, unauthenticatedExtra: null, judged: { met: true, checkpoint: { size: 8 }, cosigned: [{ witness: 'w1' }, { witness: 'w2' }] } },
    })
    expect(verified(frozen.extra.text, { leaf: LEAVES[0] as Uint8Array })).toMatchObject({ ok: true, value: { index: 0 } })
  })

  it('of the only entry of a log has no hashes', () => {
    const text = formatTlogProof({ index: 0, hashes: [], checkpoint: checkpoint.note, extra: null })
    expect(text.slice(0, 33)).toBe('c2sp.org/tlog-proof@v1\nindex 0\n\ng')
  })

  it('does not verify for another entry, another policy or too few witnesses', () => {
    expect(verified(frozen.plain.text, { leaf: LEAVES[4] as Uint8Array })).toEqual({
      ok: false,
      refusal: 'the hashes do not lead from this entry, at 5, to the root of the tree of 8',
    })
    const [log, w1, w2] = frozen.policy.split('\n') as [string, string, string]
    expect(verified(frozen.plain.text, { policy: policyOf(`${w1}\nquorum none\n`) })).toEqual({
      ok: false,
      refusal: 'no log of the policy signed the checkpoint of `gatehouse.example/journal`',
    })
    const alone = formatTlogProof({ index: 5, hashes: inclusionProof(LEAVES, 5), checkpoint: checkpoint.note, extra: null })
    expect(verified(alone, { policy: policyOf(`${log}\nquorum none\n`) }).ok).toBe(true)
    expect(verified(alone, { policy: policyOf(`${log}\n${w2}\nquorum w2\n`) })).toEqual({ ok: false, refusal: 'the quorum is not met: `w2` has not cosigned' })
  })

  it('does not verify with any one character changed, missing or doubled', () => {
    const { text } = frozen.plain
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'A' ? 'B' : 'A'
      for (const changed of [
        `${text.slice(0, at)}${other}${text.slice(at + 1)}`,
        text.slice(0, at) + text.slice(at + 1),
        text.slice(0, at + 1) + text.slice(at),
      ])
        expect({ at, changed: verified(changed).ok }).toEqual({ at, changed: false })
    }
  })

  it('vouches for no extra data: changed, they are other data, and everything else is the same', () => {
    const changed = frozen.extra.text.replace('c2hpcG1lbnQgNDcxMQ==', 'c2hpcG1lbnQgNDcxMg==')
    const proven = verified(changed, { leaf: LEAVES[0] as Uint8Array })
    expect(proven.ok && Buffer.from(proven.value.unauthenticatedExtra ?? []).toString()).toBe('shipment 4712')
  })

  it.each([
    ['another first line', withLine(0, 'c2sp.org/tlog-proof@v2'), 'line 1: a proof begins with `c2sp.org/tlog-proof@v1`'],
    ['a return', frozen.plain.text.replace('@v1\n', '@v1\r\n'), 'line 1: a proof begins with `c2sp.org/tlog-proof@v1`'],
    ['empty extra data', withLine(0, `${lines[0]}\nextra `), 'line 2: the extra data are not base64, or empty'],
    ['loose extra data', withLine(0, `${lines[0]}\nextra YQ`), 'line 2: the extra data are not base64, or empty'],
    ['extra data twice', withLine(0, `${lines[0]}\nextra YQ==\nextra YQ==`), 'line 3: `index` and a whole number are wanted'],
    ['extra data after the index', withLine(1, 'index 5\nextra YQ=='), 'line 3: a hash is 32 bytes in base64'],
    ['no index', withLine(1, lines[2] as string), 'line 2: `index` and a whole number are wanted'],
    ['a leading zero', withLine(1, 'index 05'), 'line 2: `index` and a whole number are wanted'],
    ['a sign', withLine(1, 'index +5'), 'line 2: `index` and a whole number are wanted'],
    ['an index beyond counting', withLine(1, 'index 9007199254740992'), 'line 2: `index` and a whole number are wanted'],
    ['an index beyond the tree', withLine(1, 'index 8'), "entry 8 is not below the checkpoint's size, 8"],
    ['a short hash', withLine(3, 'AAAA'), 'line 4: a hash is 32 bytes in base64'],
    ['loose base64', withLine(2, (lines[2] as string).replace('=', '')), 'line 3: a hash is 32 bytes in base64'],
    ['a hash too few', lines.toSpliced(3, 1).join('\n'), 'the hashes do not lead from this entry, at 5, to the root of the tree of 8'],
    [
      'hashes swapped',
      lines
        .with(2, lines[3] as string)
        .with(3, lines[2] as string)
        .join('\n'),
      'the hashes do not lead from this entry, at 5, to the root of the tree of 8',
    ],
    ['more hashes than any tree needs', withLine(2, `${lines[2]}\n`.repeat(62).trimEnd()), '64 hashes are more than any tree needs'],
    ['no blank line', lines.slice(0, 5).join('\n'), 'the proof has no blank line before its checkpoint'],
    ['no checkpoint', `${lines.slice(0, 5).join('\n')}\n\n`, 'what follows the blank line is no signed note'],
    ['nothing', '', 'the proof has no blank line before its checkpoint'],
  ])('with %s is refused', (_, text, refusal) => {
    expect(verified(text)).toEqual({ ok: false, refusal })
  })

  it('is not made of what could not be read again', () => {
    const good: TlogProof = { index: 0, hashes: [], checkpoint: checkpoint.note, extra: null }
    for (const bad of [{ index: -1 }, { hashes: [new Uint8Array(31)] }, { checkpoint: 'words' }, { extra: new Uint8Array() }])
      expect(() => formatTlogProof({ ...good, ...bad })).toThrow('that is no proof')
  })
})
