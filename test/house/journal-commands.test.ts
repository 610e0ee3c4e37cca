import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toBase64url } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/digest.ts'
import { cosign } from '../../src/log/cosignature.ts'
import { parseNote } from '../../src/log/note.ts'
import { cosignerKey, formatVkey } from '../../src/log/note-key.ts'
import { run } from '../support/cli.ts'
import { type FreshJournal, freshJournal, ORIGIN } from '../support/journal.ts'
import { overHttp, published, READER_TOKEN } from '../support/log-copies.ts'
import { putFile } from '../support/put-file.ts'
import { cutTo, flipBody, type Kept } from '../support/tamper.ts'

let fresh: FreshJournal
let place: string
let kept: Kept
let env: { readonly DATABASE_URL: string }
let key: string

beforeAll(async () => {
  fresh = await freshJournal()
  place = mkdtempSync(join(tmpdir(), 'gatehouse-auditor-'))
  await fresh.fill(300)
  await fresh.sign()
  await fresh.journal.record({
    kind: 'change.decided',
    outcome: 'done',
    person: 'erik',
    session: 'ses-court',
    detail: { change: 'chg-1', version: 1, decision: 'approve', proposer: 'anna' },
  })
  await fresh.journal.record({
    kind: 'ask.answered',
    outcome: 'done',
    person: 'p-0123456789abcdef',
    session: 'ses-court',
    operation: 'getOrderHistory',
    detail: { concerns: ['a-0123456789abcdef'], clear: ['status'], redact: ['price'] },
  })
  await fresh.fill(20)
  await fresh.sign()
  kept = await published(fresh.store, fresh.key)
  for (const [path, bytes] of kept) file(`archive/${path}`, bytes)
  env = { DATABASE_URL: fresh.roleUrl('gate') }
  key = file('log.vkey', `${formatVkey(fresh.key)}\n`)
}, 60_000)
afterAll(async () => {
  await fresh.close()
  rmSync(place, { recursive: true, force: true })
})

const file = (name: string, content: Uint8Array | string): string => putFile(place, name, content)

const verify = (...args: readonly string[]) => run(['journal', 'verify', '--key', key, ...args], { env })
const folder = () => ['--folder', join(place, 'archive')]

