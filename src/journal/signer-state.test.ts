import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EMPTY_FRONTIER, extend } from '../log/frontier.ts'
import { leafHash } from '../log/leaf.ts'
import { signerStateFile } from './signer-state.ts'

const tree = (size: number) =>
  extend(
    EMPTY_FRONTIER,
    Array.from({ length: size }, (_, i) => leafHash(Buffer.from(String(i)))),
  )

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-state-'))
  path = join(folder, 'signer.state')
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('signerStateFile', () => {
  it('remembers nothing at first, then the last tree saved, for its owner only', async () => {
    const state = signerStateFile(path)
    expect(await state.load()).toBeNull()
    for (const size of [1, 7, 1000]) {
      await state.save(tree(size))
      const again = await signerStateFile(path).load()
      expect(again?.roots.map((root) => Buffer.from(root).toString('hex'))).toEqual(tree(size).roots.map((root) => Buffer.from(root).toString('hex')))
      expect(again?.size).toBe(size)
    }
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['signer.state'])
  })

  it.each([
    ['cut short', (text: string) => text.slice(0, 30)],
    ['of another size', (text: string) => text.replace('"size":7', '"size":8')],
    ['with more in it', (text: string) => text.replace('{', '{"w":1,')],
    ['empty', () => ''],
  ])('does not take a file that is %s for having signed nothing', async (_, spoil) => {
    const state = signerStateFile(path)
    await state.save(tree(7))
    writeFileSync(path, spoil(readFileSync(path, 'utf8')))
    await expect(state.load()).rejects.toMatchObject({ code: 'journal_broken', message: "the signer's memory of what it signed cannot be read" })
  })
})
