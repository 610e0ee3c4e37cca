import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestWitness, type TestWitness } from '../../../test/support/witness.ts'
import { toBase64, utf8 } from '../../base/bytes.ts'
import { openCheckpoint, signedCheckpoint } from '../../log/checkpoint.ts'
import { withCosignature } from '../../log/cosignature.ts'
import { EMPTY_FRONTIER, extend, rootOf } from '../../log/frontier.ts'
import { EMPTY_ROOT, leafHash } from '../../log/leaf.ts'
import { type SignerKey, signerKey } from '../../log/note-key.ts'
import { consistencyProof } from '../../log/proof.ts'
import { claimWitnessFolder, inspectWitnessFolder, originHash, witnessFolder } from './memory.ts'
import { formatAddCheckpoint } from './request.ts'
import { openWitness } from './witness.ts'

const LOG = signerKey('gatehouse.test/log', new Uint8Array(32).fill(1))
/** Two histories that part at entry 5. */
const TRUE = Array.from({ length: 40 }, (_, n) => leafHash(utf8(`entry ${n}`)))
const FALSE = TRUE.map((leaf, n) => (n < 5 ? leaf : leafHash(utf8(`other ${n}`))))

const noteAt = (size: number, leaves = TRUE, key: SignerKey = LOG): string => signedCheckpoint(key, size, rootOf(extend(EMPTY_FRONTIER, leaves.slice(0, size))))
const bodyAt = (oldSize: number, size: number, leaves = TRUE): string =>
  formatAddCheckpoint({ oldSize, proof: oldSize === 0 ? [] : consistencyProof(leaves.slice(0, size), oldSize), note: noteAt(size, leaves) })

let here: TestWitness
beforeEach(async () => {
  here = await startTestWitness([LOG])
})
afterEach(() => here.close())

const cosigned = (note: string, lines: string): boolean => withCosignature(note, lines, here.key) !== null
const statusesOf = (said: readonly { readonly status: number }[]): readonly number[] => said.map(({ status }) => status).toSorted((a, b) => a - b)
const lastSize = async (): Promise<number> => {
  const note = await here.witness.latest(LOG.name)
  return note === null ? 0 : (openCheckpoint(note, LOG)?.size ?? -1)
}