describe('gatehouse journal verify', () => {
  it('verifies the database, in words and as JSON', async () => {
    expect(await verify()).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^the journal verifies: 322 entries, 2 checkpoints, root .+; 0 entries after/),
    })
    const { out } = await verify('--json')
    expect(JSON.parse(out)).toMatchObject({ ok: true, source: 'the database', log: ORIGIN, size: 322, checkpoints: 2, faults: [], warnings: [] })
  })

  it('verifies a folder, and the same over HTTP for who has the token', async () => {
    expect(await verify(...folder(), '--json')).toMatchObject({ code: 0, out: expect.stringContaining('"tiles": 3') })
    const served = await overHttp(kept)
    try {
      const token = file('token', `${READER_TOKEN}\n`)
      expect(await verify('--url', served.url, '--token-file', token)).toMatchObject({ code: 0, err: '' })
      expect(await verify('--url', served.url, '--token-file', file('false-token', 'nonsense'))).toMatchObject({
        code: 3,
        out: '',
        err: expect.stringMatching(/may not be read \(401\)\n {2}code: gate_refused\n/),
      })
    } finally {
      await served.close()
    }
  })

  it('could not ask, and says so with exit code 3, where there is nothing to read', async () => {
    expect(await run(['journal', 'verify', '--key', key], { env: { DATABASE_URL: 'postgresql://nobody:x@127.0.0.1:1/none' } })).toMatchObject({
      code: 3,
      err: expect.stringContaining('code: postgres_unreachable'),
    })
    expect(await verify('--folder', join(place, 'nowhere'))).toMatchObject({ code: 3, err: expect.stringContaining('code: data_unreachable') })
    expect(await verify('--url', 'http://127.0.0.1:1/journal')).toMatchObject({ code: 3, err: expect.stringContaining('code: gate_unreachable') })
    expect(await run(['journal', 'verify', '--key', key])).toMatchObject({ code: 3, err: expect.stringContaining('code: config_invalid') })
  }, 20_000)

  it('wants the quorum of a policy, which the cosignatures beside a checkpoint make', async () => {
    const witness = cosignerKey('witness.example/w', new Uint8Array(32).fill(2))
    const policy = (quorum: string) => file('policy', `log ${formatVkey(fresh.key)}\nwitness w ${formatVkey(witness)}\nquorum ${quorum}\n`)
    const judged = (quorum: string) => run(['journal', 'verify', '--policy', policy(quorum)], { env: { DATABASE_URL: fresh.roleUrl('archive') } })
    expect(await judged('none')).toMatchObject({ code: 0, out: expect.stringContaining('the policy asks for no cosignature') })
    expect(await judged('w')).toMatchObject({
      code: 2,
      out: expect.stringContaining('no checkpoint that holds has the quorum of the policy: the quorum is not met: `w` has not cosigned'),
    })
    const note = (await fresh.store.latestCheckpoint())?.note ?? ''
    const line = cosign(witness, parseNote(note)?.text ?? '', 1_790_000_000)
    await fresh.sql('insert into cosignature (size, witness, line) values (322, $1, $2)', [`${witness.name}+${witness.id}`, line])
    expect(await judged('w')).toMatchObject({
      code: 0,
      out: expect.stringContaining('up to entry 321, the quorum is met: `w` cosigned at 2026-09-21T14:13:20Z'),
    })
    await fresh.sql("update cosignature set line = overlay(line placing (case when substr(line, 60, 1) = 'A' then 'B' else 'A' end) from 60)")
    expect(await judged('w')).toMatchObject({ code: 2, out: expect.stringContaining('the cosignature of `witness.example/w` does not hold') })
    await fresh.sql('delete from cosignature')
  }, 20_000)

  it('holds every payload that an entry names against it', async () => {
    const [ciphertext, other] = [Buffer.from('ciphertext'), Buffer.from('another')]
    const digest = sha256(ciphertext)
    await fresh.sql('insert into payload (index, key_ids, class, ciphertext) values ($1, $2, $3, $4)', [322, 'k-1', 'ask', ciphertext])
    const payload = { alg: 'A256GCM', digest: toBase64url(digest), size: ciphertext.length, keyId: 'k-1' }
    await fresh.journal.record({ kind: 'ask.answered', outcome: 'done', detail: { payload } })
    await fresh.sign()
    for (const [path, bytes] of await published(fresh.store, fresh.key)) file(`later/${path}`, bytes)
    const held = (...copy: readonly string[]) =>
      run(['journal', 'verify', '--key', key, '--payloads', ...copy], { env: { DATABASE_URL: fresh.roleUrl('archive') } })
    const judged = async (code: number, says: string) => {
      // The folder of the archive has entries alone: the database beside it has what they name.
      for (const ran of [await held(), await held('--folder', join(place, 'later'))]) expect(ran).toMatchObject({ code, out: expect.stringContaining(says) })
    }
    await judged(0, 'payloads: 1 as recorded, 0 erased, 0 missing')
    await fresh.sql('update payload set ciphertext = $1', [other])
    await judged(2, 'the payload of entry 322 is not the one that was recorded')
    await fresh.sql('delete from payload')
    await judged(2, 'the payload of entry 322 is missing')
  }, 30_000)

  it('does not say that payloads hold where it cannot look at them, and says of each report whether it did', async () => {
    const told = 'payloads were not checked: --payloads does, with the database whose vault holds them'
    expect((await verify()).out).toContain(told)
    expect(await verify(...folder())).toMatchObject({ code: 0, out: expect.stringContaining(told) })
    expect(await run(['journal', 'verify', '--key', key, '--payloads', ...folder()])).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringMatching(
        /payloads lie in the vault of the database, and none is named: their digests cannot be checked\n {2}code: config_invalid\n {2}next: set DATABASE_URL/,
      ),
    })
  }, 20_000)

  it('reads on from where it was, and shows what an earlier run had seen and is gone', async () => {
    const state = join(place, 'verified')
    expect(await verify(...folder(), '--incremental', state)).toMatchObject({ code: 0 })
    const again = await verify(...folder(), '--incremental', state)
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('of these, 322 were read by an earlier run and not again') })
    expect(await verify('--incremental', state)).toMatchObject({ code: 3, err: expect.stringContaining('not of the database') })
    chmodSync(state, 0o644)
    expect(await verify(...folder(), '--incremental', state)).toMatchObject({ code: 3, err: expect.stringContaining('is open to other users') })
  })
})

