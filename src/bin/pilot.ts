import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { Fault } from '../model/fault.ts'
import { defaultDataFolder } from '../store/cluster/data-folder.ts'
import { instructions } from './pilot/instructions.ts'
import { raisePilot } from './pilot/raise.ts'
import { untilStopped, untilTold } from './start-house.ts'

type Options = {
  readonly data?: string
  readonly port?: string
  readonly once?: true
  readonly shipments?: string
  readonly mapping?: string
  readonly agentUser?: string
  readonly demoUncontained?: true
}

const HELP = `
Data:
  Without --shipments the pilot makes up a company, the same every time: 10,000 shipments of 400 customers.
  --shipments FILE.csv loads a company's own export instead. Columns are found by their header; --mapping FILE names others:
      shipment_id: Delivery No     # field: header in your file
      customer: Sold-to            # whose shipment it is: the account boundary
      currency: { always: EUR }    # the same in every row
      notes: ~                     # not filled, though there is such a column
      decimal: comma               # or point; by default a number with a comma is kept as text
      dates: day-first             # or month-first; by default a column's own days decide how 3/4/2026 is read
      encoding: windows-1252       # by default utf-8
  All of the file is loaded or nothing; refused rows are listed in refused-rows.txt in the data folder. An agent under the
  same operating system user could read the export without Gatehouse, so data folder and program must belong to another
  user than the agent (--agent-user NAME), or say --demo-uncontained.

Examples:
  gatehouse pilot                       start, print how to sign in, until Ctrl-C
  gatehouse pilot --once                the same with a scripted agent, then leave
  sudo gatehouse pilot --shipments export.csv --agent-user anna
`

/** `gatehouse pilot`: a 3PL's pilot on this machine, with nothing to set up before. */
export function pilotCommand(program: Command): void {
  program
    .command('pilot')
    .description("a 3PL's pilot on this machine: database, TMS, gate, applier and console, with printed instructions")
    .option(
      '--data <folder>',
      'where everything is kept; a second start finds it as it was (default: /var/lib/gatehouse/pilot as root, otherwise ~/.local/share/gatehouse/pilot; with --once a folder that goes with the run)',
    )
    .option('--port <number>', 'port of the gate; the console takes the next one (default: 7300; with --once any that is free)')
    .option('--once', 'run a scripted agent and an approver against it, print what happened, and leave')
    .option('--shipments <file>', "load the company's own export (CSV) instead of made-up shipments")
    .option('--mapping <file>', 'YAML that names the headers of the export')
    .option('--agent-user <name>', 'the operating system user the agents run as (default: who called sudo, otherwise this one)')
    .option('--demo-uncontained', 'load an export although an agent of the same user could read it by itself')
    .addHelpText('after', HELP)
    .action(pilot)
}

async function pilot(options: Options): Promise<void> {
  if (options.mapping !== undefined && options.shipments === undefined)
    throw new Fault('config_invalid', '--mapping is for an export, and none is named', 'add --shipments FILE.csv')
  const port = portOf(options)
  const told = untilTold()
  // A scripted run keeps nothing unless it is told where: two runs must not meet.
  const passing = options.once && options.data === undefined ? passingFolder() : null
  const dataFolder = resolve(options.data ?? (passing ? join(passing, 'data') : defaultDataFolder()))
  try {
    await runPilot(options, { dataFolder, passing: passing !== null, port, told })
    if (!options.once) say(`stopped; everything is kept in ${dataFolder}`)
  } finally {
    if (passing) rmSync(passing, { recursive: true, force: true })
  }
  // A scripted run that was broken off would go on asking a gate that is gone.
  if (options.once && process.exitCode === BROKEN_OFF) process.exit()
}

async function runPilot(
  options: Options,
  { told, ...place }: { readonly dataFolder: string; readonly passing: boolean; readonly port: number | null; readonly told: Promise<null> },
) {
  const { raise, drop } = await raisePilot({ ...options, ...place, say })
  try {
    if (options.once) {
      const { runOnce } = await import('./pilot/once.ts')
      const held = await Promise.race([runOnce(raise, say), told])
      if (held !== true) process.exitCode = held === null ? BROKEN_OFF : 1
    } else {
      say(instructions(raise))
      await untilStopped(raise.house, told, say)
    }
  } finally {
    await drop()
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
/** As a shell reports a program that Ctrl-C ended. */
const BROKEN_OFF = 130

/** A folder for one run. Others may pass through it, not look: as root PostgreSQL runs as another user, whose own folder lies inside. */
function passingFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-once-'))
  chmodSync(folder, 0o711)
  return folder
}

/** A scripted run takes whatever ports are free, unless it is told. Faults `config_invalid` for what is no port, or has none after it. */
function portOf({ once, port }: Options): number | null {
  if (port === undefined) return once ? null : 7300
  if (/^[1-9]\d{0,4}$/.test(port) && Number(port) < 65_535) return Number(port)
  throw new Fault('config_invalid', `\`${port}\` is not a port for the gate`, 'name one from 1 to 65534 with --port; the console takes the next')
}
