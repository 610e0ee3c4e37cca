import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { done, type Outcome } from '../base/outcome.ts'
import type { Offered } from '../catalogue/offer.ts'
import type { AnswerBody } from '../contract/connector.ts'
import { answer } from '../gate/answer.ts'
import type { Answer } from '../gate/release.ts'
import { turnBack } from '../gate/turn-back.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { credentialOf, type Door, knockOf, refuseWith } from './door.ts'
import { openapi } from './openapi.ts'

/** REST for agents: `POST /v1/operations/{name}` with the arguments as JSON, what is offered, and the description of both. */
export function restRoutes(app: FastifyInstance, door: Door): void {
  app.post<{ Params: { name: string } }>('/v1/operations/:name', async (request, reply) => {
    const knock = knockOf(door, request, request.params.name, request.body ?? {})
    const outcome = await answer(door.gate, knock)
    return outcome.ok ? reply.send(bodyOf(outcome.value)) : refuseWith(door, request, reply, outcome.refusal)
  })

  app.get('/v1/operations', async (request, reply) => {
    const offer = await offerFor(door, request)
    return offer.ok ? { operations: offer.value } : refuseWith(door, request, reply, offer.refusal)
  })
  app.get('/openapi.json', async (request, reply) => {
    const offer = await offerFor(door, request)
    return offer.ok ? openapi(offer.value, door.publicUrl) : refuseWith(door, request, reply, offer.refusal)
  })
}

/** What this session is offered; without a token, all there is, for an enrolled device. A stranger learns no operation's name. */
async function offerFor(door: Door, request: FastifyRequest): Promise<Outcome<readonly Offered[], Refusal>> {
  const knock = knockOf(door, request, '', {})
  if (request.headers.authorization !== undefined) {
    const caller = await knock.authenticate()
    return caller.ok ? done(door.offer.to(caller.value.session)) : turnBack(door.gate, knock, null, caller.refusal)
  }
  const proof = door.possess(credentialOf(door, request))
  const enrolled = proof.ok ? await door.isEnrolled(proof.value.jkt) : proof
  if (enrolled.ok && enrolled.value) return done(door.offer.all)
  return turnBack(door.gate, knock, null, enrolled.ok ? refusal('device_unknown', 'this key belongs to no enrolled device') : enrolled.refusal)
}

export const bodyOf = ({ rows, covered, next, entry }: Answer): z.infer<typeof AnswerBody> => ({
  rows: [...rows],
  covered,
  ...(next === null ? {} : { next }),
  entry,
})
