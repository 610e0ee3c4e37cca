import { join } from 'node:path'
import { type Machine, settingsFolder } from './home.ts'

/** How a client starts a local server: absolute paths, so that it works whatever folder and PATH the client has. */
export type Launch = { readonly command: string; readonly args: readonly string[]; readonly env?: Readonly<Record<string, string>> }

/** A program that runs agents, and how it is told of a local MCP server. */
export type AgentClient = {
  readonly title: string
  /** Its own configuration file for this user. */
  readonly file: (machine: Machine) => string
  /** The member of that file that holds the servers. */
  readonly member: 'mcpServers' | 'servers'
  readonly entry: (launch: Launch) => Readonly<Record<string, unknown>>
}

export const CLIENT_NAMES = ['claude-desktop', 'cursor', 'vscode'] as const
export type ClientName = (typeof CLIENT_NAMES)[number]
export const isClientName = (name: string): name is ClientName => (CLIENT_NAMES as readonly string[]).includes(name)

export const AGENT_CLIENTS: Readonly<Record<ClientName, AgentClient>> = {
  'claude-desktop': {
    title: 'Claude Desktop',
    file: (machine) => join(settingsFolder(machine), 'Claude', 'claude_desktop_config.json'),
    member: 'mcpServers',
    entry: (launch) => launch,
  },
  cursor: {
    title: 'Cursor',
    file: ({ homedir }) => join(homedir, '.cursor', 'mcp.json'),
    member: 'mcpServers',
    entry: (launch) => launch,
  },
  // The user's default profile; https://code.visualstudio.com/docs/copilot/reference/mcp-configuration
  vscode: {
    title: 'Visual Studio Code',
    file: (machine) => join(settingsFolder(machine), 'Code', 'User', 'mcp.json'),
    member: 'servers',
    entry: (launch) => ({ type: 'stdio', ...launch }),
  },
}

/** The block to paste into the client's file by hand. */
export const blockFor = ({ member, entry }: AgentClient, launch: Launch): string => JSON.stringify({ [member]: { gatehouse: entry(launch) } }, null, 2)