describe('gatehouse journal proof and receipt verify', () => {
  it.each([
    { from: 'the database', args: () => [] as readonly string[] },
    { from: 'a folder', args: folder },
  ])('gives a receipt out of $from that holds offline, and for no other entry', async ({ args }) => {
    const [receipt, entry] = [join(place, 'r.tlog-proof'), join(place, 'r.json')]
    expect(await run(['journal', 'proof', '301', '--key', key, ...args(), '--out', receipt, '--entry', entry], { env })).toMatchObject({ code: 0, err: '' })
    expect(await run(['receipt', 'verify', receipt, '--key', key, '--entry', entry])).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining(`the receipt holds: this is entry 301 of the log ${ORIGIN}, in its tree of 322 entries`),
    })
    const other = file('other.json', readFileSync(entry, 'utf8').replace('status', 'Status'))
    expect(await run(['receipt', 'verify', receipt, '--key', key, '--entry', other])).toMatchObject({
      code: 2,
      out: 'THE RECEIPT DOES NOT HOLD: the hashes do not lead from this entry, at 301, to the root of the tree of 322\n  it says that it is of entry 301\n',
    })
  })

  const LINES: readonly (readonly [string, (text: string) => string, string])[] = [
    ['the index', (text) => text.replace('index 301', 'index 300'), 'the hashes do not lead from this entry, at 300, to the root of the tree of 322'],
    ['an index beyond the tree', (text) => text.replace('index 301', 'index 322'), "entry 322 is not below the checkpoint's size, 322"],
    ['the size', (text) => text.replace('\n322\n', '\n323\n'), `the signature of \`${ORIGIN}\` does not hold`],
    ['the signature', (text) => text.replace(/.(?=.{20}\n$)/, (one) => (one === 'A' ? 'B' : 'A')), `the signature of \`${ORIGIN}\` does not hold`],
    ['the first line', (text) => text.replace('@v1', '@v2'), 'line 1: a proof begins with `c2sp.org/tlog-proof@v1`'],
    [
      'a hash too many',
      (text) => text.replace('\n\n', `\n${Buffer.alloc(32).toString('base64')}\n\n`),
      'the hashes do not lead from this entry, at 301, to the root of the tree of 322',
    ],
  ]
  it.each(LINES)('shows %s altered in a receipt', async (_, alter, sentence) => {
    const [receipt, entry] = [join(place, 'r.tlog-proof'), join(place, 'r.json')]
    const altered = file('altered.tlog-proof', alter(readFileSync(receipt, 'utf8')))
    const ran = await run(['receipt', 'verify', altered, '--key', key, '--entry', entry])
    expect(ran.code).toBe(2)
    expect(ran.out).toContain(`THE RECEIPT DOES NOT HOLD: ${sentence}`)
  })

  it('cannot judge without the entry, and says so', async () => {
    expect(await run(['receipt', 'verify', join(place, 'r.tlog-proof'), '--key', key])).toMatchObject({
      code: 3,
      err: expect.stringContaining('code: config_invalid'),
    })
  })
})

describe('gatehouse journal search', () => {
  const search = async (...args: readonly string[]) => {
    const { out, code, err } = await run(['journal', 'search', '--json', ...args], { env })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    return out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { readonly index: number }).index)
  }

  it.each([
    [
      ['--session', 'ses-court'],
      [300, 301],
    ],
    [['--session', 'ses-court', '--kind', 'ask.answered'], [301]],
    [['--person', 'p-0123456789abcdef'], [301]],
    [['--operation', 'getOrderHistory'], [301]],
    [['--field', 'price'], [301]],
    [['--change', 'chg-1'], [300]],
    [['--subject', 'p-0123456789abcdef'], [301]],
    [['--subject', 'a-0123456789abcdef'], [301]],
    [['--session', 'ses-cour'], []],
    [
      ['--session', 'ses-court', '--since', '2026-09-01', '--until', '2026-09-02'],
      [300, 301],
    ],
    [['--session', 'ses-court', '--since', '2026-09-02'], []],
  ])('finds %j at %j, in the database and in a folder alike', async (args, indices) => {
    expect(await search(...args)).toEqual(indices)
    expect(await search(...args, ...folder())).toEqual(indices)
  })

  it('looks for a person as typed where the vault cannot be asked, and says so', async () => {
    const ran = await run(['journal', 'search', '--person', 'erik'], { env })
    expect(ran).toMatchObject({ code: 0, err: expect.stringContaining('set DATABASE_URL and GATEHOUSE_VAULT_KEY to have `erik` looked up') })
    expect(ran.out).toContain('1 entries')
  })

  it('asks for the vault where a subject is named otherwise than by pseudonym', async () => {
    const ran = await run(['journal', 'search', '--subject', 'account:ACME'], { env })
    expect(ran).toMatchObject({ code: 3, out: '', err: expect.stringMatching(/names? `account:ACME` by its pseudonym[^]*code: config_invalid/) })
  })

  it('shows nobody what an altered entry says', async () => {
    await flipBody(fresh, 301)
    try {
      const ran = await run(['journal', 'search', '--session', 'ses-court'], { env })
      expect(ran.code).toBe(2)
      expect(ran.out).toContain('301  ! entry 301 does not match its leaf hash: its body or its hash was altered')
      expect(ran.out).not.toContain('getOrderHistory')
    } finally {
      await flipBody(fresh, 301)
    }
  })
})

describe('a journal cut back in the database', () => {
  it('is shown by the archive of it, and by a receipt that somebody kept', async () => {
    await fresh.journal.drain()
    await cutTo(fresh, 300)
    await fresh.sql('delete from journal_checkpoint where size > 300')
    expect(await verify()).toMatchObject({ code: 0 })
    const gone = 'names 322 entries, but only 300 stand in unbroken order: entries are gone'
    expect(await run(['journal', 'verify', '--key', key, '--against', join(place, 'r.tlog-proof')], { env })).toMatchObject({
      code: 2,
      out: expect.stringContaining(gone),
    })
    expect(await verify('--against', join(place, 'archive/checkpoint'))).toMatchObject({ code: 2, out: expect.stringContaining(gone) })
  }, 20_000)
})
