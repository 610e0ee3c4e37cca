import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { formatAddCheckpoint } from '../../src/archive/witness/request.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { openCheckpoint, signedCheckpoint } from '../../src/log/checkpoint.ts'
import { withCosignature } from '../../src/log/cosignature.ts'
import { EMPTY_FRONTIER, extend, rootOf } from '../../src/log/frontier.ts'
import { leafHash } from '../../src/log/leaf.ts'
import { formatVkey, parseWitnessVkey, signerKey, type WitnessKey } from '../../src/log/note-key.ts'
import { parsePolicy } from '../../src/log/policy.ts'
import { consistencyProof } from '../../src/log/proof.ts'
import { type Running, run, start } from '../support/cli.ts'

/** `gatehouse witness` as its operator runs it: a process, its key, its memory. */
const LOG = signerKey('gatehouse.test/log', randomBytes(32))
const VKEY = formatVkey(LOG)
const HISTORIES = ['true', 'false'].map((word) => Array.from({ length: 400 }, (_, n) => leafHash(utf8(n < 3 ? `${n}` : `${word} ${n}`))))
const noteAt = (history: number, size: number): string => signedCheckpoint(LOG, size, rootOf(extend(EMPTY_FRONTIER, (HISTORIES[history] ?? []).slice(0, size))))
const bodyAt = (history: number, old: number, size: number): string => {
  const proof = old === 0 ? [] : consistencyProof((HISTORIES[history] ?? []).slice(0, size), old)
  return formatAddCheckpoint({ oldSize: old, proof, note: noteAt(history, size) })
}

let folder: string
let key: string
const running: Running[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-witness-'))
  key = join(folder, 'own/w1.key')
})
afterEach(async () => {
  for (const one of running.splice(0)) {
    one.kill('SIGKILL')
    await one.ended
  }
  rmSync(folder, { recursive: true, force: true })
})

const options = (...more: readonly string[]): readonly string[] => ['witness', '--key', key, '--listen', '127.0.0.1:0', '--log', VKEY, ...more]
async function begin(
  ...more: readonly string[]
): Promise<{ readonly process: Running; readonly url: string; readonly policyLine: string; readonly witness: WitnessKey }> {
  const process = start(options(...more))
  running.push(process)
  const said = await process.until(/it watches/)
  const policyLine = / names it so: (.*)\n/.exec(said)?.[1] ?? ''
  const witness = parseWitnessVkey(policyLine.split(' ')[2] ?? '')
  if (!witness) throw new Error(said)
  return { process, url: policyLine.split(' ')[3] ?? '', policyLine, witness }
}
const post = (url: string, body: string) => fetch(`${url}/add-checkpoint`, { method: 'POST', body, signal: AbortSignal.timeout(5000) })
const NAMED = ['--name', 'witness.example.com/w1'] as const

