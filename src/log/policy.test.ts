import { describe, expect, it } from 'vitest'
import { cosignerKey, formatVkey, signerKey } from './note-key.ts'
import { parsePolicy } from './policy.ts'

const seed = (n: number) => new Uint8Array(32).fill(n)
const LOG = formatVkey(signerKey('log.example', seed(1)))
const [W1, W2, W3] = [2, 3, 4].map((n) => formatVkey(cosignerKey(`w${n - 1}.example`, seed(n)))) as [string, string, string]
const faults = (text: string) => {
  const policy = parsePolicy(text)
  return policy.ok ? [] : policy.refusal
}
const HEAD = `log ${LOG}\nwitness w1 ${W1}\nwitness w2 ${W2}\nwitness w3 ${W3}\n`

describe('a policy', () => {
  it('names logs, witnesses and a quorum of groups in groups, as the specification writes them', () => {
    const text = `# ours\n \t# and a comment\n\n${HEAD}group\tg 2  w1 w2 \ngroup all-of-it all g w3\nlog ${formatVkey(signerKey('b', seed(9)))} https://log.example/\nquorum all-of-it\n`
    const members = ['w1', 'w2', 'w3'].map((name) => ({ kind: 'witness', name }) as const)
    expect(parsePolicy(text)).toMatchObject({
      ok: true,
      value: {
        logs: [
          { key: { name: 'log.example' }, url: null },
          { key: { name: 'b' }, url: 'https://log.example/' },
        ],
        witnesses: [{ name: 'w1', url: null }, { name: 'w2' }, { name: 'w3' }],
        quorum: { name: 'all-of-it', threshold: 2, members: [{ name: 'g', threshold: 2, members: members.slice(0, 2) }, members[2]] },
      },
    })
  })

  it.each([
    ['none', { kind: 'none' }],
    ['w2', { kind: 'witness', name: 'w2' }],
    ['any', { threshold: 1 }],
    ['all', { threshold: 3 }],
    ['3', { threshold: 3 }],
  ])('may ask for %s', (name, quorum) => {
    const group = name === 'none' || name === 'w2' ? '' : `group ${name} ${name} w1 w2 w3\n`
    expect(parsePolicy(`${HEAD}${group}quorum ${name}\n`)).toMatchObject({ ok: true, value: { quorum } })
  })

  it('may know no log and no witness, a witness with a URL, names of any alphabet, and 32 of each', () => {
    expect(parsePolicy('quorum none\n')).toMatchObject({ ok: true, value: { logs: [], witnesses: [] } })
    expect(parsePolicy(`witness Zeugin-ü ${W1} https://w.example/\nquorum Zeugin-ü\n`)).toMatchObject({
      ok: true,
      value: { witnesses: [{ url: 'https://w.example/' }] },
    })
    const many = Array.from(
      { length: 32 },
      (_, i) => `log ${formatVkey(signerKey('l', seed(i)))}\nwitness w${i} ${formatVkey(cosignerKey('w', seed(i)))}\ngroup g${i} any w${i}\n`,
    )
    expect(parsePolicy(`${many.join('')}quorum g31\n`)).toMatchObject({ ok: true, value: { logs: { length: 32 }, witnesses: { length: 32 } } })
  })

  it('tells each of its faults with its line', () => {
    expect(faults(`lg ${LOG}\nwitness w1 ${LOG}\ngroup g 2 w1 w9\nquorum h`)).toEqual([
      'line 1: `lg` is not `log`, `witness`, `group` or `quorum`',
      "line 2: `witness` wants a name, the witness's verifier key (type 0x04), and perhaps a URL",
      'line 3: `w9` is no witness or group of a line above',
      'line 4: the last line has no newline',
      'line 4: the policy has no `quorum` line',
    ])
    expect(faults(`${HEAD}log ${LOG}\nquorum w1\nquorum w2 w3\n`)).toEqual([
      'line 5: the key of `log.example` is on a line above',
      'line 7: `w3` is more than the line may hold',
      'line 7: there is a `quorum` line already',
    ])
  })

  it.each([
    ['', 'line 1: the policy has no `quorum` line'],
    [`log ${W1}\nquorum none\n`, "line 1: `log` wants the log's verifier key (type 0x01), and perhaps a URL"],
    [`log ${LOG} url more\nquorum none\n`, 'line 1: `more` is more than the line may hold'],
    [`${HEAD}witness w4 ${W1}\nquorum w1\n`, 'line 5: the key of `w1.example` is on a line above'],
    [`witness w1 ${W1}\nwitness w4 ${formatVkey(cosignerKey('another', seed(2)))}\nquorum w1\n`, 'line 2: the key of `another` is on a line above'],
    [`witness w1 ${W1}\nwitness w1 ${W2}\nquorum w1\n`, 'line 2: the name `w1` is taken'],
    [`witness none ${W1}\nquorum none\n`, 'line 1: the name `none` is taken'],
    [`${HEAD}group w1 any w2\nquorum w1\n`, 'line 5: the name `w1` is taken'],
    [`${HEAD}group g any\nquorum g\n`, 'line 5: `group` wants a name, `any`, `all` or a number, and at least one member'],
    [`${HEAD}group g any none\nquorum g\n`, 'line 5: `none` is no witness or group of a line above'],
    [`${HEAD}group g any g\nquorum g\n`, 'line 5: `g` is no witness or group of a line above'],
    [`${HEAD}group g any w1 w1\nquorum g\n`, 'line 5: `w1` is a member of a group already'],
    [`${HEAD}group g any w1\ngroup h any w1\nquorum g\n`, 'line 6: `w1` is a member of a group already'],
    [`${HEAD}group g 0 w1\nquorum g\n`, 'line 5: `0` is not `any`, `all` or a number from 1 to 1'],
    [`${HEAD}group g 3 w1 w2\nquorum g\n`, 'line 5: `3` is not `any`, `all` or a number from 1 to 2'],
    [`${HEAD}group g 02 w1 w2\nquorum g\n`, 'line 5: `02` is not `any`, `all` or a number from 1 to 2'],
    [`${HEAD}group g +1 w1 w2\nquorum g\n`, 'line 5: `+1` is not `any`, `all` or a number from 1 to 2'],
    [`quorum w1\n${HEAD}`, 'line 1: `w1` is no witness or group of a line above'],
    ['quorum none\r\n', 'line 1: a control character'],
    ['# \u007f\nquorum none\n', 'line 1: a control character'],
    ['\u00a0\nquorum none\n', 'line 1: `\u00a0` is not `log`, `witness`, `group` or `quorum`'],
    ['\ufeffquorum none\n', 'line 1: `\ufeffquorum` is not `log`, `witness`, `group` or `quorum`'],
    [`witness \ufffd ${W1}\nquorum \ufffd\n`, 'line 1: not UTF-8'],
    ['toString x\nquorum none\n', 'line 1: `toString` is not `log`, `witness`, `group` or `quorum`'],
    [`${'\n'.repeat(4096)}quorum none\n`, 'line 4097: a policy has at most 4096 lines'],
  ])('%j is refused: %s', (text, fault) => {
    expect(faults(text)).toContain(fault)
  })

  it('may hold anything but control characters in a comment, also what was no UTF-8', () => {
    expect(parsePolicy('# \ufffd \u0080\nquorum none\n').ok).toBe(true)
  })

  it('is refused with any one character of what counts changed or missing', () => {
    const text = `log ${LOG}\nwitness w1 ${W1}\nwitness w2 ${W2}\ngroup both all w1 w2\nquorum both\n`
    expect(parsePolicy(text).ok).toBe(true)
    for (let at = 0; at < text.length; at++) {
      expect({ at, faults: faults(`${text.slice(0, at)}!${text.slice(at + 1)}`).length > 0 }).toEqual({ at, faults: true })
      expect({ at, faults: faults(text.slice(0, at) + text.slice(at + 1)).length > 0 }).toEqual({ at, faults: true })
    }
  })
})
