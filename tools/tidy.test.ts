import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inspect } from './tidy.ts'

const look = (path: string, text: string, others: readonly string[] = []): readonly string[] =>
  inspect([{ path, text: text.endsWith('\n') ? text : `${text}\n` }], (name) => others.includes(name)).untidy

/** A row per ban: what is turned back, what its neighbour may say, and part of the story. */
type Row = readonly [path: string, bad: string, good: string, story: RegExp]

describe('code', () => {
  const PERMIT = "import { mint, type Brand } from '../base/brand.ts'\ntype Permit = Brand<{}, 'Permit'>\n"
  const rows: readonly Row[] = [
    ['src/gate/x.ts', 'mint<Permit>({})', `${PERMIT}mint<Permit>({})`, /forge a stage nobody passed/],
    ['src/gate/x.ts', `${PERMIT}mint<Answer>({})`, `${PERMIT}const m = mint<Permit>({})`, /forge/],
    ['src/gate/x.ts', `${PERMIT}mint({})`, 'unmint({})', /forge/],
    ['src/gate/x.ts', `${PERMIT}const forge = mint`, 'const mintage = 1', /forge/],
    ['src/gate/x.ts', "import { mint as forge } from '../base/brand.ts'", "import { mint } from '../base/brand.ts'", /forge/],
    ['src/gate/x.ts', 'type Permit = Other<1>\nmint<Permit>({})', PERMIT, /forge/],
    ['src/gate/x.ts', `${PERMIT}y as Permit`, `${PERMIT}y as Bare`, /forges it/],
    ['test/path/x.test.ts', `${PERMIT}y as unknown as readonly Permit[]`, `${PERMIT}const y: Permit = z`, /forges it/],
    ['src/gate/x.ts', `${PERMIT}const f = (y: unknown): y is Permit => true`, `${PERMIT}const f = (y: unknown): y is string => true`, /forges it/],
    ['src/gate/x.ts', 'release(Object.assign({}, permit, { covers }))', 'const covers = { ...permit.covers }', /keeps a brand on a value that was changed/],
    [
      'src/gate/x.ts',
      `${PERMIT}const f = <P extends Permit>(p: P): P => ({ ...p })`,
      `${PERMIT}const f = <P extends Bare>(p: P, q: Permit) => p`,
      /keeps it through a spread/,
    ],
    ['src/gate/x.ts', 'release(y as never)', 'const y: never = z', /fits anywhere/],
    ['src/gate/x.ts', 'y as any', 'y as unknown', /switches the type checker off/],
    ['src/gate/x.ts', 'const y: any = 1', "const y = 'any'", /switches the type checker off/],
    ['test/x.ts', 'const y: Record<string, any> = {}', 'const any = 1', /switches the type checker off/],
    ['src/gate/x.ts', 'export default 1', 'export const y = 1', /different name in every file/],
    ['src/gate/x.ts', 'const y = 1\nexport { y as default }', 'const y = 1\nexport { y as z }', /different name/],
    ['src/gate/x.ts', "export * from './y.ts'", "export { y } from './y.ts'", /a barrel/],
    ['src/gate/x.ts', "console.log('a')", "log.console('a')", /printing is for the composition roots/],
    ['src/endpoint/x.ts', "console.error('a')", 'say(1)', /breaks the agent’s stdio/],
    ['src/gate/x.ts', 'Math.random()', 'Math.max()', /time and chance/],
    ['src/gate/x.ts', 'const now = Date.now', 'performance.now()', /time and chance/],
    ['src/gate/x.ts', "'select a from b where c'", "'Select a row from the list'", /SQL stands in src\/store/],
    ['src/gate/x.ts', '`  INSERT INTO ${t} VALUES (1)`', "'insert a coin into the slot'", /SQL/],
    ['src/api/x.ts', "'update t set a = 1'", "'update the connector'", /SQL/],
    ['src/api/x.ts', "'delete from t'", "'delete it from there'", /SQL/],
    ['src/api/x.ts', '`with old as (select 1) select a`', "'with care'", /SQL/],
    ['src/gate/x.ts', '// TODO later', "const s = 'TODO'", /read by nobody/],
    ['src/gate/x.ts', '/* a FIXME */', '// a fixture', /read by nobody/],
  ]
  it.each(rows)('in %s may not say `%s`, and may say `%s`', (path, bad, good, story) => {
    expect(look(path, bad)).toEqual([expect.stringMatching(story)])
    expect(look(path, good)).toEqual([])
  })

  const elsewhere: readonly (readonly [text: string, bad: string, good: readonly string[]])[] = [
    ['console.log(1)', 'src/gate/x.ts', ['src/bin/x.ts', 'tools/x.ts', 'bench/x.ts', 'src/console/x.ts']],
    ['console.warn(1)', 'src/gate/x.ts', ['src/gate/x.test.ts', 'test/support/x.ts']],
    ['Date.now()', 'src/store/x.ts', ['src/bin/x.ts', 'src/endpoint/x.ts', 'src/synth/x.ts', 'tools/x.ts', 'test/x.ts', 'bench/x.ts', 'src/store/x.test.ts']],
    ["'select a from b where c'", 'src/gate/x.ts', ['src/store/x.ts', 'src/connectors/x.ts', 'src/synth/x.ts', 'src/gate/x.test.ts', 'test/x.ts']],
    ['export default 1', 'src/gate/x.ts', ['vitest.config.ts', 'src/console/vite.config.ts', 'tools/knip-count.ts']],
    ['y as never', 'src/gate/x.ts', ['src/gate/x.test.ts', 'tools/x.ts']],
    ['Object.assign(a, b)', 'src/bin/x.ts', ['src/gate/x.test.ts', 'src/synth/x.ts', 'tools/x.ts', 'test/x.ts']],
  ]
  it.each(elsewhere)('says `%s` not in %s, but in %j', (text, bad, good) => {
    expect(look(bad, text)).toHaveLength(1)
    for (const path of good) expect({ path, untidy: look(path, text) }).toEqual({ path, untidy: [] })
  })

  it("knows another file's brands", () => {
    const permit = { path: 'src/policy/permit.ts', text: "export type Permit = Brand<{}, 'Permit'>\n" }
    const cast = { path: 'src/gate/x.ts', text: 'y as Permit\n' }
    expect(inspect([permit, cast], () => true).untidy).toEqual([expect.stringMatching(/^src\/gate\/x\.ts:1: .* forges it/)])
    expect(inspect([cast], () => true).untidy).toEqual([])
  })

  it('says where', () => {
    expect(look('src/gate/x.ts', 'const a = 1\n\nconst b: any = 2')).toEqual([expect.stringMatching(/^src\/gate\/x\.ts:3: /)])
  })
})