describe('gatehouse witness', () => {
  it('makes its key at the first start, says how a policy names it, and goes on after a restart where it was', async () => {
    const first = await begin(...NAMED)
    expect(parsePolicy(`log ${VKEY}\n${first.policyLine}\nquorum witness.example.com/w1\n`).ok).toBe(true)
    const said = await post(first.url, bodyAt(0, 0, 7))
    expect(withCosignature(noteAt(0, 7), await said.text(), first.witness)).not.toBeNull()
    first.process.kill('SIGTERM')
    expect(await first.process.ended).toMatchObject({ code: 0, err: '' })
    const again = await begin()
    expect(again.witness).toEqual(first.witness)
    expect([
      (await post(again.url, bodyAt(0, 0, 9))).status,
      (await post(again.url, bodyAt(1, 7, 9))).status,
      (await post(again.url, bodyAt(0, 7, 9))).status,
    ]).toEqual([409, 422, 200])
  }, 20_000)

  it.each<[what: string, spoil: () => void | Promise<void>, args: readonly string[], says: RegExp]>([
    ['without a name for its new key', () => undefined, [], /there is no key at .* yet, and --name gives no name for one/],
    ['with a name that no note could carry', () => undefined, ['--name', 'two words'], /--name gives no name for one/],
    ['for a key of another kind', () => keyFile('PRIVATE+KEY+x'), [], /holds no key of a witness \(type 0x04\)/],
    ['for a log that is none', () => undefined, [...NAMED, '--log', 'nobody'], /`nobody` is no verifier key of a log/],
    ['at an address that is none', () => undefined, [...NAMED, '--listen', 'nowhere'], /`nowhere` is no address to listen at/],
    ['with a prefix that is none', () => undefined, [...NAMED, '--prefix', 'w1/'], /is no prefix of a path/],
    [
      'over a folder of something else',
      () => {
        mkdirSync(join(folder, 'own/w1.key.state'), { recursive: true })
        writeFileSync(join(folder, 'own/w1.key.state/x'), '')
      },
      NAMED,
      /holds a memory, and its key is not at/,
    ],
    [
      'over the memory of another witness',
      async () => {
        await once('other.example/w2', 'other.key')
        await once('witness.example.com/w1', 'own/w1.key')
        rmSync(`${key}.state`, { recursive: true })
        renameSync(join(folder, 'other.key.state'), `${key}.state`)
      },
      [],
      /is not this witness's memory: it is that of the witness `other\.example\/w2`/,
    ],
    [
      'with its key when its memory is gone',
      async () => {
        await once('witness.example.com/w1', 'own/w1.key')
        rmSync(`${key}.state`, { recursive: true })
      },
      [],
      /the key of witness\.example\.com\/w1 stands, and its memory .* is empty: it may have cosigned what it no longer knows/,
    ],
  ])(
    'does not start %s, and says what to do',
    async (_, spoil, args, says) => {
      await spoil()
      const { code, out, err } = await run(options(...args))
      expect({ code, out, err }).toEqual({ code: 1, out: '', err: expect.stringMatching(says) })
      expect(err).toMatch(/\n {2}code: config_invalid\n {2}next: \S/)
      expect(err).not.toMatch(/\n\s+at /)
    },
    20_000,
  )

  async function once(name: string, file: string): Promise<void> {
    const process = start(['witness', '--key', join(folder, file), '--listen', '127.0.0.1:0', '--log', VKEY, '--name', name])
    await process.until(/it watches/)
    process.kill('SIGTERM')
    await process.ended
  }
  function keyFile(text: string): void {
    mkdirSync(join(folder, 'own'))
    writeFileSync(key, text, { mode: 0o600 })
  }

  it('killed at any moment never cosigns two histories', async () => {
    // Whatever came out of it, ever: by size, which history.
    const released = new Map<number, Set<number>>()
    let witness: WitnessKey | null = null
    let known = 0
    let kills = 0
    for (let round = 0; round < 8; round++) {
      const one = await begin(...(round === 0 ? NAMED : []))
      witness ??= one.witness
      const dead = one.process.ended.finally(() => {
        kills += 1
      })
      setTimeout(() => one.process.kill('SIGKILL'), 20 + ((round * 37) % 160))
      // Two who show it different histories at once, each from wherever it says it stands.
      await Promise.all(
        [0, 1].map(async (history) => {
          for (let size = known + 1 + history; size < 400; ) {
            try {
              const said = await post(one.url, bodyAt(history, known, size))
              const text = await said.text()
              if (said.status === 200 && withCosignature(noteAt(history, size), text, one.witness)) {
                released.set(size, (released.get(size) ?? new Set()).add(history))
                known = Math.max(known, size)
              } else if (said.status === 409) known = Number(text)
              else if (said.status === 422) await wait(1)
              size = known + 1
            } catch {
              return
            }
          }
        }),
      )
      await dead
    }
    const histories = new Set([...released].filter(([size]) => size > 3).flatMap(([, seen]) => [...seen]))
    expect([kills, histories.size]).toEqual([8, 1])
    expect(released.size).toBeGreaterThan(5)
    const last = await begin()
    const { status } = await fetch(last.url)
    expect(status).toBe(404)
    const note = await (await fetch(/(http:\S+checkpoint)/.exec(last.process.said())?.[1] ?? '')).text()
    expect(openCheckpoint(note, LOG)?.size).toBeGreaterThanOrEqual(Math.max(...released.keys()))
    const left = readdirSync(`${key}.state`)
    expect(left.filter((name) => name.endsWith('.checkpoint')).length).toBeLessThanOrEqual(4)
    expect(left.filter((name) => name.endsWith('.draft'))).toEqual([])
  }, 60_000)
})
