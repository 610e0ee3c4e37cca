import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import { signedCheckpoint } from '../log/checkpoint.ts'
import { leafHash } from '../log/leaf.ts'
import { formatVkey, type SignerKey, signerKey } from '../log/note-key.ts'
import { formatTlogProof } from '../log/tlog-proof.ts'
import { caseReadme } from './journal/case-readme.ts'
import { trusted } from './journal/trusted.ts'
import { judgeReceipt } from './receipt.ts'

const OURS = signerKey('gatehouse.test/log', new Uint8Array(32).fill(1))
const THEIRS = signerKey('gatehouse.test/log', new Uint8Array(32).fill(2))
const ELSEWHERE = signerKey('elsewhere.test/log', new Uint8Array(32).fill(3))
const LEAF = leafHash(utf8('an entry that nobody recorded'))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-receipt-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const keyFile = () => file('key', `${formatVkey(OURS)}\n`)
const policyFile = (...logs: readonly SignerKey[]) => file('policy', `${logs.map((key) => `log ${formatVkey(key)}\n`).join('')}quorum none\n`)
const receiptBy = (key: SignerKey) => formatTlogProof({ index: 0, hashes: [], checkpoint: signedCheckpoint(key, 1, LEAF), extra: null })
const judged = async (by: SignerKey, options: { readonly key?: string; readonly policy?: string }) =>
  judgeReceipt({ text: receiptBy(by), leaf: LEAF, believing: await trusted(options) })

describe('a receipt by a key and a policy', () => {
  it('holds when the log of that key signed it', async () => {
    expect(await judged(OURS, { key: keyFile(), policy: policyFile(OURS, ELSEWHERE) })).toMatchObject({ ok: true, value: { index: 0 } })
    expect(await judged(OURS, { key: keyFile() })).toMatchObject({ ok: true })
    expect(await judged(ELSEWHERE, { policy: policyFile(ELSEWHERE) })).toMatchObject({ ok: true })
  })

  it.each([
    ['another name', ELSEWHERE],
    ['the same name', THEIRS],
  ])('does not hold when another log of the policy signed it, of %s', async (_, other) => {
    const found = await judged(other, { key: keyFile(), policy: policyFile(OURS, other) })
    expect(found).toEqual({ ok: false, refusal: 'its checkpoint does not carry the signature of gatehouse.test/log' })
  })

  it('is not judged by a policy that does not know the key, nor by one of several logs without a key', async () => {
    await expect(judged(THEIRS, { key: keyFile(), policy: policyFile(THEIRS) })).rejects.toThrow('the policy does not know the log gatehouse.test/log')
    await expect(judged(OURS, { policy: policyFile(OURS, ELSEWHERE) })).rejects.toThrow('say by its key which')
  })
})

describe('the README of a case', () => {
  const facts = { name: 'c', reason: 'r', by: 'b', at: 'now', log: 'l', keyId: 'k', entries: 1, example: 7, hasPolicy: true }

  it('has its reader bring key and policy from elsewhere', () => {
    const text = caseReadme({ ...facts, custody: 'sealed' })
    expect(text).toContain('gatehouse receipt verify proofs/7.tlog-proof --key FILE-FROM-ELSEWHERE --policy policy --entry entries/7.json')
    expect(text).toMatch(/A key\s+or a policy that comes with the evidence proves nothing/)
  })

  it.each([
    ['sealed', /names the manifest by its digest,\nwho exported by pseudonym, and why in the payload vault, sealed/, true],
    ['bare', /names the manifest by its digest\nand the case, not who exported and why/, true],
    ['none', /NO ENTRY OF THE JOURNAL tells of this export/, false],
  ] as const)('says what the journal has of an export that is %s there, and names only files that are there', (custody, says, hasFiles) => {
    const text = caseReadme({ ...facts, custody })
    expect(text).toMatch(says)
    expect(text.includes('gatehouse receipt verify custody.tlog-proof')).toBe(hasFiles)
    expect(text.includes('custody-entry.json')).toBe(hasFiles)
  })
})
