import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SmallCosignatures, smallCosignatures } from '../../../test/support/cosignatures.ts'
import { type SmallTable, smallTable } from '../../../test/support/small-table.ts'
import { startTestWitness, type TestWitness } from '../../../test/support/witness.ts'
import { cosign } from '../../log/cosignature.ts'
import { parseNote } from '../../log/note.ts'
import { cosignerKey, formatVkey } from '../../log/note-key.ts'
import { type Policy, parsePolicy } from '../../log/policy.ts'
import { judge } from '../../log/quorum.ts'
import { tilePath } from '../../log/tile.ts'
import { folderObjects } from '../folder.ts'
import { valueOf } from '../objects.contract.ts'
import { CHECKPOINT, type Objects } from '../objects.ts'
import { openTiler, type Tiler } from '../tiler.ts'
import { postToWitness } from './ask.ts'
import { openWitnessClient, type WitnessClient, witnessId } from './client.ts'

let folder: string
let table: SmallTable
let objects: Objects
let cosignatures: SmallCosignatures
let first: TestWitness
let second: TestWitness
let troubles: string[]
let now: number
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-client-'))
  table = smallTable()
  objects = folderObjects(join(folder, 'journal'))
  cosignatures = smallCosignatures(table)
  troubles = []
  now = Date.UTC(2026, 8, 1)
  ;[first, second] = await Promise.all([startTestWitness([table.key]), startTestWitness([table.key], { name: 'witness.test/w2' })])
})
afterEach(async () => {
  await Promise.all([first.close(), second.close()])
  rmSync(folder, { recursive: true, force: true })
})

function policyOf(rule: string, ...lines: readonly string[]): Policy {
  const policy = parsePolicy(`log ${formatVkey(table.key)}\n${lines.join('')}${rule}\n`)
  if (!policy.ok) throw new Error(policy.refusal.join('\n'))
  return policy.value
}
const both = () => policyOf('group both all one two\nquorum both', first.line('one'), second.line('two'))

const clientOf = (policy: Policy): WitnessClient =>
  openWitnessClient({
    policy,
    vkey: table.key,
    tiles: async (level, index, width) => valueOf(await objects.get(tilePath(level, index, width))),
    ask: postToWitness,
    store: cosignatures,
    signedSize: async () => table.signed.at(-1)?.size ?? 0,
    clock: () => now,
    onTrouble: (witness, why) => troubles.push(`${witness}: ${why}`),
  })
const tilerOf = (client: WitnessClient): Tiler => openTiler({ table, objects, vkey: table.key, countersign: client.countersign })
async function publish(tiler: Tiler): Promise<string> {
  while (valueOf(await tiler.advance()) !== null);
  return Buffer.from(valueOf(await objects.get(CHECKPOINT)) ?? '').toString()
}
const met = (policy: Policy, note: string): boolean => {
  const judged = judge(policy, note)
  return judged.ok && judged.value.met
}

