import type { FastifyInstance } from 'fastify'
import { agentApp } from '../../src/api/app.ts'
import { sourceCap } from '../../src/limits/source-cap.ts'
import type { HeldSession } from './caller.ts'
import type { TestGate } from './gate.ts'

/** The agents' door over a test's gate, for one session whose proofs are taken for good: what is looked at lies behind them. */
export const doorFor = (
  here: TestGate,
  held: () => HeldSession,
  { host, failed }: { readonly host: string; readonly failed: (cause: unknown) => void },
): Promise<FastifyInstance> =>
  agentApp({
    door: {
      gate: here.gate,
      offer: { all: [], to: () => [] },
      authenticate: () => held().authenticate(here.identity),
      possess: () => Promise.reject(new Error('not asked here')),
      isEnrolled: () => Promise.reject(new Error('not asked here')),
      freshNonce: () => 'nonce',
      publicUrl: `http://${host}`,
      deskUrl: `http://${host}`,
      clock: here.gate.clock,
      failed,
    },
    sources: sourceCap({ perSecond: 1e6, burst: 1e6 }),
    hosts: [host],
    tls: null,
    also: () => undefined,
  })
