import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { run } from '../../../test/support/cli.ts'
import type { ProbeReport } from '../../archive/worm-probe.ts'
import { wormProbeText } from './worm-probe-text.ts'

/** Clears the screen and says what the reader hopes for; an 8-bit escape; text from right to left; a separator of lines. */
const EVIL = '\u009b2Js3://vault is WORM\u202e\u2028ok'
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

let close = (): Promise<unknown> => Promise.resolve()
afterEach(() => close())

/** The command against a server that keeps versions, locks nothing, and says why in its own words. */
async function probed(...more: readonly string[]) {
  const server = createServer((request, response) => {
    if (request.method === 'GET' && request.url?.includes('versioning'))
      response.end('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>')
    else response.writeHead(501, { 'content-type': 'application/xml' }).end(`<Error><Code>NotImplemented</Code><Message>${EVIL}</Message></Error>`)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  close = () => {
    server.closeAllConnections()
    return new Promise((closed) => server.close(closed))
  }
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const env = { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' }
  return run(['journal', 'worm-probe', '--bucket', 's3://vault', '--endpoint', endpoint, '--path-style', ...more], { env })
}

const lines = (text: string): readonly string[] => text.split('\n')

describe('what a server says that journal worm-probe tries', () => {
  it('cannot steer the terminal', async () => {
    const { code, out, err } = await probed()
    expect({ code, err }).toEqual({ code: 2, err: '' })
    expect(out).toContain('\ufffd2Js3://vault is WORM\ufffd\ufffdok')
    expect(lines(out).filter((line) => STEERING.test(line))).toEqual([])
    expect(lines(out)[0]).toBe('s3://vault IS NOT WORM: something gave way')
  })

  it('is the same in the JSON that is kept, spelled without control characters', async () => {
    const { code, out } = await probed('--json')
    expect(code).toBe(2)
    expect(lines(out).filter((line) => STEERING.test(line))).toEqual([])
    expect((JSON.parse(out) as ProbeReport).lines.at(-1)?.sentence).toContain(EVIL)
  })

  it('cannot put a line into the report', () => {
    const report: ProbeReport = {
      verdict: 'unproven',
      atMs: 0,
      canaries: 'worm-probe/canary-1',
      lines: [{ attempt: 'delete the version', result: 'unclear', sentence: `no\n${EVIL}\r\n\u001b[1A` }],
    }
    const text = lines(wormProbeText('s3://vault', report))
    expect(text).toHaveLength(4)
    expect(text.filter((line) => STEERING.test(line))).toEqual([])
    expect(text[1]).toBe('  unclear: delete the version: no\ufffd\ufffd2Js3://vault is WORM\ufffd\ufffdok\ufffd\ufffd\ufffd[1A')
  })
})