describe('tests', () => {
  const rows: readonly Row[] = [
    ['src/gate/x.test.ts', "it.only('a', () => expect(f()).toBe(1))", "it('only', () => expect(f()).toBe(1))", /let a suite pass that did not run/],
    ['src/gate/x.test.ts', "describe.skip('a', () => {})", "describe('a', () => {})", /did not run/],
    ['src/gate/x.test.ts', "it.todo('a')", 'list.todo()', /did not run/],
    ['src/gate/x.test.ts', "it.concurrent.only('a', () => expect(f()).toBe(1))", "it.concurrent('a', () => expect(f()).toBe(1))", /did not run/],
    ['src/gate/x.test.ts', "it('a', { skip: true }, () => expect(f()).toBe(1))", "it('a', { timeout: 9 }, () => expect(f()).toBe(1))", /did not run/],
    ['src/gate/x.test.ts', "it('a', (ctx) => { ctx.skip(); expect(f()).toBe(1) })", "it('a', () => { rows.skip(); expect(f()).toBe(1) })", /did not run/],
    [
      'src/gate/x.test.ts',
      "it.skipIf(mac)('a', () => expect(f()).toBe(1))",
      "it.skipIf(mac)('a (skipped aloud on macOS)', () => expect(f()).toBe(1))",
      /skipped aloud/,
    ],
    ['test/path/x.test.ts', "it('a', () => expect(true).toBe(true))", "it('a', () => expect(found).toBe(true))", /asserts nothing/],
    ['test/path/x.test.ts', "it('a', () => { run() })", "it('a', () => { expect(run()).toBe(1) })", /passes whatever the code does/],
    ['test/path/x.test.ts', "it.each([1])('a', (n) => { run(n) })", "it.each([1])('a', (n) => { assert.equal(run(n), 1) })", /whatever the code does/],
    ['test/path/x.test.ts', "it('a', body); function body() {}", "it('a', body); function body() { expect(run()).toBe(1) }", /whatever the code does/],
    [
      'test/path/x.test.ts',
      "const refused = async () => { await run() }; it('a', () => refused())",
      "const refused = async () => { expect(await run()).toBe(1) }; it('a', () => refused())",
      /whatever the code does/,
    ],
    ['test/path/x.test.ts', "it('a', () => { const again = () => again(); again() })", "it('a', () => fc.assert(law))", /whatever the code does/],
    ['test/path/x.test.ts', 'await sleep(1001)', 'await sleep(1000)', /a guess/],
    ['test/path/x.test.ts', 'await new Promise((go) => setTimeout(go, 2 * 1000))', 'await new Promise((go) => setTimeout(go, 50))', /a guess/],
    ['test/path/x.test.ts', 'new Promise((go) => setTimeout(() => go(), 5_000))', 'new Promise((_, end) => setTimeout(() => end(e), 5_000))', /a guess/],
    ['test/path/x.test.ts', 'await setTimeout(3000)', 'setTimeout(() => child.kill(), 10_000)', /a guess/],
    ['test/path/x.test.ts', "vi.mock('../x.ts')", 'vi.fn()', /kinder than the code/],
  ]
  it.each(rows)('in %s may not say `%s`, and may say `%s`', (path, bad, good, story) => {
    expect(look(path, bad)).toEqual([expect.stringMatching(story)])
    expect(look(path, good)).toEqual([])
    expect(look('src/bin/x.ts', bad)).toEqual([])
  })
})

