import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { newId } from '../base/id.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { Call, Who } from '../contract/console.ts'
import { CONFIRMED_SECONDS } from '../model/confirmation.ts'
import { type Refusal, refusal } from '../model/refusal.ts'
import { cookieOf } from './cookie.ts'
import type { Act, Desk, Viewer } from './desk.ts'
import { turnBack } from './turn-back.ts'

export type Given<I> = { readonly input: I; readonly id: string; readonly source: string; readonly correlation: string; readonly reply: FastifyReply }
export type GivenBySignedIn<I> = Given<I> & { readonly act: Act; readonly viewer: Viewer; readonly cookie: string }
type Answering<G, A> = (given: G) => Promise<Outcome<A, Refusal>>

/** Puts calls on the server: who asks is looked at first, then the shape of what they ask, and only then the handler runs. */
export function router(scope: FastifyInstance, desk: Desk) {
  const answer = async (request: FastifyRequest, reply: FastifyReply, correlation: string, schema: z.ZodType, got: Outcome<unknown, Refusal>) =>
    // What the contract does not name does not leave.
    got.ok ? reply.send(schema.parse(got.value)) : turnBack(desk, request, reply, got.refusal, correlation)

  return {
    forAnyone: <P extends string, I extends z.ZodType, A extends z.ZodType>(
      call: Call<'GET' | 'POST', P, 'anyone', I, A>,
      handle: Answering<Given<z.output<I>>, z.output<A>>,
    ) => {
      scope.route({
        method: call.method,
        url: call.path,
        handler: async (request, reply) => {
          const correlation = newId('cor', desk.random)
          const read = readCall(call.input, request)
          if (!read.ok) return turnBack(desk, request, reply, read.refusal, correlation)
          return answer(request, reply, correlation, call.answer, await handle({ ...read.value, source: request.ip, correlation, reply }))
        },
      })
    },
    forSignedIn: <P extends string, I extends z.ZodType, A extends z.ZodType>(
      call: Call<'GET' | 'POST', P, 'person' | 'confirmed', I, A>,
      handle: Answering<GivenBySignedIn<z.output<I>>, z.output<A>>,
    ) => {
      scope.route({
        method: call.method,
        url: call.path,
        handler: async (request, reply) => {
          const correlation = newId('cor', desk.random)
          const caller = await callerOf(request, desk, call.who)
          if (!caller.ok) return turnBack(desk, request, reply, caller.refusal, correlation)
          const read = readCall(call.input, request)
          if (!read.ok) return turnBack(desk, request, reply, read.refusal, correlation)
          const act = { viewer: caller.value.viewer, correlation }
          return answer(request, reply, correlation, call.answer, await handle({ ...read.value, ...caller.value, act, source: request.ip, correlation, reply }))
        },
      })
    },
  }
}

/** The signed-in person behind the request. `confirmed` asks for a passphrase typed within CONFIRMED_SECONDS, not one from the future. */
export async function callerOf(request: FastifyRequest, desk: Desk, who: Who): Promise<Outcome<{ readonly viewer: Viewer; readonly cookie: string }, Refusal>> {
  const cookie = cookieOf(request, desk.origin())
  if (cookie === null) return refuse(refusal('sign_in_required', 'nobody is signed in here'))
  const found = await desk.whoIs(cookie)
  if (!found.ok) return found
  const age = desk.clock() - found.value.confirmedAt
  if (who === 'confirmed' && !(age >= 0 && age < CONFIRMED_SECONDS * 1000))
    return refuse(refusal('confirmation_needed', 'it is too long ago that you typed your passphrase'))
  return done({ viewer: found.value, cookie })
}

const ONE = /^[\w.-]{1,64}$/

function readCall<I extends z.ZodType>(schema: I, request: FastifyRequest): Outcome<{ readonly input: z.output<I>; readonly id: string }, Refusal> {
  const { id = '' } = request.params as { readonly id?: string }
  if (id !== '' && !ONE.test(id)) return refuse(refusal('malformed_request', 'the identifier in the address is not one'))
  const read = schema.safeParse(request.method === 'GET' ? request.query : request.body)
  if (read.success) return done({ input: read.data, id })
  const issue = read.error.issues[0]
  return refuse(refusal('malformed_request', `\`${issue?.path.join('.') || 'the body'}\`: ${issue?.message.toLowerCase() ?? 'not as documented'}`))
}
