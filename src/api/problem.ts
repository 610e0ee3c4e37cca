import type { z } from 'zod'
import type { Problem } from '../contract/connector.ts'
import { nextStepOf, type Refusal, statusOf, titleOf } from '../model/refusal.ts'

/** A refusal as HTTP says it (RFC 9457). `deskUrl`: the console, where access can be asked for. */
export function problemOf(refusal: Refusal, correlationId: string, deskUrl: string): z.infer<typeof Problem> {
  return {
    type: `urn:gatehouse:refusal:${refusal.code}`,
    title: titleOf(refusal.code),
    status: statusOf(refusal.code),
    detail: refusal.detail,
    code: refusal.code,
    correlationId,
    next: nextStepOf(refusal.code),
    ...(refusal.rule ? { rule: refusal.rule, requestAccess: `${deskUrl}/refusals/${correlationId}` } : {}),
    ...(refusal.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: refusal.retryAfterSeconds }),
  }
}

/** The same for a person to read, on one line each: what an agent hands on. */
export function sentenceOf(problem: z.infer<typeof Problem>): string {
  const rule = problem.rule ? `\nRule: ${problem.rule.id}, owned by ${problem.rule.owner} (${problem.rule.reason}).` : ''
  const ask = problem.requestAccess ? `\nAsk for access: ${problem.requestAccess}` : ''
  const wait = problem.retryAfterSeconds === undefined ? '' : `\nTry again in ${problem.retryAfterSeconds} s.`
  return `Refused: ${problem.title}. ${problem.detail}.${rule}\nNext: ${problem.next}.${ask}${wait}\nCorrelation id: ${problem.correlationId} (${problem.code})`
}