describe('lengths', () => {
  const lines = (count: number): string => 'f()\n'.repeat(count)
  const ofLines = (count: number): string => `function f() {\n${'g()\n'.repeat(count - 2)}}\n`

  it('lets a file have 400 lines and not 401, and lists it from 301 on', () => {
    expect(look('src/gate/x.ts', lines(400))).toEqual([])
    expect(look('src/gate/x.ts', lines(401))).toEqual([expect.stringMatching(/401 lines/)])
    const list = (count: number): readonly string[] => inspect([{ path: 'src/gate/x.ts', text: lines(count) }], () => true).long
    expect([list(300), list(301)]).toEqual([[], ['src/gate/x.ts: 301 lines']])
  })

  it('lets a function have 60 lines and not 61', () => {
    expect(look('src/gate/x.ts', ofLines(60))).toEqual([])
    expect(look('src/gate/x.ts', ofLines(61))).toEqual([expect.stringMatching(/x\.ts:1: a function of 61 lines/)])
  })

  it('counts against a function its own lines, and measures those within it by themselves', () => {
    const methods = (count: number, each: string): string => `const make = () => {\n${each.repeat(count)}}\n`
    expect(look('src/gate/x.ts', methods(3, ofLines(60)))).toEqual([])
    expect(look('src/gate/x.ts', methods(2, ofLines(61)))).toHaveLength(2)
    expect(look('src/gate/x.ts', methods(20, 'g()\ng()\nh(() => 1)\n'))).toHaveLength(1)
  })

  it('takes a describe for a chapter', () => {
    expect(look('src/gate/x.test.ts', `describe('a', () => {\n${lines(100)}})\n`)).toEqual([])
    expect(look('src/gate/x.test.ts', `it('a', () => {\nexpect(f()).toBe(1)\n${lines(100)}})\n`)).toEqual([expect.stringMatching(/function of 103 lines/)])
  })
})