describe('a witness over HTTP', () => {
  it('cosigns each checkpoint that grew from the last, and the same one again', async () => {
    for (const [old, size] of [
      [0, 3],
      [3, 3],
      [3, 17],
      [17, 40],
    ] as const) {
      const said = await here.post(bodyAt(old, size))
      expect({ status: said.status, type: said.type, cosigned: cosigned(noteAt(size), said.text) }).toEqual({
        status: 200,
        type: 'text/plain; charset=utf-8',
        cosigned: true,
      })
      expect(await lastSize()).toBe(size)
    }
  })

  it('keeps what it cosigned, with its own line, where a monitor reads it', async () => {
    const path = `/${originHash(LOG.name)}/checkpoint`
    expect((await here.post('', path, 'GET')).status).toBe(404)
    const { text } = await here.post(bodyAt(0, 8))
    expect(await here.post('', path, 'GET')).toEqual({ status: 200, type: 'text/plain; charset=utf-8', text: `${noteAt(8)}${text}` })
  })

  const stranger = signerKey('stranger.test/log', randomBytes(32))
  const namesake = signerKey(LOG.name, randomBytes(32))
  const halfTrue = bodyAt(7, 20)
  it.each<[what: string, body: string | Uint8Array, status: number, text: string]>([
    ['nothing', '', 400, 'no empty line ends the proof\n'],
    ['no old size', bodyAt(7, 20).replace('old 7\n', ''), 400, 'line 1: `old` and a size are wanted\n'],
    ['an old size with a zero before it', halfTrue.replace('old 7', 'old 07'), 400, 'line 1: `old` and a size are wanted\n'],
    ['an old size of letters', halfTrue.replace('old 7', 'old seven'), 400, 'line 1: `old` and a size are wanted\n'],
    ['lines that end as on Windows', halfTrue.replaceAll('\n', '\r\n'), 400, 'no empty line ends the proof\n'],
    ['a hash too short', halfTrue.replace(/\n.{8}/, '\n'), 400, 'a line of a proof is a hash of 32 bytes in base64\n'],
    [
      '64 lines of proof',
      formatAddCheckpoint({ oldSize: 7, proof: Array.from({ length: 64 }, () => new Uint8Array(32)), note: noteAt(20) }),
      400,
      'a proof has at most 63 lines\n',
    ],
    ['no checkpoint', halfTrue.slice(0, halfTrue.indexOf('\n\n') + 2), 400, 'what follows the empty line is no signed checkpoint\n'],
    ['bytes that are no text', Buffer.concat([utf8(halfTrue), Buffer.of(0xff)]), 400, 'the body is not UTF-8\n'],
    [
      'an old size above the checkpoint’s',
      formatAddCheckpoint({ oldSize: 21, proof: [], note: noteAt(20) }),
      400,
      'the old size is larger than the checkpoint’s\n',
    ],
    ['a log it does not know', formatAddCheckpoint({ oldSize: 0, proof: [], note: noteAt(20, TRUE, stranger) }), 404, 'this witness does not know the log\n'],
    [
      'another key of the log’s name',
      formatAddCheckpoint({ oldSize: 7, proof: [], note: noteAt(20, TRUE, namesake) }),
      403,
      'no signature of a key that is trusted for this log holds\n',
    ],
    ['a signature of the log’s that does not hold', halfTrue.replace(/\n20\n/, '\n21\n'), 403, 'no signature of a key that is trusted for this log holds\n'],
    ['an older tree than the last', bodyAt(3, 20), 409, '7\n'],
    ['as if nothing were known', bodyAt(0, 20), 409, '7\n'],
    [
      'a proof of nothing',
      formatAddCheckpoint({ oldSize: 7, proof: [], note: noteAt(20) }),
      422,
      'the proof does not lead from the tree that was cosigned to this one\n',
    ],
    ['another history', bodyAt(7, 20, FALSE), 422, 'the proof does not lead from the tree that was cosigned to this one\n'],
    ['another tree of the same size', formatAddCheckpoint({ oldSize: 7, proof: [], note: noteAt(7, FALSE) }), 422, 'another root was cosigned at this size\n'],
    [
      'a proof where none is needed',
      formatAddCheckpoint({ oldSize: 7, proof: [new Uint8Array(32)], note: noteAt(7) }),
      422,
      'the proof does not lead from the tree that was cosigned to this one\n',
    ],
  ])('turns back %s, and remembers what it knew', async (_, body, status, text) => {
    await here.post(bodyAt(0, 7))
    const said = await here.post(body)
    expect(said).toEqual({ status, type: status === 409 ? 'text/x.tlog.size' : 'text/plain; charset=utf-8', text })
    expect(await lastSize()).toBe(7)
    expect((await here.post(bodyAt(7, 20))).status).toBe(200)
  })

  it('turns back an empty tree with a root that is not its, and a proof that leads from it', async () => {
    const empty = (root: Uint8Array) => formatAddCheckpoint({ oldSize: 0, proof: [], note: signedCheckpoint(LOG, 0, root) })
    expect(await here.post(empty(new Uint8Array(32)))).toMatchObject({ status: 422, text: 'the root is not that of an empty tree\n' })
    expect(await here.post(formatAddCheckpoint({ oldSize: 0, proof: [new Uint8Array(32)], note: noteAt(4) }))).toMatchObject({ status: 422 })
    expect(await lastSize()).toBe(0)
    expect((await here.post(empty(EMPTY_ROOT))).status).toBe(200)
  })

  it('has nothing at other paths and methods, and takes no endless body', async () => {
    expect((await here.post('', '/add-checkpoint', 'GET')).status).toBe(405)
    expect((await here.post('', '/../state', 'GET')).status).toBe(404)
    expect((await here.post('x'.repeat(70_000))).status).toBe(413)
  })

  it('gives one of two that come at once from the same size its cosignature, and tells the other where it stands', async () => {
    await here.post(bodyAt(0, 3))
    const said = await Promise.all([here.post(bodyAt(3, 20)), here.post(bodyAt(3, 21))])
    expect(statusesOf(said)).toEqual([200, 409])
    const [won, lost] = said[0].status === 200 ? said : said.toReversed()
    expect([lost?.text, lost?.type]).toEqual([`${await lastSize()}\n`, 'text/x.tlog.size'])
    expect(cosigned(noteAt(await lastSize()), won?.text ?? '')).toBe(true)
  })

  it('never cosigns what no proof covers, whatever one bit of the request is', async () => {
    await here.post(bodyAt(0, 3))
    const honest = utf8(bodyAt(3, 20))
    await fc.assert(
      fc.asyncProperty(fc.nat(honest.length - 1), fc.nat(7), async (at, bit) => {
        const bent = Uint8Array.from(honest)
        bent[at] = (bent[at] ?? 0) ^ (1 << bit)
        const said = await here.witness.addCheckpoint(bent)
        // Only what nobody signed may differ: the name behind the dash of a line of another's.
        expect(await lastSize()).toBe(said.status === 200 ? 20 : 3)
      }),
      { numRuns: 150 },
    )
  })
})

