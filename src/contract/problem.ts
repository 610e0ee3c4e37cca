import type { z } from 'zod'
import { nextStepOf, type Refusal, statusOf, titleOf } from '../model/refusal.ts'
import type { Problem } from './connector.ts'

/** A refusal as HTTP says it (RFC 9457), to agents and to the console's page. Nothing of ours is in it but the code, the sentence and the correlation id. */
export const problemOf = (refusal: Refusal, correlationId: string): z.infer<typeof Problem> => ({
  type: `urn:gatehouse:refusal:${refusal.code}`,
  title: titleOf(refusal.code),
  status: statusOf(refusal.code),
  detail: refusal.detail,
  code: refusal.code,
  correlationId,
  next: nextStepOf(refusal.code),
  ...(refusal.rule ? { rule: refusal.rule } : {}),
  ...(refusal.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: refusal.retryAfterSeconds }),
})
