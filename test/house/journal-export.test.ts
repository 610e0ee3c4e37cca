import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/digest.ts'
import { parseRecorded } from '../../src/journal/recorded.ts'
import { formatVkey } from '../../src/log/note-key.ts'
import { besideSigner } from '../support/beside-signer.ts'
import { run } from '../support/cli.ts'
import { type FreshJournal, freshJournal } from '../support/journal.ts'
import { published } from '../support/log-copies.ts'
import { putFile } from '../support/put-file.ts'
import { flipBody } from '../support/tamper.ts'

let fresh: FreshJournal
let place: string
let env: { readonly DATABASE_URL: string }
let key: string
beforeAll(async () => {
  fresh = await freshJournal()
  place = mkdtempSync(join(tmpdir(), 'gatehouse-export-'))
  await fresh.fill(300)
  for (const operation of ['getShipmentSummary', 'getOrderHistory'])
    await fresh.journal.record({ kind: 'ask.answered', outcome: 'done', session: 'ses-court', operation })
  await fresh.fill(20)
  await fresh.sign()
  for (const [path, bytes] of await published(fresh.store, fresh.key)) file(`archive/${path}`, bytes)
  env = { DATABASE_URL: fresh.roleUrl('gate') }
  key = file('log.vkey', `${formatVkey(fresh.key)}\n`)
}, 60_000)
afterAll(async () => {
  await fresh.close()
  rmSync(place, { recursive: true, force: true })
})

const file = (name: string, content: Uint8Array | string): string => putFile(place, name, content)

