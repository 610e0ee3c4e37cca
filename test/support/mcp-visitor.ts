import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { ProvenSession } from './session.ts'

/** The official MCP client straight at the gate, without a connector between: a session's token and a fresh proof on each request. */
export async function mcpVisitor(session: ProvenSession, gateUrl: string): Promise<Client> {
  const client = new Client({ name: 'mcp visitor', version: '1' })
  const proven = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const { method = 'GET', body } = init
    const headers = Object.fromEntries(new Headers(init.headers))
    return session.ask(method, new URL(url).pathname, typeof body === 'string' ? body : undefined, headers)
  }
  await client.connect(new StreamableHTTPClientTransport(new URL(`${gateUrl}/mcp`), { fetch: proven }))
  return client
}

/** What a refused call tells the agent to read. */
export async function toolText(client: Client, name: string, input: Record<string, unknown>): Promise<{ readonly isError: boolean; readonly text: string }> {
  const result = await client.callTool({ name, arguments: input })
  return { isError: result.isError === true, text: result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n') }
}
