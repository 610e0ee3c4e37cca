import type { z } from 'zod'
import type { Problem } from '../contract/connector.ts'
import { problemOf } from '../contract/problem.ts'
import type { Refusal } from '../model/refusal.ts'

/** A refusal as agents are told it: where a rule refused, with the place at the console (`deskUrl`) to ask for access. */
export function problemFor(refusal: Refusal, correlationId: string, deskUrl: string): z.infer<typeof Problem> {
  const problem = problemOf(refusal, correlationId)
  return refusal.rule ? { ...problem, requestAccess: `${deskUrl}/refusals/${correlationId}` } : problem
}

/** The same for a person to read, on one line each: what an agent hands on. */
export function sentenceOf(problem: z.infer<typeof Problem>): string {
  const rule = problem.rule ? `\nRule: ${problem.rule.id}, owned by ${problem.rule.owner} (${problem.rule.reason}).` : ''
  const ask = problem.requestAccess ? `\nAsk for access: ${problem.requestAccess}` : ''
  const wait = problem.retryAfterSeconds === undefined ? '' : `\nTry again in ${problem.retryAfterSeconds} s.`
  return `Refused: ${problem.title}. ${problem.detail}.${rule}\nNext: ${problem.next}.${ask}${wait}\nCorrelation id: ${problem.correlationId} (${problem.code})`
}