const TOLD = ['--case', 'court-17', '--reason', 'asked for by the court', '--by', 'erik', '--session', 'ses-court']
const exported = (out: string, how: { readonly more?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {}) =>
  run(['journal', 'export', ...TOLD, '--key', key, '--out', out, ...(how.more ?? [])], { env: how.env ?? env })
const files = (out: string) => readdirSync(out).toSorted()
const ALWAYS = 'README.md case.json checkpoints custody-entry.json custody.json entries index.jsonl log.vkey manifest.sha256 policy proofs'.split(' ')
const holds = (out: string, receipt: string, entry: string) =>
  run(['receipt', 'verify', join(out, receipt), '--policy', join(out, 'policy'), '--entry', join(out, entry)])
const custodyOf = (out: string) =>
  JSON.parse(readFileSync(join(out, 'custody.json'), 'utf8')) as { readonly index: number; readonly leaf: string; readonly manifest: string }

describe('gatehouse journal export', () => {
  it('writes beside a signer a case that holds offline, with the entry that tells of it, which holds as the others do', async () => {
    const out = join(place, 'case')
    const ran = await besideSigner(fresh, () => exported(out))
    expect(ran).toMatchObject({ code: 0, err: '', out: expect.stringContaining('tells of it, and is in the folder with its proof') })
    expect(files(out)).toEqual([...ALWAYS, 'custody.tlog-proof'].toSorted())
    for (const index of [300, 301]) expect(await holds(out, `proofs/${index}.tlog-proof`, `entries/${index}.json`)).toMatchObject({ code: 0, err: '' })
    const { index, manifest } = custodyOf(out)
    expect(await holds(out, 'custody.tlog-proof', 'custody-entry.json')).toMatchObject({
      code: 0,
      out: expect.stringContaining(`the receipt holds: this is entry ${index} of the log`),
    })
    expect(toHex(sha256(readFileSync(join(out, 'manifest.sha256'))))).toBe(manifest)
    const told = parseRecorded(readFileSync(join(out, 'custody-entry.json')))
    expect(told).toMatchObject({ kind: 'journal.exported', detail: { sha256: manifest, why: 'case court-17' } })
    expect(readFileSync(join(out, 'README.md'), 'utf8')).toMatch(/and the case, not who exported and why: these stand in `case.json`/)
    expect(readFileSync(join(out, 'custody-entry.json'), 'utf8')).not.toMatch(/erik|asked for/)
  }, 20_000)

  it('writes it without a signer too, and says how to come by the proof, which then holds', async () => {
    const out = join(place, 'unsigned')
    const ran = await exported(out)
    const { index, ...custody } = custodyOf(out)
    const later = (to: string) => `\`gatehouse journal proof ${index} --key FILE --out ${to}\` over the same journal writes it`
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toContain(
      `without its proof: no checkpoint covers entry ${index} yet: it is signed within a second or so\n  later: ${later(`${out}/custody.tlog-proof`)}\n`,
    )
    expect(custody).toMatchObject({ proof: null, later: later('custody.tlog-proof') })
    expect(files(out)).toEqual(ALWAYS)
    await fresh.sign()
    const proof = join(out, 'custody.tlog-proof')
    expect(await run(['journal', 'proof', String(index), '--key', key, '--out', proof], { env })).toMatchObject({ code: 0 })
    expect(await holds(out, 'custody.tlog-proof', 'custody-entry.json')).toMatchObject({ code: 0, err: '' })
  }, 20_000)

  it('records with the key of the vault who and why: the one by pseudonym, the other sealed', async () => {
    const out = join(place, 'sealed')
    const vaultKey = randomBytes(24).toString('base64url')
    const ran = await besideSigner(fresh, () => exported(out, { env: { ...env, GATEHOUSE_VAULT_KEY: vaultKey } }))
    expect(ran).toMatchObject({ code: 0, err: '' })
    const entry = readFileSync(join(out, 'custody-entry.json'))
    const told = parseRecorded(entry)
    expect(told).toMatchObject({ person: expect.stringMatching(/^p-[0-9a-z]{16}$/), detail: { sha256: custodyOf(out).manifest } })
    expect(Object.keys(told?.detail ?? {}).toSorted()).toEqual(['file', 'from', 'payload', 'sha256', 'to'])
    expect(entry.toString()).not.toMatch(/erik|asked for|court-17/)
    expect(readFileSync(join(out, 'README.md'), 'utf8')).toMatch(/who exported by pseudonym, and why in the payload vault, sealed/)
    expect(await holds(out, 'custody.tlog-proof', 'custody-entry.json')).toMatchObject({ code: 0, err: '' })
  }, 20_000)

  it('records nothing when told so, and the folder says that', async () => {
    const out = join(place, 'untold')
    const before = (await fresh.store.head()).size
    const ran = await exported(out, { more: ['--no-custody-entry', '--folder', join(place, 'archive')], env: {} })
    expect(ran).toMatchObject({ code: 0, err: '', out: expect.not.stringContaining('tells of it') })
    expect(files(out)).toEqual(ALWAYS.filter((name) => !name.startsWith('custody')))
    expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('NO ENTRY OF THE JOURNAL tells of this export')
    expect((await fresh.store.head()).size).toBe(before)
  }, 20_000)

  it('hands out nothing that it cannot record', async () => {
    const ran = await exported(join(place, 'unrecorded'), { env: { DATABASE_URL: fresh.roleUrl('sign') } })
    expect(ran).toMatchObject({ code: 3, err: expect.stringContaining('nothing was handed out') })
    expect(readdirSync(place).filter((name) => name.startsWith('unrecorded'))).toEqual([])
  }, 20_000)

  it('neither records nor hands out over a journal whose unsigned entries were altered', async () => {
    await fresh.fill(1)
    const { size } = await fresh.store.head()
    await flipBody(fresh, size - 1)
    const ran = await exported(join(place, 'altered'))
    expect(ran).toMatchObject({ code: 3, err: expect.stringMatching(/does not match its leaf hash.*\n {2}code: journal_broken/) })
    expect((await fresh.store.head()).size).toBe(size)
    expect(readdirSync(place).filter((name) => name.startsWith('altered.d') || name === 'altered')).toEqual([])
    await flipBody(fresh, size - 1)
  }, 20_000)
})