describe('text', () => {
  const rows: readonly Row[] = [
    ['README.md', 'a \nb\n', 'a\nb\n', /README.md:1: trailing white space/],
    ['src/gate/x.ts', 'f()\r\n', 'f()\n', /trailing white space/],
    ['catalogue/tms/x.yaml', 'a: 1\n\n', 'a: 1\n', /one line feed/],
    ['README.md', 'run /work/main/x\n', 'see https://example.org/work/main\n', /path of one machine/],
    ['src/gate/x.ts', "f('/home/anna/x')\n", "f('~/home/x', './home/x')\n", /path of one machine/],
    ['README.md', 'TODO: say more\n', 'say more\n', /read by nobody/],
    ['docs/guide/x.md', '[a](missing.md)\n', '[a](there.md)\n', /docs\/guide\/x.md:1: links to `missing.md`/],
    ['docs/guide/x.md', '\n![a](../picture.png "b")\n', '[a](../../README.md#run-it)\n', /x.md:2: links to/],
    ['docs/guide/x.md', '<img src="no.png">\n', '`<img src="no.png">`\n', /links to `no.png`/],
    ['docs/guide/x.md', '[a]: no.md\n', '```\n[a](no.md)\n```\n', /links to `no.md`/],
    ['docs/guide/x.md', '[a](no.md)\n', '[a](https://example.org/no.md) [b](#here) [c](mailto:a@example.org)\n', /links to/],
  ]
  it.each(rows)('of %s may not say %j, and may say %j', (path, bad, good, story) => {
    const others = ['docs/guide/there.md', 'README.md']
    expect(look(path, bad, others)).toEqual([expect.stringMatching(story)])
    expect(look(path, good, others)).toEqual([])
  })

  it('ends with a line feed', () => {
    expect(inspect([{ path: 'STYLE.md', text: 'a' }], () => true).untidy).toEqual(['STYLE.md:1: the file does not end with one line feed'])
  })

  it('may speak of home folders in documents and of any path in tests', () => {
    expect(look('docs/guide/x.md', 'the key lies in /home/anna/.config\n')).toEqual([])
    expect(look('test/path/x.test.ts', "f('/home/anna', '/work/x')\n")).toEqual([])
  })

  it.each([
    ['src/gate/util.ts', 'src/gate/utility-bill.ts'],
    ['src/gate/order-helpers.ts', 'src/gate/help.ts'],
    ['src/base/common.ts', 'src/base/commons.ts'],
    ['src/gate/session-manager.ts', 'src/gate/manage.ts'],
    ['tools/service.ts', 'tools/serve.ts'],
    ['src/gate/index.ts', 'src/log/tree-index.ts'],
  ])('is not named %s, and may be named %s', (bad, good) => {
    expect(look(bad, 'f()')).toHaveLength(1)
    expect(look(good, 'f()')).toEqual([])
  })
})

describe('node tools/tidy.ts', () => {
  const run = (tree: Readonly<Record<string, string>>): { readonly status: number | null; readonly said: string } => {
    const root = mkdtempSync(join(tmpdir(), 'tidy-'))
    try {
      spawnSync('git', ['init', '--quiet'], { cwd: root })
      for (const [path, text] of Object.entries(tree)) {
        mkdirSync(dirname(join(root, path)), { recursive: true })
        writeFileSync(join(root, path), text)
      }
      const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/tidy.ts', root], { encoding: 'utf8' })
      return { status, said: stderr + stdout }
    } finally {
      rmSync(root, { recursive: true })
    }
  }

  it('passes a tidy tree, counts what it saw, and leaves alone what git ignores', () => {
    const tree = { '.gitignore': 'dist/\n', 'dist/x.ts': 'y as any', 'src/base/x.ts': 'export const f = () => 1\n' }
    expect(run(tree)).toEqual({ status: 0, said: 'tidy: 2 files, 1 functions, 0 untidy\n' })
  })

  it('fails on what is untidy, on no file, on no function, and on a file it cannot read', () => {
    expect(run({ 'src/base/x.ts': 'export const f = (a: any) => a\n' })).toMatchObject({ status: 1, said: expect.stringContaining('1 untidy') })
    expect(run({})).toMatchObject({ status: 1, said: expect.stringContaining('saw no file or no function') })
    expect(run({ 'README.md': 'a\n' })).toMatchObject({ status: 1, said: expect.stringContaining('saw no file or no function') })
    expect(run({ 'src/base/x.ts': 'const = 1\n' })).toMatchObject({ status: 1, said: expect.stringContaining('src/base/x.ts') })
  })
})
