/**
 * What keeping nobody's values in clear costs an ask: `node bench/vault.ts`. Sealing its arguments with the key in hand, in microseconds: the best of
 * many short rounds, so that other work on the machine counts little.
 */
import { randomBytes } from 'node:crypto'
import { wellFormed } from '../src/base/well-formed.ts'
import { pagedRandom } from '../src/bin/parts/random.ts'
import { dataKey } from '../src/journal/vault/cipher.ts'
import { ENTRY_INLINE_MAX, sealPayload } from '../src/journal/vault/payload.ts'
import { part } from '../src/journal/vault/private-parts.ts'

const ENTRY = {
  kind: 'ask.answered',
  outcome: 'done',
  person: 'p-0123456789abcdef',
  session: 's-0123456789abcdef',
  device: 'd-0123456789abcdef',
  correlation: 'req-0123456789abcdef',
  operation: 'findShipments',
  digest: 'x'.repeat(43),
  detail: {
    asked: { destination: 'Lyon', status: 'in_transit' },
    salt: 'salt-0123456789abcdef',
    rows: 12,
    clear: ['shipmentId', 'reference', 'carrier', 'status', 'lane', 'plannedOn', 'deliveredOn', 'quantity', 'weightKg'],
    token: ['customerId'],
    rule: 'inquiry-reads',
    policy: '3a0fc6e1b2d49c77',
    subjects: 0,
    prices: 0,
  },
} as const
const random = pagedRandom()
const KEY = dataKey('k-0123456789abcdef', randomBytes(32))

function sealOne(): void {
  const parted = part(wellFormed(ENTRY), ENTRY_INLINE_MAX)
  if (parted === null) throw new Error('an ask has arguments to seal')
  sealPayload(parted, KEY, random)
}

function bestOf(rounds: number, times: number): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    for (let i = 0; i < times; i++) sealOne()
    best = Math.min(best, ((performance.now() - began) * 1000) / times)
  }
  return best
}

bestOf(20, 200)
console.log(`sealing an ask's arguments: ${bestOf(400, 50).toFixed(1)} µs (aim: 20)`)
