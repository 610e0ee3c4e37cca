import type { z } from 'zod'
import { Problem } from '../contract/connector.ts'
import type { Call, Who } from '../contract/console.ts'

export type Problem = z.infer<typeof Problem>

/** Thrown where the query library wants it thrown; always with a problem a person can read. */
export class Refused extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.name = 'Refused'
    this.problem = problem
  }
}

type Given<P, I extends z.ZodType> = { readonly input: z.input<I> } & (P extends `${string}:id${string}` ? { readonly id: string } : unknown)

/** One call to the server the page came from. Throws `Refused` for everything that is not the answer the contract names. */
export async function ask<P extends string, W extends Who, I extends z.ZodType, A extends z.ZodType>(
  call: Call<'GET' | 'POST', P, W, I, A>,
  given: Given<P, I>,
): Promise<z.output<A>> {
  const path = 'id' in given && typeof given.id === 'string' ? call.path.replace(':id', encodeURIComponent(given.id)) : call.path
  const response = await send(call.method, path, given.input).catch(() => null)
  if (response === null) throw new Refused(NOT_REACHED)
  const body: unknown = await response.json().catch(() => null)
  if (response.ok) {
    const answer = call.answer.safeParse(body)
    if (answer.success) return answer.data
  }
  const problem = Problem.safeParse(body)
  throw new Refused(problem.success ? problem.data : { ...NOT_UNDERSTOOD, status: response.status })
}

function send(method: 'GET' | 'POST', path: string, input: unknown): Promise<Response> {
  if (method === 'POST') return fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(input) })
  const query = new URLSearchParams(Object.entries(input ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])))
  return fetch(query.size === 0 ? path : `${path}?${query}`)
}

/** The problem behind an error, or one that says that we do not know. */
export const problemIn = (error: unknown): Problem => (error instanceof Refused ? error.problem : NOT_UNDERSTOOD)
export const hasCode = (error: unknown, code: string): boolean => error instanceof Refused && error.problem.code === code

const OURS = { type: 'about:blank', status: 0, correlationId: '' } as const
const NOT_REACHED: Problem = {
  ...OURS,
  code: 'not_reached',
  title: 'Gatehouse cannot be reached',
  detail: 'the server does not answer',
  next: 'look at the network, then try again',
}
const NOT_UNDERSTOOD: Problem = {
  ...OURS,
  code: 'not_understood',
  title: 'This page did not understand the answer',
  detail: 'page and server may be of different versions',
  next: 'load the page anew',
}