describe('its memory', () => {
  const fork = async (memory: ReturnType<typeof witnessFolder>) => openWitness({ key: here.key, logs: [LOG], memory, clock: () => 0 })

  it.each(['before', 'after'] as const)('killed %s the checkpoint is durable: the other history gets nothing either way', async (when) => {
    await here.post(bodyAt(0, 5))
    const memory = witnessFolder(here.folder)
    const dying = await fork({
      ...memory,
      save: async (...given) => {
        if (when === 'after') await memory.save(...given)
        throw new Error('killed')
      },
    })
    await expect(dying.addCheckpoint(utf8(bodyAt(5, 20)))).rejects.toThrow('killed')
    const reborn = await fork(witnessFolder(here.folder))
    const other = await reborn.addCheckpoint(utf8(bodyAt(5, 20, FALSE)))
    const same = await reborn.addCheckpoint(utf8(bodyAt(5, 20)))
    // Nothing was released yet: before it was durable either history may come, and then only that one.
    expect([other.status, same.status]).toEqual(when === 'before' ? [200, 409] : [409, 409])
    const still = await reborn.addCheckpoint(utf8(bodyAt(20, 20, when === 'before' ? TRUE : FALSE)))
    expect(still.status).toBe(422)
  })

  it('is one for two processes: of two histories shown to each at once, one is cosigned', async () => {
    for (let round = 0; round < 20; round++) {
      const own = await startTestWitness([LOG])
      try {
        await own.post(bodyAt(0, 5))
        const both = await Promise.all(
          [TRUE, FALSE].map((leaves) =>
            openWitness({ key: own.key, logs: [LOG], memory: witnessFolder(own.folder), clock: () => 0 }).addCheckpoint(utf8(bodyAt(5, 20, leaves))),
          ),
        )
        expect(statusesOf(both)).toEqual([200, 409])
      } finally {
        await own.close()
      }
    }
  })

  it('is not taken back by one who woke up late, though the name of its turn is free again', async () => {
    const memory = witnessFolder(here.folder)
    for (let size = 1; size <= 9; size++) await here.post(bodyAt(size - 1, size))
    const stale = 2
    expect(readdirSync(here.folder)).not.toContain(`${originHash(LOG.name)}.${stale + 1}.checkpoint`)
    expect(await memory.save(LOG.name, stale, noteAt(20, FALSE))).toBe(false)
    expect(await lastSize()).toBe(9)
    expect(readdirSync(here.folder).filter((name) => name.endsWith('.checkpoint'))).toHaveLength(3)
  })

  it.each<[what: string, spoil: (folder: string) => void, why: RegExp]>([
    ['another witness’s', (folder) => writeFileSync(join(folder, 'witness.vkey'), 'witness.test/w2+00000000+AAAA\n'), /that of the witness `witness.test\/w2`/],
    ['files of something else', (folder) => writeFileSync(join(folder, 'notes.txt'), 'x'), /`notes.txt` in it is nothing of a witness/],
    [
      'a checkpoint that it never cosigned',
      (folder) => writeFileSync(join(folder, `${originHash(LOG.name)}.9.checkpoint`), noteAt(3)),
      /9\.checkpoint` in it was not cosigned by this witness/,
    ],
    [
      'a checkpoint under another log’s name',
      (folder) => writeFileSync(join(folder, `${originHash('other')}.1.checkpoint`), readFileSync(join(folder, `${originHash(LOG.name)}.1.checkpoint`))),
      /1\.checkpoint` in it was not cosigned/,
    ],
    [
      'an altered checkpoint',
      (folder) => {
        const file = join(folder, `${originHash(LOG.name)}.1.checkpoint`)
        writeFileSync(file, readFileSync(file, 'utf8').replace(toBase64(rootOf(extend(EMPTY_FRONTIER, TRUE.slice(0, 5)))), toBase64(EMPTY_ROOT)))
      },
      /1\.checkpoint` in it was not cosigned/,
    ],
  ])('is found to be foreign when it holds %s', async (_, spoil, why) => {
    await here.post(bodyAt(0, 5))
    expect(await inspectWitnessFolder(here.folder, here.key)).toEqual({ state: 'own' })
    spoil(here.folder)
    expect(await inspectWitnessFolder(here.folder, here.key)).toMatchObject({ state: 'foreign', why: expect.stringMatching(why) })
  })

  it('belongs to whoever claimed it first', async () => {
    await expect(claimWitnessFolder(here.folder, here.key)).rejects.toMatchObject({ code: 'EEXIST' })
  })
})
