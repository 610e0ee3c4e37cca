import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cycles } from './cycles.ts'
import { PLAN, parsePlan } from './plan.ts'
import { survey } from './rooms.ts'

type Tree = Readonly<Record<string, string>>

/** Files that other files may name, so that a case is told by its own line alone. */
const NEIGHBOURS: Tree = {
  'src/base/brand.ts': 'export const mint = 1',
  'src/base/digest.ts': "import { hash } from 'node:crypto'\nexport const h = hash",
  'src/base/internal/deep.ts': '',
  'src/model/row.ts': 'export type Row = 1',
  'src/gate/mediate.ts': '',
  'src/gate/internal/order.ts': '',
  'src/gate/gate.contract.ts': '',
  'src/store/pool.ts': '',
  'src/journal/append.ts': '',
  'src/contract/view.ts': '',
  'src/bin/gatehouse.ts': '',
  'src/policy/permit.ts': '',
}
const look = (tree: Tree): readonly string[] => survey(Object.entries({ ...NEIGHBOURS, ...tree }).map(([path, text]) => ({ path, text }))).trespasses

describe('rooms', () => {
  const cases: readonly (readonly [about: string, path: string, trespass: string, says: RegExp, allowed: string])[] = [
    ['a room the plan does not let in', 'src/journal/x.ts', "import '../gate/mediate.ts'", /journal may not import gate/, "import '../model/row.ts'"],
    ['a re-export of such a room', 'src/base/x.ts', "export * from '../gate/mediate.ts'", /base may not import gate/, "export * from './brand.ts'"],
    [
      'a named re-export of such a room',
      'src/model/x.ts',
      "export { a } from '../gate/mediate.ts'",
      /model may not import gate/,
      "export { a } from '../base/brand.ts'",
    ],
    ['an import at run time', 'src/journal/x.ts', "await import('../gate/mediate.ts')", /may not import gate/, "await import('./append.ts')"],
    ['an import whose name is computed', 'src/bin/x.ts', 'await import(`./${process.argv[2]}.ts`)', /only at run time/, 'await import(`./gatehouse.ts`)'],
    ['a type named in passing', 'src/journal/x.ts', "type A = import('../gate/mediate.ts').A", /may not import gate/, "type A = import('../model/row.ts').Row"],
    [
      'a worker of another room',
      'src/journal/x.ts',
      "new URL('../gate/mediate.ts', import.meta.url)",
      /may not import gate/,
      "new URL('../store/schema.sql', import.meta.url)",
    ],
    [
      'a value where types are let in',
      'src/store/x.ts',
      "import { a } from '../gate/mediate.ts'",
      /types of gate, not values/,
      "import type { a } from '../gate/mediate.ts'",
    ],
    [
      'a type import that loads',
      'src/store/x.ts',
      "import { type A } from '../gate/mediate.ts'",
      /types of gate, not values/,
      "import type { A } from '../gate/mediate.ts'",
    ],
    ["another room's private folder", 'src/model/x.ts', "import '../base/internal/deep.ts'", /reaches into base\/internal/, "import '../base/brand.ts'"],
    ['bin', 'src/gate/x.ts', "import '../bin/gatehouse.ts'", /nobody imports bin/, "import './mediate.ts'"],
    ['a contract test outside tests', 'src/bin/x.ts', "import '../gate/gate.contract.ts'", /is a test/, "import '../gate/mediate.ts'"],
    ['what lies outside src', 'src/bin/x.ts', "import '../../test/support/database.ts'", /leaves src/, "import '../gate/mediate.ts'"],
    ['a name without its ending', 'src/journal/x.ts', "import './append'", /is no file/, "import './append.ts'"],
    ['a path from the root', 'src/journal/x.ts', "import '/src/journal/append.ts'", /write the relative path/, "import './append.ts'"],
    ['Node in a pure room', 'src/policy/x.ts', "import 'node:fs'", /pure room policy imports `node:fs`/, "import type { Stats } from 'node:fs'"],
    ["Node's older names in a pure room", 'src/policy/x.ts', "import 'fs/promises'", /pure room policy imports/, "import '@cedar-policy/cedar-wasm/nodejs'"],
    ['a package nobody called pure', 'src/limits/x.ts', "import 'undici'", /not know to be pure/, "import 'zod'"],
    ['Node on the web page', 'src/console/x.tsx', "import 'node:fs'", /web page has no Node/, "import 'react'"],
    [
      'Node brought to the web page by others',
      'src/console/x.tsx',
      "import '../base/digest.ts'",
      /brings `node:crypto` into the web page/,
      "import '../base/brand.ts'",
    ],
    ['a room the web page has no use for', 'src/console/x.tsx', "import '../gate/mediate.ts'", /console may not import gate/, "import '../contract/view.ts'"],
  ]
  it.each(cases)('turns back %s, and lets its neighbour through', (_about, path, trespass, says, allowed) => {
    expect(look({ [path]: trespass })).toEqual([expect.stringMatching(says)])
    expect(look({ [path]: allowed })).toEqual([])
  })

  it('turns back a file that stands in no room', () => {
    expect(look({ 'src/lobby/x.ts': '' })).toEqual([expect.stringMatching(/src\/lobby\/x.ts: stands in no room/)])
    expect(look({ 'src/x.ts': '' })).toEqual([expect.stringMatching(/src\/x.ts: stands in no room/)])
  })

  it('says the line of the trespass', () => {
    expect(look({ 'src/base/x.ts': "\n\nimport '../gate/mediate.ts'" })).toEqual(['src/base/x.ts:3: base may not import gate'])
  })
})

