import { spawnSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyTLogInclusion } from '@sigstore/verify/dist/tlog/index.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatVkey } from '../../src/log/note-key.ts'
import { besideSigner } from '../support/beside-signer.ts'
import { run } from '../support/cli.ts'
import { freshJournal } from '../support/journal.ts'

/** Nothing of ours reads the exported folder: `@sigstore/verify` judges the proofs, coreutils the manifest. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')
let place: string
let exported: string

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'gatehouse-export-'))
  exported = join(place, 'case')
  const fresh = await freshJournal()
  try {
    for (const count of [3, 290, 7]) {
      await fresh.fill(count)
      await fresh.sign()
    }
    const key = join(place, 'key')
    writeFileSync(key, `${formatVkey(fresh.key)}\n`)
    const args = ['--case', 'c-1', '--reason', 'an audit', '--by', 'erik', '--key', key, '--operation', 'getShipmentSummary', '--out', exported]
    const ran = await besideSigner(fresh, () => run(['journal', 'export', ...args], { env: { DATABASE_URL: fresh.roleUrl('gate') } }))
    if (ran.code !== 0) throw new Error(ran.err)
  } finally {
    await fresh.close()
  }
}, 120_000)
afterAll(() => rmSync(place, { recursive: true, force: true }))

const indices = (folder: string) => readdirSync(join(folder, 'entries')).map((name) => name.replace('.json', ''))

/** What a stranger makes of an entry and its proof, by the key in the folder. */
function theyAccept(folder: string, index: string, files = { proof: `proofs/${index}.tlog-proof`, entry: `entries/${index}.json` }): boolean {
  const [name = '', id = '', ...key] = readFileSync(join(folder, 'log.vkey'), 'utf8').trim().split('+')
  const [head = '', ...note] = readFileSync(join(folder, files.proof), 'utf8').split('\n\n')
  const [, at = '', ...hashes] = head.split('\n')
  const authority = {
    logID: Buffer.from(id, 'hex'),
    baseURL: `https://${name}`,
    publicKey: createPublicKey({ key: Buffer.concat([SPKI, Buffer.from(key.join('+'), 'base64').subarray(1)]), format: 'der', type: 'spki' }),
    validFor: { start: new Date(0), end: new Date(0) },
  }
  const logIndex = at.replace('index ', '')
  const inclusionProof = {
    logIndex,
    hashes: hashes.map((hash) => Buffer.from(hash, 'base64')),
    checkpoint: { envelope: note.join('\n\n') },
    rootHash: Buffer.alloc(0),
    treeSize: '0',
  }
  const entry = {
    logId: { keyId: authority.logID },
    logIndex,
    integratedTime: '0',
    kindVersion: { kind: 'journal', version: '1' },
    canonicalizedBody: readFileSync(join(folder, files.entry)),
    inclusionPromise: undefined,
    inclusionProof,
  }
  try {
    verifyTLogInclusion(entry, [authority])
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'VerificationError') return false
    throw error
  }
}

const manifestHolds = (folder: string): boolean => spawnSync('sha256sum', ['--check', '--quiet', '--strict', 'manifest.sha256'], { cwd: folder }).status === 0

describe('an exported case, read by others', () => {
  it('holds: each of its 300 entries is where its proof says, in a tree that the log signed', () => {
    expect(manifestHolds(exported)).toBe(true)
    expect(indices(exported).length).toBe(300)
    expect(indices(exported).filter((index) => !theyAccept(exported, index))).toEqual([])
  })

  it('holds with the entry that tells of it, which names the manifest', () => {
    const files = { proof: 'custody.tlog-proof', entry: 'custody-entry.json' }
    expect(theyAccept(exported, '300', files)).toBe(true)
    const named = spawnSync('sh', ['-c', 'grep -c "$(sha256sum manifest.sha256 | cut -c 1-64)" custody-entry.json'], { cwd: exported, encoding: 'utf8' })
    expect(named.stdout).toBe('1\n')
    expect(theyAccept(exported, '5', { ...files, proof: 'proofs/5.tlog-proof' })).toBe(false)
  })

  it.each(['entries/5.json', 'proofs/5.tlog-proof', 'policy', 'README.md', 'case.json', 'index.jsonl', 'log.vkey'])(
    'does not hold once a byte of %s is another',
    (name) => {
      const altered = join(place, 'altered')
      rmSync(altered, { recursive: true, force: true })
      cpSync(exported, altered, { recursive: true })
      const bytes = readFileSync(join(altered, name))
      bytes[bytes.length - 30] = (bytes.at(-30) ?? 0) ^ 1
      writeFileSync(join(altered, name), bytes)
      expect({ manifest: manifestHolds(altered), entry: theyAccept(altered, '5') }).toEqual({ manifest: false, entry: !/^(entries|proofs|log)/.test(name) })
    },
  )
})
