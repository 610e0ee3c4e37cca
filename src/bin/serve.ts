import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { needed } from '../config/environment.ts'
import { keptSecret } from './kept-secret.ts'
import { runPart } from './part.ts'
import { readConfig } from './read-config.ts'
import { startHouse, untilStopped, untilTold } from './start-house.ts'
import { PARTS, type PartName, type PartPlace } from './supervise.ts'

type Options = { readonly config: string; readonly part?: PartName; readonly neverSigned?: true }

/** `gatehouse serve`: the gate, the applier, the signer and the archive on a database and sources of the company's. */
export function serveCommand(program: Command): void {
  program
    .command('serve')
    .description('run the gate, the applier, the signer and the archive for a company; DATABASE_URL names a PostgreSQL (15 or newer) as administrator')
    .requiredOption('--config <file>', 'the configuration (YAML); see docs/guide/administrator.md')
    .addOption(
      new Option('--part <part>', 'run one part only, for an operating system user of its own; DATABASE_URL is then the role of that part').choices(PARTS),
    )
    .option('--never-signed', "the signer's key stands without its memory and has never signed: begin with an empty one")
    .action(async ({ config, part, neverSigned }: Options) => {
      const never = neverSigned === true
      return part ? runPart(part, config, { neverSigned: never }) : serve(config, never)
    })
}

async function serve(configFile: string, neverSigned: boolean): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  const config = readConfig(configFile)
  const adminUrl = needed(process.env, 'DATABASE_URL', "Gatehouse's own PostgreSQL server, as its administrator")
  const told = untilTold()
  const place: PartPlace = { configFile: resolve(configFile), keys: config.keys, user: null }
  const house = await startHouse({
    config,
    places: { sign: place, archive: place, apply: place, gate: place },
    adminUrl,
    secret: (name) => keptSecret(config.keys, name),
    sources: process.env,
    say,
    neverSigned,
  })
  say(`the gate answers at ${config.publicUrl}, the console at ${config.deskUrl}; Ctrl-C stops`)
  if (house.ready['pin']) say(`it made its own certificate; connectors pin it: ${house.ready['pin']}`)
  await untilStopped(house, told, say)
}
