import { resolve } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { z } from 'zod'
import { AnswerBody } from '../../contract/connector.ts'

export type Rows = z.infer<typeof AnswerBody>
/** What one ask came to: covered rows, or what the agent was told instead. */
export type Asked =
  | { readonly ok: true; readonly body: Rows }
  | { readonly ok: false; readonly code: string; readonly text: string; readonly link: string | null }

/** A scripted agent: the official MCP client over the real local connector, a process of its own. It times and counts what it asks. */
export type Agent = {
  readonly ask: (operation: string, input: object) => Promise<Asked>
  readonly operations: () => Promise<readonly string[]>
  readonly timings: ReadonlyMap<string, readonly number[]>
  readonly close: () => Promise<void>
}

const TRIES_MAX = 5
const NoAnswer = z.object({ kind: z.string(), code: z.string().optional(), link: z.string().optional() })

export async function startScriptedAgent(home: string): Promise<Agent> {
  const client = new Client({ name: 'scripted agent', version: '1.0.0' })
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [resolve(import.meta.dirname, '../gatehouse.ts'), 'connect', '--home', home],
      stderr: 'ignore',
    }),
  )
  const timings = new Map<string, number[]>()

  async function askOnce(operation: string, input: object): Promise<Asked> {
    const began = performance.now()
    const result = await client.callTool({ name: operation, arguments: { ...input } })
    const took = performance.now() - began
    if (!result.isError) {
      timings.set(operation, [...(timings.get(operation) ?? []), took])
      return { ok: true, body: AnswerBody.parse(result.structuredContent) }
    }
    const said = NoAnswer.safeParse(result._meta?.['gatehouse/no-answer'])
    const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
    return { ok: false, code: said.data?.code ?? said.data?.kind ?? 'error', text, link: said.data?.link ?? null }
  }

  return {
    timings,
    operations: async () => (await client.listTools()).tools.map((tool) => tool.name),
    async ask(operation, input) {
      for (let tries = 1; ; tries++) {
        const asked = await askOnce(operation, input)
        // It asks faster than any agent: told that its address does, it waits as it was told to.
        if (asked.ok || asked.code !== 'source_capped' || tries === TRIES_MAX) return asked
        await new Promise((wake) => setTimeout(wake, 1000))
      }
    },
    close: () => client.close(),
  }
}
