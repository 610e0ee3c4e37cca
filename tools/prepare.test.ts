import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { advise, type Host, type Need } from './prepare.ts'

const NEEDS: readonly Need[] = [
  { command: 'chromium', debian: 'chromium', for: 'pages' },
  { command: 'bwrap', debian: 'bubblewrap', for: 'the sandbox' },
]
const host = (platform: string, isRoot: boolean, ...commands: readonly string[]): Host => ({ platform, isRoot, has: (name) => commands.includes(name) })

describe('what the tests need of the system', () => {
  it('is left alone where it is there', () => {
    expect(advise(NEEDS, host('linux', false, 'chromium', 'bwrap'))).toEqual({ do: 'nothing' })
  })

  it('is installed on Debian as root, only what is missing', () => {
    expect(advise(NEEDS, host('linux', true, 'apt-get', 'chromium'))).toEqual({ do: 'install', packages: ['bubblewrap'] })
  })

  it('is installed with all its packages, and for root alone what only root can run', () => {
    const needs: readonly Need[] = [
      { command: 'go', debian: 'golang-go some-dev', for: 'a reader' },
      { command: 'strace', debian: 'strace', for: 'faults', rootOnly: true },
    ]
    expect(advise(needs, host('linux', true, 'apt-get'))).toEqual({ do: 'install', packages: ['golang-go', 'some-dev', 'strace'] })
    expect(advise(needs, host('linux', false, 'apt-get', 'go'))).toEqual({ do: 'nothing' })
  })

  it('stops the run elsewhere on Linux, naming the one command', () => {
    const say = 'the tests need `chromium` for pages, `bwrap` for the sandbox; run: sudo apt-get install --yes --no-install-recommends chromium bubblewrap'
    expect(advise(NEEDS, host('linux', false, 'apt-get'))).toEqual({ do: 'stop', say })
  })

  it('stops the run on a Linux without apt-get, root or not', () => {
    expect(advise(NEEDS, host('linux', true, 'chromium'))).toEqual({
      do: 'stop',
      say: 'the tests need `bwrap` for the sandbox; install it so that it is on the PATH',
    })
  })

  it('is said aloud to be left out on another system', () => {
    expect(advise(NEEDS, host('darwin', false, 'bwrap'))).toEqual({
      do: 'go on',
      say: 'skipped aloud on darwin, where we do not install it: `chromium` for pages',
    })
  })
})

describe('node tools/node-version.js', () => {
  it('is content with the Node that npm scripts run on', () => {
    expect(spawnSync('node', ['tools/node-version.js'], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  })

  it('turns back an older one with a sentence', () => {
    const old = "Object.defineProperty(process, 'versions', { value: { node: '22.1.0' } }); import('./tools/node-version.js')"
    const { status, stderr } = spawnSync('node', ['--eval', old], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/^gatehouse needs Node 24 or newer, and this is 22\.1\.0 /) })
  })
})
