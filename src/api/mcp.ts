import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node'
import { type CallToolResult, createMcpHandler, type McpRequestContext, Server } from '@modelcontextprotocol/server'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Offered } from '../catalogue/offer.ts'
import { answer } from '../gate/answer.ts'
import type { Knock } from '../gate/gate.ts'
import { turnBack } from '../gate/turn-back.ts'
import type { Caller } from '../identity/authenticate.ts'
import { refusal } from '../model/refusal.ts'
import { type Door, knockOf, refuseWith } from './door.ts'
import { directAnswer, directCall } from './mcp-direct.ts'
import { problemFor, sentenceOf } from './problem.ts'
import { bodyOf } from './rest.ts'

const SERVER_INFO = { name: 'gatehouse', title: 'Gatehouse', version: '0.1.0' }
const INSTRUCTIONS =
  'Company data through Gatehouse. Ask narrow questions; names and accounts come as tokens (cus_…, con_…, acc_…) that you may use in letters, labels and later asks. Changes wait for a person. A refusal says which rule, who owns it and what to do next: tell your person.'

/** What a request's own server is made from: who asks, and how to ask in their name. */
type Visit = { readonly caller: Caller; readonly knock: (operation: string, input: unknown) => Knock; readonly correlation: string }

/**
 * MCP on Streamable HTTP, both eras (2026-07-28 and 2025-11-25) by the official SDK. Authenticated before anything is read;
 * a server is made for each request and never used again. The plainest of asks are answered without it (mcp-direct.ts).
 */
export function mcpRoutes(app: FastifyInstance, door: Door): void {
  const handler = createMcpHandler((context) => serverFor(door, visitOf(context)))
  const serve = toNodeHandler(handler)
  app.addHook('onClose', () => handler.close())

  app.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '/mcp',
    handler: async (request, reply) => {
      const knock = knockOf(door, request, '', {})
      const caller = await knock.authenticate()
      if (!caller.ok) {
        const said = await turnBack(door.gate, knock, null, caller.refusal)
        return refuseWith(door, request, reply, said.ok ? caller.refusal : said.refusal)
      }
      const visit: Visit = {
        caller: caller.value,
        correlation: request.id,
        knock: (operation, input) => ({ operation, input, correlation: request.id, authenticate: knock.authenticate }),
      }
      const call = directCall(request.method, request.headers, request.body)
      if (call) {
        const result = await callTool(door, visit, call.name, call.arguments)
        // As bytes: a string would have a charset put to its type.
        return reply.header('content-type', 'application/json').send(Buffer.from(directAnswer(call.id, result, SERVER_INFO)))
      }
      // A batch would be many asks for one proof and one knock; neither era offers it.
      if (Array.isArray(request.body)) {
        const said = await turnBack(door.gate, knock, caller.value, refusal('malformed_request', 'one message at a time: batches are not taken'))
        return said.ok ? reply : refuseWith(door, request, reply, said.refusal)
      }
      reply.hijack()
      for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value)
      await serve(withVisit(request, visit) as NodeIncomingMessageLike, reply.raw, request.body)
      return reply
    },
  })
}

/** The SDK carries `auth` through to the factory untouched: the visit rides in its `extra`. */
function withVisit(request: FastifyRequest, visit: Visit): FastifyRequest['raw'] {
  const raw: FastifyRequest['raw'] & { auth?: object } = request.raw
  raw.auth = { token: '', clientId: visit.caller.session.device, scopes: [], extra: { visit } }
  return raw
}

function visitOf(context: McpRequestContext): Visit {
  const visit = context.authInfo?.extra?.['visit']
  // INVARIANT: the route authenticates before the SDK sees anything.
  if (visit === undefined) throw new Error('an MCP request without its visit')
  return visit as Visit
}

function serverFor(door: Door, visit: Visit): Server {
  const server = new Server(SERVER_INFO, { capabilities: { tools: {} }, instructions: INSTRUCTIONS })
  server.setRequestHandler('tools/list', () => ({ tools: door.offer.to(visit.caller.session).map(toolOf), ttlMs: 60_000, cacheScope: 'private' as const }))
  server.setRequestHandler('tools/call', ({ params }) => callTool(door, visit, params.name, params.arguments ?? {}))
  return server
}

/** One tool call. A refusal is a result the agent can read and hand on, never a protocol error. */
async function callTool(
  door: Pick<Door, 'gate' | 'deskUrl' | 'failed'>,
  visit: Pick<Visit, 'knock' | 'correlation'>,
  name: string,
  input: unknown,
): Promise<CallToolResult> {
  const knock = visit.knock(name, input)
  const outcome = await answer(door.gate, knock).catch(async (cause: unknown) => {
    // The SDK would hand our own error's text to the agent.
    door.failed(cause, visit.correlation)
    return turnBack(door.gate, knock, null, refusal('house_failed', 'something went wrong here, not with you'))
  })
  if (!outcome.ok) {
    const problem = problemFor(outcome.refusal, visit.correlation, door.deskUrl)
    return { content: [{ type: 'text', text: sentenceOf(problem) }], isError: true }
  }
  const body = bodyOf(outcome.value)
  return { content: [{ type: 'text', text: JSON.stringify(body) }], structuredContent: body }
}

const toolOf = (operation: Offered) => ({
  name: operation.name,
  title: operation.title,
  description: operation.description,
  inputSchema: { ...operation.inputSchema, type: 'object' as const },
  outputSchema: { ...operation.outputSchema, type: 'object' as const },
  annotations: { title: operation.title, readOnlyHint: operation.readOnly, destructiveHint: false, idempotentHint: operation.readOnly, openWorldHint: false },
})