describe('pure rooms', () => {
  const cases: readonly (readonly [trespass: string, allowed: string])[] = [
    ['Date.now()', 'Date.parse(text)'],
    ['new Date()', 'new Date(text)'],
    ['Date()', 'Date.UTC(2026, 1)'],
    ['const { now } = Date', 'text instanceof Date'],
    ['const when: Date = new Date', 'const when: Date = given'],
    ['Math.random()', 'Math.floor(1)'],
    ["Math['random']()", 'Math.max(1)'],
    ['process.env.HOME', 'const process = 1; process'],
    ["fetch('https://example.org')", 'function f({ fetch }: X) { return fetch() }'],
    ['(fetch as X)()', 'permit.fetch()'],
    ['function f(fetch: X) {} ; fetch()', 'const f = (fetch: X) => fetch()'],
    ['globalThis.fetch()', 'const o = { fetch: 1 }'],
    ['setTimeout(f, 1)', 'const setTimeout = given; setTimeout(f, 1)'],
    ['crypto.randomUUID()', 'type A = typeof crypto'],
    ['console.log(1)', "import { console } from './y.ts'; console.log(1)"],
  ]
  it.each(cases)('may not say `%s`, and may say `%s`', (trespass, allowed) => {
    const y = { 'src/policy/y.ts': '' }
    expect(look({ ...y, 'src/policy/x.ts': trespass })).toEqual([expect.stringMatching(/pure room policy uses/)])
    expect(look({ ...y, 'src/policy/x.ts': allowed })).toEqual([])
    expect(look({ ...y, 'src/journal/x.ts': trespass })).toEqual([])
    expect(look({ ...y, 'src/policy/x.test.ts': trespass })).toEqual([])
  })

  it('may hash in base/digest.ts and nowhere else', () => {
    expect(look({ 'src/base/digest.ts': "import 'node:crypto'" })).toEqual([])
    expect(look({ 'src/base/digest.ts': "import 'node:fs'" })).toHaveLength(1)
    expect(look({ 'src/policy/digest.ts': "import 'node:crypto'" })).toHaveLength(1)
  })
})

