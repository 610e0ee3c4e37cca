import type { FastifyInstance } from 'fastify'
import { expect } from 'vitest'
import { agentApp } from '../../src/api/app.ts'
import type { Door } from '../../src/api/door.ts'
import { type SourceCap, sourceCap } from '../../src/limits/source-cap.ts'
import type { HeldSession } from './caller.ts'
import type { TestGate } from './gate.ts'

type Given = {
  readonly host: string
  readonly failed: (cause: unknown) => void
  /** What of the door is otherwise. */
  readonly door?: Partial<Door>
  readonly sources?: SourceCap
}

/** The agents' door over a test's gate, for one session whose proofs are taken for good: what is looked at lies behind them. */
export const doorFor = (
  here: TestGate,
  held: () => HeldSession,
  { host, failed, door = {}, sources = sourceCap({ perSecond: 1e6, burst: 1e6 }) }: Given,
): Promise<FastifyInstance> =>
  agentApp({
    door: {
      gate: here.gate,
      offer: { all: [], to: () => [] },
      authenticate: () => held().authenticate(here.identity),
      possess: () => expect.unreachable('not asked here'),
      isEnrolled: () => Promise.reject(new Error('not asked here')),
      freshNonce: () => 'nonce',
      publicUrl: `http://${host}`,
      deskUrl: `http://${host}`,
      clock: here.gate.clock,
      failed,
      ...door,
    },
    sources,
    hosts: [host],
    tls: null,
    also: () => undefined,
  })
