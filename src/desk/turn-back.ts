import type { FastifyReply, FastifyRequest } from 'fastify'
import { newId } from '../base/id.ts'
import { CALLS, type CallName } from '../contract/console.ts'
import { problemOf } from '../contract/problem.ts'
import type { Refusal } from '../model/refusal.ts'
import { cookieOf } from './cookie.ts'
import type { Desk } from './desk.ts'

type Needs = Pick<Desk, 'origin' | 'random' | 'whoIs' | 'refused'>

/** Says no, after the house was told who got it: whoever is signed in where the request came from, whatever is wrong with the request itself. */
export async function turnBack(
  desk: Needs,
  request: FastifyRequest,
  reply: FastifyReply,
  refused: Refusal,
  correlation: string = newId('cor', desk.random),
): Promise<FastifyReply> {
  const cookie = cookieOf(request, desk.origin())
  const who = cookie === null ? null : await desk.whoIs(cookie).catch(() => null)
  await desk.refused({ code: refused.code, correlation, source: request.ip, person: who?.ok ? who.value.person : null, call: callOf(request) })

  const problem = problemOf(refused, correlation)
  if (refused.retryAfterSeconds !== undefined) reply.header('retry-after', refused.retryAfterSeconds)
  return reply.code(problem.status).type('application/problem+json').send(problem)
}

function callOf({ method, routeOptions }: FastifyRequest): CallName | null {
  const found = Object.entries(CALLS).find(([, call]) => call.path === routeOptions.url && call.method === method)
  return found === undefined ? null : (found[0] as CallName)
}
