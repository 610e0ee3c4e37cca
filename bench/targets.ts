import type { ChildProcess } from 'node:child_process'
import { CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server'
import type { PartName } from '../src/bin/supervise.ts'
import type { BenchHouse } from './house.ts'
import type { Ask, Caller } from './load.ts'
import { familyOf, nextMessage, startProcess } from './process.ts'

/** What is measured: where it listens, what it is asked, and whose processor time answering takes. */
export type Target = {
  readonly name: string
  readonly port: number
  readonly asks: readonly Ask[]
  readonly callers: () => Promise<readonly Caller[]>
  /** Processes by what they are: counted together per name. */
  readonly processes: () => Readonly<Record<string, readonly number[]>>
}

/** What the others are held against. */
export const FLOOR = 'MCP SDK echo'

const MCP_VERSION = '2026-07-28'
const CLIENT = { name: 'bench', version: '1.0.0' }

/** The four targets, the two echo servers started for it. `stop` ends those; the house is its raiser's. */
export async function openTargets({ raise, shipments, callers }: BenchHouse): Promise<{ readonly targets: readonly Target[]; readonly stop: () => void }> {
  const bare = await startServer('servers/bare-echo.ts')
  const sdk = await startServer('servers/sdk-echo.ts')
  const gate = Number(new URL(raise.gateUrl).port)
  const pidOf = (part: PartName): number => raise.house.pids[part] ?? never(part)
  const house = () => ({
    gate: [pidOf('gate')],
    PostgreSQL: familyOf(raise.cluster.pid),
    'signer, applier and archive': [pidOf('sign'), pidOf('apply'), pidOf('archive')],
  })
  const nobody = async () => []
  const targets: readonly Target[] = [
    { name: 'bare node:http echo', port: bare.port, asks: shipments.map(bareAsk), callers: nobody, processes: () => ({ server: [bare.child.pid ?? 0] }) },
    { name: FLOOR, port: sdk.port, asks: shipments.map(mcpAsk('echo')), callers: nobody, processes: () => ({ server: [sdk.child.pid ?? 0] }) },
    { name: 'Gatehouse, MCP', port: gate, asks: shipments.map(mcpAsk('getShipmentSummary')), callers, processes: house },
    { name: 'Gatehouse, REST', port: gate, asks: shipments.map(restAsk), callers, processes: house },
  ]
  return {
    targets,
    stop: () => {
      for (const { child } of [bare, sdk]) child.kill()
    },
  }
}

function never(part: string): never {
  throw new Error(`the house has no process for its ${part} part`)
}

async function startServer(file: string): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = startProcess(file)
  const { port } = (await nextMessage(child)) as { readonly port: number }
  return { child, port }
}

const JSON_TYPE = { 'content-type': 'application/json' }

const bareAsk = (shipmentId: string): Ask => ({ path: '/', headers: JSON_TYPE, body: JSON.stringify({ shipmentId }), expects: shipmentId })

const restAsk = (shipmentId: string): Ask => ({
  path: '/v1/operations/getShipmentSummary',
  headers: { ...JSON_TYPE, accept: 'application/json' },
  body: JSON.stringify({ shipmentId }),
  expects: `"shipmentId":"${shipmentId}"`,
})

/** A call of a tool on the 2026-07-28 wire, as the official client sends it. */
const mcpAsk =
  (tool: string) =>
  (shipmentId: string, id: number): Ask => ({
    path: '/mcp',
    headers: { ...JSON_TYPE, accept: 'application/json, text/event-stream', 'mcp-protocol-version': MCP_VERSION, 'mcp-method': 'tools/call', 'mcp-name': tool },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: {
        name: tool,
        arguments: { shipmentId },
        _meta: { [PROTOCOL_VERSION_META_KEY]: MCP_VERSION, [CLIENT_INFO_META_KEY]: CLIENT, [CLIENT_CAPABILITIES_META_KEY]: {} },
      },
    }),
    expects: shipmentId,
  })
