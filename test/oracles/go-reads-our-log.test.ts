import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { goReader } from './go-reader.ts'
import type { LogFolder } from './log-folder.ts'
import { publishLog } from './log-folder.ts'

const ROOM = mkdtempSync(join(tmpdir(), 'gatehouse-go-'))
afterAll(() => rmSync(ROOM, { recursive: true, force: true }))
const read = goReader(ROOM)
if (!read) console.warn('SKIPPED: Go and golang.org/x/mod are not installed, so nobody but us read our log (apt-get install golang-go golang-golang-x-mod-dev)')
const published = (size: number, older: readonly number[] = [], receipts: readonly number[] = []) =>
  publishLog({ folder: mkdtempSync(join(ROOM, 'log-')), size, older, receipts })

describe.skipIf(!read)("Go's checksum-database packages (skipped aloud where they are absent)", () => {
  it.each([1, 2, 255, 256, 257, 600])('read a log of %d entries that our archive published, and prove each entry and each older tree', async (size) => {
    const log = await published(size, [0, 1, size], [0, size - 1])
    expect(read?.(log)).toMatchObject({
      ok: true,
      report: {
        size,
        checkpoints: 4 - (size === 1 ? 1 : 0),
        cosignatures: 2,
        entriesReadFromBundles: size,
        inclusionProofsMadeFromTiles: size,
        consistencyProofsMadeFromTiles: size + (size === 1 ? 1 : 2),
        receiptsOfOursChecked: size === 1 ? 1 : 2,
      },
    })
  })

  it.each<[string, string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
    ['a bit of a tile', 'tile/0/001.p/44', (bytes) => bytes.with(5, (bytes[5] ?? 0) ^ 1), /inconsistent/],
    [
      'a bit of a full tile',
      'tile/0/000',
      (bytes) => bytes.with(8191, (bytes[8191] ?? 0) ^ 1),
      /inconsistent|entry \d+: invalid transparency proof|is not the one in the tree/,
    ],
    ['a bit of a tile above', 'tile/1/000.p/1', (bytes) => bytes.with(0, (bytes[0] ?? 0) ^ 1), /inconsistent|lead/],
    ['a byte of an entry', 'tile/entries/001.p/44', (bytes) => bytes.with(40, (bytes[40] ?? 0) ^ 1), /is not the one in the tree|ends within/],
    ['a byte behind a bundle', 'tile/entries/001.p/44', (bytes) => new Uint8Array([...bytes, 0]), /goes on after entry 299/],
    ['the size', 'checkpoint', (bytes) => new TextEncoder().encode(new TextDecoder().decode(bytes).replace('\n300\n', '\n299\n')), /invalid signature/],
    [
      'a witness',
      'checkpoint',
      (bytes) => new TextEncoder().encode(`${new TextDecoder().decode(bytes).split('\n').slice(0, -2).join('\n')}\n`),
      /2 of the 3 known keys/,
    ],
    [
      'an older checkpoint',
      'checkpoint.7',
      (bytes) => new TextEncoder().encode(new TextDecoder().decode(bytes).replace('\n7\n', '\n8\n')),
      /invalid signature/,
    ],
    ['the entry of a receipt', 'receipts/9.entry', (bytes) => bytes.with(0, 0), /9\.tlog-proof/],
  ])('see %s that was changed', async (_, path, change, said) => {
    const log: LogFolder = await published(300, [7], [9])
    expect(read?.(log, 100)).toMatchObject({ ok: true })
    const file = join(log.folder, path)
    writeFileSync(file, change(new Uint8Array(readFileSync(file))))
    expect(read?.(log, 100)).toMatchObject({ ok: false, said: expect.stringMatching(said) })
  })
})
