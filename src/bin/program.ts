import { Command } from 'commander'

/** Each command, loaded only when it is called: the connector on a desktop has no use for the gate. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  pilot: async () => (await import('./pilot.ts')).pilotCommand,
  serve: async () => (await import('./serve.ts')).serveCommand,
  connect: async () => (await import('./connect.ts')).connectCommand,
  enrol: async () => (await import('./enrol.ts')).enrolCommand,
  journal: async () => (await import('./journal.ts')).journalCommand,
  receipt: async () => (await import('./receipt.ts')).receiptCommand,
  witness: async () => (await import('./witness.ts')).witnessCommand,
  check: async () => (await import('./check.ts')).checkCommand,
}

/** The program with the command of this name, or with all of them where it is no command's. */
export async function programFor(name = ''): Promise<Command> {
  const program = new Command('gatehouse')
    .description('The building a desktop AI agent has to pass before it reaches company data')
    .version('0.1.0')
    .showHelpAfterError()
  const asked = COMMANDS[name]
  for (const load of asked ? [asked] : Object.values(COMMANDS)) (await load())(program)
  return program
}
