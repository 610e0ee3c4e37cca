import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Command } from 'commander'
import { AGENT_CLIENTS, blockFor, CLIENT_NAMES, type ClientName, isClientName, type Launch } from '../endpoint/agent-client.ts'
import { homeFolder, thisMachine } from '../endpoint/home.ts'
import { install } from '../endpoint/install.ts'
import { serveOnStdio } from '../endpoint/serve-stdio.ts'
import { Fault } from '../model/fault.ts'

type Options = { readonly home?: string; readonly install?: string; readonly print?: string | true }

/** `gatehouse connect`: the local connector, an MCP server on stdin and stdout; or its entry in a client's configuration. */
export function connectCommand(program: Command): void {
  program
    .command('connect')
    .description('the local connector: an MCP server on stdin and stdout for an agent on this computer')
    .option('--home <folder>', "the connector's folder")
    .option('--install <client>', `enter the connector in a client's configuration: ${CLIENT_NAMES.join(', ')}`)
    .option('--print [client]', 'show the block to paste, and change nothing')
    .action(async ({ home, install: client, print }: Options) => {
      const machine = thisMachine()
      const folder = homeFolder(machine, home)
      const launch = launchOf(folder)
      if (print !== undefined) return say(blockFor(AGENT_CLIENTS[nameOf(print === true ? (client ?? 'claude-desktop') : print, launch)], launch))
      if (client !== undefined) return say(sayInstalled(install(nameOf(client, launch), launch, machine, new Date())))
      const log = (line: string) => void process.stderr.write(`gatehouse connect: ${line}\n`)
      await serveOnStdio({ home: folder, clock: Date.now, random: randomBytes, log, version: program.version() ?? '0' })
    })
}

/** This very Node and this very program: a client has its own idea of PATH and folder. Extra authorities come along; they are no secret. */
function launchOf(home: string): Launch {
  const authorities = process.env['NODE_EXTRA_CA_CERTS']
  return {
    command: process.execPath,
    args: [join(import.meta.dirname, 'gatehouse.ts'), 'connect', '--home', home],
    ...(authorities === undefined ? {} : { env: { NODE_EXTRA_CA_CERTS: authorities } }),
  }
}

function nameOf(name: string, launch: Launch): ClientName {
  if (isClientName(name)) return name
  const block = blockFor(AGENT_CLIENTS['claude-desktop'], launch)
  throw new Fault(
    'config_invalid',
    `no client \`${name}\` is known; known are ${CLIENT_NAMES.join(', ')}`,
    `most clients take this block in their own configuration:\n${block}\n`,
  )
}

function sayInstalled({ title, file, change, backup }: ReturnType<typeof install>): string {
  if (change === 'already there') return `${title} already has the connector, in ${file}; nothing was changed.`
  return [
    `The connector is entered in ${file}.`,
    backup === null ? 'There was no such file before.' : `As it was before: ${backup}`,
    `Restart ${title} now: quit it wholly, then open it again.`,
  ].join('\n')
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)
