import type { IncomingHttpHeaders } from 'node:http'
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  SERVER_INFO_META_KEY,
} from '@modelcontextprotocol/server'
import { z } from 'zod'

/** A `tools/call` of the 2026-07-28 era whose every part is known here, so that the SDK would do nothing with it but call the tool. */
export type DirectCall = { readonly id: string | number; readonly name: string; readonly arguments: Readonly<Record<string, unknown>> }

const VERSION = '2026-07-28'
/** Of the headers MCP has, those that have to be there; with any other the request is the SDK's. */
const HEADERS: ReadonlySet<string> = new Set(['mcp-protocol-version', 'mcp-method', 'mcp-name'])

const Nothing = z.strictObject({})
const Message = z.strictObject({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.string(), z.int()]),
  method: z.literal('tools/call'),
  params: z.strictObject({
    // Neither white space nor the `=?base64?…?=` of a header can be in it.
    name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
    arguments: z.record(z.string(), z.unknown()).exactOptional(),
    _meta: z.strictObject({
      [PROTOCOL_VERSION_META_KEY]: z.literal(VERSION),
      [CLIENT_INFO_META_KEY]: z.strictObject({ name: z.string(), title: z.string().exactOptional(), version: z.string() }).exactOptional(),
      [CLIENT_CAPABILITIES_META_KEY]: z.strictObject({
        roots: z.strictObject({ listChanged: z.boolean().exactOptional() }).exactOptional(),
        sampling: z.strictObject({ context: Nothing.exactOptional(), tools: Nothing.exactOptional() }).exactOptional(),
        elicitation: z.strictObject({ form: Nothing.exactOptional(), url: Nothing.exactOptional() }).exactOptional(),
      }),
    }),
  }),
})

/**
 * Recognises the ask nearly all asks are, which the SDK answers at five times the cost of the gate's own work. A positive recogniser:
 * null says nothing about the request but that the SDK has to look at it, with the same body. `body` is parsed JSON of a size already capped.
 */
export function directCall(method: string, headers: IncomingHttpHeaders, body: unknown): DirectCall | null {
  if (method !== 'POST' || !isJson(headers['content-type'])) return null
  const { success, data } = Message.safeParse(body)
  if (!success || !namesTheSame(headers, data.params.name)) return null
  return { id: data.id, name: data.params.name, arguments: data.params.arguments ?? {} }
}

const isJson = (type: string | undefined): boolean => type === 'application/json' || type === 'application/json; charset=utf-8'

/** The headers a router may go by say what the body says. */
function namesTheSame(headers: IncomingHttpHeaders, name: string): boolean {
  for (const header in headers) if (header.startsWith('mcp-') && !HEADERS.has(header)) return false
  return headers['mcp-protocol-version'] === VERSION && headers['mcp-method'] === 'tools/call' && headers['mcp-name'] === name
}

/** The answer in the SDK's own words: complete, and by which server. */
export function directAnswer(id: DirectCall['id'], result: CallToolResult, server: { readonly name: string; readonly version: string }): string {
  return JSON.stringify({ result: { ...result, resultType: 'complete', _meta: { [SERVER_INFO_META_KEY]: server } }, jsonrpc: '2.0', id })
}
