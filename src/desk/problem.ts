import type { z } from 'zod'
import type { Problem } from '../contract/connector.ts'
import { nextStepOf, type Refusal, statusOf, titleOf } from '../model/refusal.ts'

/** A refusal as the page gets it (RFC 9457). Nothing of ours is in it but the code, the sentence and the correlation id. */
export const problemOf = (refused: Refusal, correlationId: string): z.infer<typeof Problem> => ({
  type: `urn:gatehouse:refusal:${refused.code}`,
  title: titleOf(refused.code),
  status: statusOf(refused.code),
  detail: refused.detail,
  code: refused.code,
  correlationId,
  next: nextStepOf(refused.code),
  ...(refused.rule && { rule: refused.rule }),
  ...(refused.retryAfterSeconds !== undefined && { retryAfterSeconds: refused.retryAfterSeconds }),
})
