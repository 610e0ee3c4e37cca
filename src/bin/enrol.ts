import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { type Command, Option } from 'commander'
import { enrol } from '../endpoint/enrol.ts'
import { homeFolder, thisMachine } from '../endpoint/home.ts'
import { Fault } from '../model/fault.ts'

import { ourselves } from './ourselves.ts'

type Options = {
  readonly gate?: string
  readonly code?: string
  readonly name: string
  readonly home?: string
  readonly replace: boolean
  readonly invite?: string
  readonly config?: string
}

/** `gatehouse enrol`: makes this computer known to a gate, with a one-time code from its console. */
export function enrolCommand(program: Command): void {
  program
    .command('enrol')
    .description('make this computer known to a gate, with a one-time code from its console')
    .option('--gate <url>', 'the address of the gate, such as https://gate.example:8443')
    .option('--code <code>', 'the one-time code, whole, with what follows the #; asked for when left out')
    .addOption(new Option('--name <name>', 'what the console calls this device').default(hostname(), 'the name of this computer'))
    .option('--home <folder>', "the connector's folder")
    .option('--replace', 'put the new enrolment in the place of one that is there', false)
    .option(
      '--invite <person>',
      "administrator: a one-time link for a person of the configuration to set a passphrase; needs --config and serve's DATABASE_URL",
    )
    .option('--config <file>', 'with --invite: the configuration that `gatehouse serve` runs by')
    .action(async (options: Options) => (options.invite === undefined ? enrolHere(options) : inviteAs(options.invite, options.config)))
}

async function inviteAs(person: string, config: string | undefined): Promise<void> {
  if (config === undefined) throw new Fault('config_invalid', 'no configuration is named', 'add --config FILE, the one `gatehouse serve` runs by')
  const { invitePerson } = await import('./invite.ts')
  process.stdout.write(await invitePerson(person, config))
}

async function enrolHere({ gate, code, name, home, replace }: Options): Promise<void> {
  if (gate === undefined) throw new Fault('config_invalid', 'no gate is named', 'add --gate URL')
  const folder = homeFolder(thisMachine(), home)
  const given = { gate, code: code ?? (await askCode()), name, home: folder, replace }
  const device = await enrol({ ...given, clock: Date.now, random: randomBytes })
  process.stdout.write(
    [
      `Enrolled as ${device.device} for ${device.person} at ${device.gate}.`,
      device.pin === undefined ? "The gate's certificate is checked by the usual authorities." : `The gate must show the certificate ${device.pin}.`,
      `Key and device are in ${folder}. The key is a software key: it is as safe as your account on this computer.`,
      ...(replace ? ['A device enrolled here before stays known to the gate until it is revoked in the console.'] : []),
      `Next: ${ourselves()} connect --install claude-desktop (or cursor, vscode).`,
      '',
    ].join('\n'),
  )
}

/** From the terminal or a pipe, so that the code need not stand in the list of processes. */
async function askCode(): Promise<string> {
  const input = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
  try {
    process.stderr.write('Enrolment code: ')
    for await (const line of input) return line
    throw new Fault('config_invalid', 'no enrolment code was given', 'ask for one in the console, then add --code CODE')
  } finally {
    input.close()
  }
}
