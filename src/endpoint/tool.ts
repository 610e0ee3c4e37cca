import type { CallToolResult, Tool } from '@modelcontextprotocol/server'
import type { z } from 'zod'
import type { OfferedOperation } from '../contract/connector.ts'
import { sayNoSession } from './say.ts'
import type { NoSession } from './session.ts'

export type Operation = Readonly<z.infer<typeof OfferedOperation>>

/**
 * An operation as an MCP tool, or null when its input is not an object, which no client could call. A read is marked so that clients
 * need not ask the person each time; what is not a read makes no such promise.
 */
export function toolOf({ name, title, description, readOnly, inputSchema, outputSchema }: Operation): Tool | null {
  if (inputSchema['type'] !== 'object') return null
  return {
    name,
    title,
    description,
    inputSchema: { ...inputSchema, type: 'object' },
    outputSchema,
    annotations: { title, readOnlyHint: readOnly, openWorldHint: false, ...(readOnly ? { destructiveHint: false, idempotentHint: true } : {}) },
  }
}

/** An answer, both as structure and, for clients that show only text, as JSON. */
export const answerResult = (body: Readonly<Record<string, unknown>>): CallToolResult => ({
  content: [{ type: 'text', text: JSON.stringify(body) }],
  structuredContent: body,
})

/** A tool error, never a protocol error: the agent reads it and can go on. `_meta` carries what a program may want to count. */
export function noAnswerResult(why: NoSession): CallToolResult {
  return { isError: true, content: [{ type: 'text', text: sayNoSession(why) }], _meta: { 'gatehouse/no-answer': metaOf(why) } }
}

function metaOf(why: NoSession): Record<string, string> {
  switch (why.kind) {
    case 'sign-in':
      return { kind: why.kind, link: why.pending.link, userCode: why.pending.userCode }
    case 'refused':
      return { kind: why.kind, code: why.refused.code, correlationId: why.refused.correlationId }
    case 'not-granted':
    case 'unreachable':
    case 'garbled':
      return { kind: why.kind }
  }
}
