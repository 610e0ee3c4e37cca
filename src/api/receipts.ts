import type { FastifyInstance } from 'fastify'
import type { Outcome } from '../base/outcome.ts'
import { turnBack } from '../gate/turn-back.ts'
import type { Caller } from '../identity/authenticate.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { type Door, knockOf, refuseWith } from './door.ts'

/** The receipt of an entry of this session or its person (C2SP tlog-proof): `not_found` for any other, `receipt_not_yet` until it is under a published checkpoint. */
export type ReceiptFor = (index: number, session: Caller['session']) => Promise<Outcome<string, Refusal>>

/** `GET /v1/receipts/{index}`: proof that an answer's entry stands in the journal, to be kept and verified by anybody, offline. */
export function receiptRoutes(app: FastifyInstance, door: Door, receiptFor: ReceiptFor): void {
  app.get<{ Params: { index: string } }>('/v1/receipts/:index', async (request, reply) => {
    const knock = knockOf(door, request, '', {})
    const caller = await knock.authenticate()
    if (!caller.ok) return said(await turnBack(door.gate, knock, null, caller.refusal))
    const { index } = request.params
    const receipt = /^(0|[1-9][0-9]{0,14})$/.test(index)
      ? await receiptFor(Number(index), caller.value.session)
      : ({ ok: false, refusal: refusal('malformed_request', 'the index of an entry is a whole number') } as const)
    if (receipt.ok)
      return reply.type('text/plain; charset=utf-8').header('content-disposition', `attachment; filename="entry-${index}.tlog-proof"`).send(receipt.value)
    // Nothing was decided yet: whoever polls for it fills no journal.
    if (receipt.refusal.code === 'receipt_not_yet') return refuseWith(door, request, reply, receipt.refusal)
    return said(await turnBack(door.gate, knock, caller.value, receipt.refusal))

    function said(outcome: Outcome<never, Refusal>) {
      return outcome.ok ? reply : refuseWith(door, request, reply, outcome.refusal)
    }
  })
}
