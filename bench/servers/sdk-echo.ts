/** The second floor: the official MCP SDK's shortest server. One tool that gives its argument back, and nothing else on the way. */
import { createServer } from 'node:http'
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { listenFor } from './listen.ts'

const inputSchema = z.object({ shipmentId: z.string() })

const serve = toNodeHandler(
  createMcpHandler(() => {
    const server = new McpServer({ name: 'echo', version: '1.0.0' })
    server.registerTool('echo', { description: 'Gives its argument back', inputSchema }, ({ shipmentId }) => ({
      content: [{ type: 'text', text: shipmentId }],
    }))
    return server
  }),
)

listenFor(createServer((request, response) => void serve(request as NodeIncomingMessageLike, response)))
