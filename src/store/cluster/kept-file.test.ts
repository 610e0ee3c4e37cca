import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isOurs, keptText, putText, readKept, replaceKept } from './kept-file.ts'

const asRoot = process.getuid?.() === 0

let place: string
let file: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'gatehouse-kept-'))
  file = join(place, 'key')
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('keptText', () => {
  it('makes the text once, for its owner alone, and leaves nothing beside it', () => {
    expect(keptText(file, () => 'first')).toBe('first')
    expect(keptText(file, () => expect.unreachable())).toBe('first')
    expect([mode(file), readdirSync(place), statSync(file).nlink]).toEqual(['600', ['key'], 1])
  })

  it('is owner-only whatever the umask', () => {
    const before = process.umask(0)
    try {
      keptText(file, () => 'first')
    } finally {
      process.umask(before)
    }
    expect(mode(file)).toBe('600')
  })

  it('reads the other’s text when another made it at the same moment', () => {
    expect(keptText(file, () => (writeFileSync(file, 'theirs', { mode: 0o600 }), 'ours'))).toBe('theirs')
    expect(readdirSync(place)).toEqual(['key'])
  })

  it('puts nothing in its place when it cannot be made whole', () => {
    expect(() =>
      keptText(file, () => {
        throw new Error('no randomness')
      }),
    ).toThrow('no randomness')
    expect(readdirSync(place)).toEqual([])
  })
})

describe('readKept', () => {
  it('is null when there is no file', () => {
    expect(readKept(file)).toBeNull()
  })

  it.each([0o640, 0o604, 0o620, 0o602, 0o611])('turns back a file that others may open (%o), where 0600 is read', (bits) => {
    writeFileSync(file, 'key', { mode: 0o600 })
    expect(readKept(file)).toBe('key')
    chmodSync(file, bits)
    expect(() => readKept(file)).toThrow(expect.objectContaining({ code: 'config_invalid', message: `the key file ${file} is readable by other users` }))
  })

  it('turns back what is no file', () => {
    mkdirSync(file)
    expect(() => readKept(file)).toThrow(`the key file ${file} is not a file`)
  })

  it.skipIf(!asRoot)('turns back another user’s, as root (otherwise skipped aloud: one cannot give a file away)', () => {
    writeFileSync(file, 'key', { mode: 0o600 })
    chownSync(file, 54_321, 54_321)
    expect(() => readKept(file)).toThrow(`the key file ${file} belongs to another user (54321)`)
  })

  it('takes for ours what is ours or root’s', () => {
    const own = process.getuid?.() ?? 0
    expect([own, 0, own + 1].map((uid) => isOurs({ uid }))).toEqual([true, true, false])
  })
})

describe('putText', () => {
  it('replaces the text and keeps it owner-only, or as told', () => {
    putText(file, 'first')
    putText(file, 'second')
    expect([readFileSync(file, 'utf8'), mode(file)]).toEqual(['second', '600'])
    const before = process.umask(0o077)
    try {
      putText(file, 'third', { mode: 0o640 })
    } finally {
      process.umask(before)
    }
    expect([readFileSync(file, 'utf8'), mode(file), readdirSync(place)]).toEqual(['third', '640', ['key']])
  })

  it('takes the place of a link, and never writes through it', () => {
    const elsewhere = join(place, 'elsewhere')
    writeFileSync(elsewhere, 'untouched')
    symlinkSync(elsewhere, file)
    putText(file, 'key')
    expect([readFileSync(file, 'utf8'), readFileSync(elsewhere, 'utf8')]).toEqual(['key', 'untouched'])
    rmSync(file)
    linkSync(elsewhere, file)
    putText(file, 'key')
    expect(readFileSync(elsewhere, 'utf8')).toBe('untouched')
  })
})

describe('replaceKept', () => {
  const next = () => join(place, 'key.next')
  beforeEach(() => {
    writeFileSync(file, 'the old text', { mode: 0o400 })
    writeFileSync(next(), 'the new', { mode: 0o600 })
  })

  it('overwrites the old text where it lies, whoever holds the file by another name, and puts the new in its place', () => {
    const elsewhere = join(place, 'elsewhere')
    linkSync(file, elsewhere)
    replaceKept(file, next())
    expect([readFileSync(file, 'utf8'), mode(file), readdirSync(place).toSorted()]).toEqual(['the new', '600', ['elsewhere', 'key']])
    expect(readFileSync(elsewhere)).toEqual(Buffer.alloc('the old text'.length))
  })

  it.each([
    ['half overwritten', () => writeFileSync(file, '\0\0\0 old text')],
    ['gone', () => rmSync(file)],
  ])('comes to its end where a crash left the old file %s', (_, crash) => {
    chmodSync(file, 0o600)
    crash()
    replaceKept(file, next())
    expect([readFileSync(file, 'utf8'), readdirSync(place)]).toEqual(['the new', ['key']])
  })

  it.each(['key', 'key.next'])('destroys nothing where `%s` is a link', (name) => {
    const elsewhere = join(place, 'elsewhere')
    renameSync(join(place, name), elsewhere)
    symlinkSync(elsewhere, join(place, name))
    expect(() => replaceKept(file, next())).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: `the key file ${join(place, name)} is a link, and would not be changed where it leads` }),
    )
    expect([readFileSync(file, 'utf8'), readFileSync(next(), 'utf8')]).toEqual(['the old text', 'the new'])
  })

  it('destroys nothing where the new file is not there, or is open to others', () => {
    chmodSync(next(), 0o640)
    expect(() => replaceKept(file, next())).toThrow('is readable by other users')
    rmSync(next())
    expect(() => replaceKept(file, next())).toThrow('is not there')
    expect(readFileSync(file, 'utf8')).toBe('the old text')
  })
})