describe('openWitnessClient', () => {
  it('publishes each checkpoint with the cosignatures of all witnesses, over many sizes, and keeps them', async () => {
    const policy = both()
    const tiler = tilerOf(clientOf(policy))
    for (const count of [1, 2, 253, 1, 300, 700]) {
      const note = await publish((table.append(count).sign(), tiler))
      expect(judge(policy, note)).toMatchObject({ ok: true, value: { met: true, checkpoint: { size: table.entries.length } } })
    }
    expect(cosignatures.kept).toHaveLength(12)
    expect([troubles, cosignatures.refusals]).toEqual([[], []])
  })

  it('asks a witness that was away again, from where it stands, and adds what it then says to what is published', async () => {
    const policy = both()
    const client = clientOf(policy)
    const down = policyOf('group both all one two\nquorum both', first.line('one'), second.line('two').replace(second.url, 'http://127.0.0.1:9'))
    const note = await publish((table.append(300).sign(), tilerOf(clientOf(down))))
    expect(met(policy, note)).toBe(false)
    expect(troubles).toEqual([expect.stringMatching(/^witness\.test\/w2: it cannot be reached \(/)])
    const grown = await client.countersign({ size: 300, note })
    expect(grown.startsWith(note)).toBe(true)
    expect(met(policy, grown)).toBe(true)
    expect(await client.countersign({ size: 300, note: grown })).toBe(grown)
    expect(cosignatures.refusals).toEqual([])
  })

  it('goes on where a witness says it stands, after its own memory of it was lost', async () => {
    await publish((table.append(40).sign(), tilerOf(clientOf(both()))))
    cosignatures.kept.length = 0
    const policy = both()
    const note = await publish((table.append(40).sign(), tilerOf(clientOf(policy))))
    expect(met(policy, note)).toBe(true)
    expect([troubles, cosignatures.refusals]).toEqual([[], []])
  })

  it('believes no cosignature that somebody put into the database', async () => {
    await publish((table.append(40).sign(), tilerOf(clientOf(both()))))
    const forged = cosignatures.kept.map((one) => ({ ...one, size: 1_000_000 }))
    table.signed.push({ size: 1_000_000, note: table.signed[0]?.note ?? '' })
    cosignatures.kept.push(...forged)
    table.signed.pop()
    const policy = both()
    expect(met(policy, await publish((table.append(1).sign(), tilerOf(clientOf(policy)))))).toBe(true)
    expect(cosignatures.refusals).toEqual([])
  })

  it('keeps as a refusal, once, that a witness saw another history, and publishes without it', async () => {
    // The witness was shown another journal under the log's own key.
    const other = smallTable(table.key)
    const elsewhere = folderObjects(join(folder, 'other'))
    const policy = both()
    const showing = openWitnessClient({
      policy: policyOf('quorum one', first.line('one')),
      vkey: table.key,
      tiles: async (level, index, width) => valueOf(await elsewhere.get(tilePath(level, index, width))),
      ask: postToWitness,
      store: smallCosignatures(other),
      signedSize: async () => 40,
      clock: () => now,
      onTrouble: (_, why) => troubles.push(why),
    })
    const shown = openTiler({ table: other, objects: elsewhere, vkey: table.key, countersign: showing.countersign })
    other.append(40, 'another').sign()
    while (valueOf(await shown.advance()) !== null);
    expect(troubles).toEqual([])

    const client = clientOf(policy)
    const tiler = tilerOf(client)
    const note = await publish((table.append(60).sign(), tiler))
    expect(met(policy, note)).toBe(false)
    expect(cosignatures.refusals).toEqual([
      { size: 60, witness: witnessId(first.key), said: 'it says that the tree of 60 entries did not grow from the one it cosigned (422)' },
    ])
    now += 120_000
    await publish((table.append(7).sign(), tiler))
    expect(cosignatures.refusals).toHaveLength(1)
    expect(cosignatures.kept.map(({ witness, size }) => `${size} ${witness}`)).toEqual([60, 67].map((size) => `${size} ${witnessId(second.key)}`))
  })

  it('keeps as a refusal that a witness has seen more than was ever signed, and not that it saw what the archive has yet to publish', async () => {
    const policy = policyOf('quorum one', first.line('one'))
    await publish((table.append(100).sign(), tilerOf(clientOf(policy))))
    // The archive begins anew elsewhere, and passes sizes that were witnessed long ago.
    objects = folderObjects(join(folder, 'again'))
    const catchingUp = clientOf(policy)
    const old = smallTable(table.key).append(40).sign()
    const upTo40 = openTiler({ table: old, objects, vkey: table.key, countersign: catchingUp.countersign })
    while (valueOf(await upTo40.advance()) !== null);
    expect([cosignatures.refusals, troubles]).toEqual([[], [expect.stringContaining('it cosigned 100 entries already, which the archive has yet to publish')]])
    // The database was set back: nobody signed 100 any more.
    table.signed.splice(0, table.signed.length, ...old.signed)
    objects = folderObjects(join(folder, 'third'))
    const setBack = openTiler({ table: old, objects, vkey: table.key, countersign: clientOf(policy).countersign })
    while (valueOf(await setBack.advance()) !== null);
    expect(cosignatures.refusals).toEqual([
      { size: 40, witness: witnessId(first.key), said: "it cosigned 100 entries, but the journal's newest checkpoint is of 40: signed entries are gone" },
    ])
  })
})

describe('a witness that lies or is broken', () => {
  let server: Server
  let reply: (body: string) => { readonly status: number; readonly text: string; readonly type?: string } | 'hang'
  let asked: string[]
  let url: string
  beforeEach(async () => {
    asked = []
    server = createServer((request, response) => {
      let body = ''
      request.on('data', (part) => (body += String(part)))
      request.on('end', () => {
        asked.push(body)
        const said = reply(body)
        if (said !== 'hang') response.writeHead(said.status, { 'content-type': said.type ?? 'text/plain' }).end(said.text)
      })
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  const lying = () => policyOf('quorum one', first.line('one').replace(first.url, url))

  it.each<[does: string, reply: typeof reply, why: RegExp, finding: boolean]>([
    [
      'gives the cosignature of somebody else',
      () => ({ status: 200, text: '— witness.test/w1 AAAAAAAAAAA=\n' }),
      /without a cosignature of its key that verifies/,
      true,
    ],
    ['gives nothing with 200', () => ({ status: 200, text: '' }), /without a cosignature of its key that verifies/, true],
    ['says 409 without a size', () => ({ status: 409, text: 'no\n' }), /another tree of the same size as ours of 40 entries \(409\)/, true],
    ['says 409 with the size it was asked from', () => ({ status: 409, text: '0\n', type: 'text/x.tlog.size' }), /refuses to go on from 0 entries/, true],
    [
      'says that it saw far more',
      () => ({ status: 409, text: '999\n', type: 'text/x.tlog.size' }),
      /cosigned 999 entries, but the journal's newest checkpoint is of 40/,
      true,
    ],
    ['does not know the log', () => ({ status: 404, text: '' }), /does not know this log \(404\)/, false],
    ['knows another key', () => ({ status: 403, text: '' }), /by another key \(403\)/, false],
    ['is broken', () => ({ status: 500, text: '' }), /it answers 500/, false],
    ['sends its caller elsewhere', () => ({ status: 307, text: '' }), /cannot be reached|it answers 307/, false],
    ['answers without an end', () => ({ status: 200, text: 'x'.repeat(100_000) }), /far too long/, false],
  ])('that %s gains nothing and holds nothing up', async (_, said, why, finding) => {
    reply = said
    const note = await publish((table.append(40).sign(), tilerOf(clientOf(lying()))))
    expect(note).toBe(table.signed[0]?.note)
    expect(troubles).toEqual([expect.stringMatching(why)])
    expect(cosignatures.refusals.map((refusal) => why.test(refusal.said))).toEqual(finding ? [true] : [])
    expect(cosignatures.kept).toEqual([])
  })

  it.each([
    ['an hour ago', -3600, /is more than 120 s before ours/],
    ['121 seconds ahead', 121, /is more than 120 s after ours/],
  ])('that cosigns under a time %s has no line kept, however often, and is told once', async (_, seconds, why) => {
    const key = cosignerKey('witness.test/liar', new Uint8Array(32).fill(9))
    let at = now / 1000 + seconds
    const cosigned = (body: string) => cosign(key, parseNote(body.slice(body.indexOf('\n\n') + 2))?.text ?? '', at)
    // The last of two lines is what would be kept: the first, of the right time, does not stand for it.
    reply = (body) => ({
      status: 200,
      text: `${seconds > 0 ? cosign(key, parseNote(body.slice(body.indexOf('\n\n') + 2))?.text ?? '', now / 1000) : ''}${cosigned(body)}`,
    })
    const tiler = tilerOf(clientOf(policyOf('quorum liar', `witness liar ${formatVkey(key)} ${url}\n`)))
    expect(await publish((table.append(40).sign(), tiler))).toBe(table.signed[0]?.note)
    now += 2000
    at += 2
    await publish((table.append(1).sign(), tiler))
    expect(asked).toHaveLength(2)
    expect(cosignatures.kept).toEqual([])
    expect(troubles).toEqual([expect.stringMatching(why)])
    expect(cosignatures.refusals).toEqual([{ size: 40, witness: witnessId(key), said: expect.stringMatching(why) }])
    at = now / 1000 + 122
    now += 2000
    expect(await publish((table.append(1).sign(), tiler))).not.toBe(table.signed.at(-1)?.note)
    expect(cosignatures.kept).toMatchObject([{ size: 42 }])
  })

  it('that never answers is waited for two seconds, and then asked less and less often', async () => {
    reply = () => 'hang'
    const client = clientOf(lying())
    const tiler = tilerOf(client)
    const begun = performance.now()
    await publish((table.append(1).sign(), tiler))
    expect(performance.now() - begun).toBeLessThan(4000)
    expect(troubles).toEqual([expect.stringContaining('it did not answer within 2 s')])
    await publish((table.append(1).sign(), tiler))
    expect(asked).toHaveLength(1)
    now += 1000
    reply = () => ({ status: 500, text: '' })
    for (let times = 0; times < 30; times++, now += 1000) await publish((table.append(1).sign(), tiler))
    expect(asked.length).toBeLessThan(8)
  })

  it('that lost its memory is told as a refusal', async () => {
    const policy = policyOf('quorum one', first.line('one'))
    await publish((table.append(40).sign(), tilerOf(clientOf(policy))))
    reply = () => ({ status: 409, text: '12\n', type: 'text/x.tlog.size' })
    await publish((table.append(1).sign(), tilerOf(clientOf(lying()))))
    expect(cosignatures.refusals).toMatchObject([
      { size: 41, said: 'it says that it last cosigned 12 entries, but it cosigned 40: it lost its memory or was set back' },
    ])
  })
})