describe('tests', () => {
  const allowed = ['./internal/own.ts', '../../test/support/database.ts', '../gate/gate.contract.ts', '../store/pool.ts', '../journal/append.ts', 'node:fs']
  it.each(allowed)('may import %s', (name) => {
    const tree = { 'src/policy/internal/own.ts': '', [`src/policy/x.ts`]: `import '${name}'` }
    expect(look({ ...tree, 'src/policy/x.ts': '', 'src/policy/x.test.ts': `import '${name}'` })).toEqual([])
    expect(name === './internal/own.ts' ? ['own'] : look(tree)).toHaveLength(1)
  })

  it.each([
    ['../gate/mediate.ts', /policy may not import gate/],
    ['../gate/internal/order.ts', /reaches into gate\/internal/],
    ['../bin/gatehouse.ts', /nobody imports bin/],
  ])('may not import %s', (name, says) => {
    expect(look({ 'src/policy/x.test.ts': `import '${name}'` })).toEqual([expect.stringMatching(says)])
  })
})

describe('rings', () => {
  it('turns back files that import each other, through types too', () => {
    const ring = { 'src/gate/a.ts': "import './b.ts'", 'src/gate/b.ts': "import type { A } from './c.ts'", 'src/gate/c.ts': "export * from './a.ts'" }
    expect(look(ring)).toEqual(['src/gate/a.ts: imports itself through src/gate/b.ts -> src/gate/c.ts -> src/gate/a.ts'])
    expect(look({ ...ring, 'src/gate/c.ts': '' })).toEqual([])
  })

  it('names each ring once, by its shortest way round', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
      ['c', ['a']],
      ['d', ['d']],
      ['e', ['a']],
    ])
    expect(cycles(graph)).toEqual([['a', 'c'], ['d']])
  })
})

describe('the plan', () => {
  it('has no ring of rooms, so that each can be understood after those it names', () => {
    expect(PLAN.size).toBeGreaterThan(25)
    expect(cycles(new Map([...PLAN].map(([name, room]) => [name, [...room.values]])))).toEqual([])
  })

  it('lets pure rooms import pure rooms alone', () => {
    const impure = [...PLAN.values()]
      .filter(({ kind }) => kind === 'pure')
      .flatMap(({ values }) => [...values].filter((name) => PLAN.get(name)?.kind !== 'pure'))
    expect(impure).toEqual([])
  })

  it('refuses a line that names no room, or lacks a column', () => {
    const head = 'group  room  kind  may import  types of  purpose\n'
    expect(parsePlan(`${head}words  base  pure  -  -  nouns`).get('base')?.kind).toBe('pure')
    expect(() => parsePlan(`${head}words  base  pure  attic  -  nouns`)).toThrow('the plan names `attic`, which is no room')
    expect(() => parsePlan(`${head}words  base  pure  -  nouns`)).toThrow("the plan's line of `base` has not six columns")
  })
})

describe('node tools/rooms.ts', () => {
  const run = (tree: Tree): { readonly status: number | null; readonly said: string } => {
    const root = mkdtempSync(join(tmpdir(), 'rooms-'))
    try {
      for (const [path, text] of Object.entries({ 'src/.keep': '', ...tree })) {
        mkdirSync(dirname(join(root, path)), { recursive: true })
        writeFileSync(join(root, path), text)
      }
      const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/rooms.ts', root], { encoding: 'utf8' })
      return { status, said: stderr + stdout }
    } finally {
      rmSync(root, { recursive: true })
    }
  }

  it('passes a sound tree and counts what it saw', () => {
    const tree = { 'src/base/a.ts': '', 'src/model/b.ts': "import '../base/a.ts'" }
    expect(run(tree)).toEqual({ status: 0, said: 'rooms: 2 files, 1 imports, 0 trespasses\n' })
  })

  it('fails on a trespass, on no file, on no import, and on a file it cannot read', () => {
    expect(run({ 'src/base/a.ts': "import './b.ts'" })).toMatchObject({ status: 1, said: expect.stringContaining('is no file') })
    expect(run({})).toMatchObject({ status: 1, said: expect.stringContaining('saw no file or no import') })
    expect(run({ 'src/base/a.ts': '' })).toMatchObject({ status: 1, said: expect.stringContaining('saw no file or no import') })
    expect(run({ 'src/base/a.ts': 'const = 1' })).toMatchObject({ status: 1, said: expect.stringContaining('src/base/a.ts') })
  })
})
