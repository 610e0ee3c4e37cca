import { readdirSync, rmSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { run, start } from '../support/cli.ts'
import { passableFolder } from '../support/pilot-command.ts'
import { processesNaming } from '../support/processes.ts'

/** Where a scripted run puts its passing folder. */
const place = passableFolder()
afterAll(() => rmSync(place, { recursive: true, force: true }))

const READS = ['findShipments', 'getShipmentSummary', 'listShipmentEvents', 'getOrderHistory', 'listExceptions', 'manifestTable']

const failedIn = (out: string): readonly string[] => /did not hold:\n([\s\S]*)/.exec(out)?.[1]?.split('\n') ?? []

describe('gatehouse pilot --once', () => {
  it('runs the whole day of an agent, prints what came of it, and leaves with 0 and nothing behind', async () => {
    const { code, out, err } = await run(['pilot', '--once'], { env: { TMPDIR: place } })
    expect({ code, err, failed: failedIn(out) }).toEqual({ code: 0, err: '', failed: [] })

    const [, asks, different] = /^ {2}asks +(\d+), (\d+) different questions$/m.exec(out) ?? []
    expect(Number(asks)).toBeGreaterThanOrEqual(200)
    expect(Number(different)).toBeGreaterThanOrEqual(200)
    const refusals = /^ {2}refusals +(.+)$/m.exec(out)?.[1] ?? ''
    for (const refused of ['exposure_exceeded', 'forbidden', 'invalid_input', 'not_found', 'rate_limited', 'reference_meaningless', 'unknown_operation'])
      expect(refusals).toMatch(new RegExp(`\\b${refused} [1-9]`))
    expect(out).toMatch(/^ {2}fields covered +partial [1-9]\d*, redact [1-9]\d*, token [1-9]\d*$/m)
    expect(out).toMatch(/^ {2}changes +applied 1, rejected 1$/m)
    expect(out).toMatch(/^ {2}journal +[1-9]\d* entries, [1-9]\d* checkpoints, verified$/m)
    expect(out).toMatch(/^ {2}root +[A-Za-z0-9+/]{43}=$/m)
    expect(out).toMatch(/^ {2}all [1-9]\d{2} expectations held$/m)
    for (const operation of READS) expect(out).toMatch(new RegExp(`^ {2}${operation} +[1-9]\\d* +\\d+\\.\\d +\\d+\\.\\d$`, 'm'))

    expect(readdirSync(place)).toEqual([])
    expect(processesNaming(place)).toEqual([])
  }, 120_000)

  it('leaves nothing behind when Ctrl-C breaks it off in the middle', async () => {
    const begun = start(['pilot', '--once'], { env: { TMPDIR: place } })
    await begun.until(/the agent asks its questions/)
    begun.kill('SIGINT')
    const ended = await begun.ended
    expect({ code: ended.code, err: ended.err }).toEqual({ code: 130, err: '' })
    expect(ended.out).not.toContain('expectations held')
    expect(readdirSync(place)).toEqual([])
    expect(processesNaming(place)).toEqual([])
  }, 60_000)
})
