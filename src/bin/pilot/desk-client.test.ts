import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Agent } from './agent.ts'
import { signInAt } from './desk-client.ts'
import { findings } from './findings.ts'
import { openSessionFor } from './script/sign-in.ts'

const EVIL = '\u009b2Jsigned in\u202e\u2028ok'
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

const messageOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'nothing was thrown',
    (cause: unknown) => (cause instanceof Error ? cause.message : 'no error'),
  )

/** A console that answers every call with this problem. */
async function atConsole(problem: object, work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((_, response) => response.writeHead(401, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem)))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
}

describe('what the pilot is told when its people get no further', () => {
  it('cannot steer the terminal when they cannot sign in', async () => {
    await atConsole({ code: 'sign_in_failed', detail: EVIL }, async (url) => {
      const message = await messageOf(signInAt(url, 'anna', 'a passphrase'))
      expect(message).toMatch(/^anna could not sign in: \{"code":"sign_in_failed"/)
      expect(message).not.toMatch(STEERING)
      expect((JSON.parse(message.slice(message.indexOf('{'))) as { readonly detail: string }).detail).toBe(EVIL)
    })
  })

  it('cannot steer it when the agent gets no session', async () => {
    const agent: Agent = {
      ask: () => Promise.resolve({ ok: false, code: 'forbidden', text: `no:\n${EVIL}`, link: null }),
      operations: () => Promise.resolve([]),
      timings: new Map(),
      close: () => Promise.resolve(),
    }
    const person = { call: () => Promise.resolve({ status: 200, body: {} }) }
    expect(await messageOf(openSessionFor(agent, person, findings()))).toBe('no session: no:\n\ufffd2Jsigned in\ufffd\ufffdok')
  })
})
