import type { FastifyInstance } from 'fastify'
import type { z } from 'zod'
import type { AnswerBody } from '../contract/connector.ts'
import { answer } from '../gate/answer.ts'
import type { Answer } from '../gate/release.ts'
import { turnBack } from '../gate/turn-back.ts'
import { refusal } from '../model/refusal.ts'
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
    const knock = knockOf(door, request, '', {})
    if (request.headers.authorization !== undefined) {
      const caller = await knock.authenticate()
      if (caller.ok) return { operations: door.offer.to(caller.value.session) }
      const said = await turnBack(door.gate, knock, null, caller.refusal)
      return refuseWith(door, request, reply, said.ok ? caller.refusal : said.refusal)
    }
    const proof = await door.possess(credentialOf(door, request))
    const enrolled = proof.ok ? await door.isEnrolled(proof.value.jkt) : proof
    if (enrolled.ok && enrolled.value) return { operations: door.offer.all }
    const said = await turnBack(door.gate, knock, null, enrolled.ok ? refusal('device_unknown', 'this key belongs to no enrolled device') : enrolled.refusal)
    return said.ok ? reply : refuseWith(door, request, reply, said.refusal)
  })

  const description = openapi(door.offer.all, door.publicUrl)
  app.get('/openapi.json', async (_request, reply) => reply.header('cache-control', 'no-cache').send(description))
}

export const bodyOf = ({ rows, covered, next, entry }: Answer): z.infer<typeof AnswerBody> => ({
  rows: [...rows],
  covered,
  ...(next === null ? {} : { next }),
  entry,
})
