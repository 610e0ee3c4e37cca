import { chmodSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { signInAt } from '../../src/bin/pilot/desk-client.ts'
import type { RunningHouse } from '../../src/bin/start-house.ts'
import type { Connection } from '../../src/store/cluster/cluster.ts'
import { SUPERUSER } from '../../src/store/cluster/initialise.ts'
import { PROCESS_ROLES } from '../../src/store/grants.ts'
import { type Running, start } from './cli.ts'
import { urlOf } from './database.ts'
import { serversFolder } from './in-memory.ts'
import type { SessionHouse } from './session.ts'

/** `gatehouse pilot` as a person starts it: a process of its own, known only by what it printed and the folder it was given. */
export type PilotCommand = SessionHouse & {
  readonly program: Running
  readonly approver: SessionHouse['employee']
  readonly house: Pick<RunningHouse, 'databaseUrl'>
  readonly raise: SessionHouse['raise'] & { readonly cluster: { readonly superuser: Connection }; readonly dataFolder: string }
}

/** A folder that PostgreSQL's user may pass through. */
export function passableFolder(): string {
  const folder = mkdtempSync(join(serversFolder(), 'gatehouse-test-'))
  chmodSync(folder, 0o711)
  return folder
}

/** Two free ports side by side, the gate's and the console's. */
export async function freePorts(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 30_000)
    if ((await isFree(port)) && (await isFree(port + 1))) return port
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((free) => {
    const server = createServer().once('error', () => free(false))
    server.listen(port, '127.0.0.1', () => server.close(() => free(true)))
  })

export async function startPilotCommand(dataFolder: string, port: number, surroundings: Parameters<typeof start>[1] = {}): Promise<PilotCommand> {
  const program = start(['pilot', '--data', dataFolder, '--port', String(port)], surroundings)
  const printed = await program.until(/Ctrl-C stops it/)
  const found = (pattern: RegExp): string => pattern.exec(printed)?.[1] ?? ''
  const [gateUrl, deskUrl] = [found(/enrol --gate (\S+)/), found(/Console {4}(\S+)/)]
  const secret = (name: string): string => readFileSync(join(dataFolder, 'secrets', name), 'utf8')
  const superuser: Connection = { host: join(dataFolder, 'socket'), port: 5432, user: SUPERUSER, password: secret('superuser'), database: 'postgres' }
  return {
    program,
    employee: () => signInAt(deskUrl, 'anna', found(/Sign in as anna +passphrase (\S+)/)),
    approver: () => signInAt(deskUrl, 'ben', found(/or ben +passphrase (\S+)/)),
    house: { databaseUrl: (role) => urlOf({ ...superuser, user: PROCESS_ROLES[role], password: secret(`db-${role}`) }, 'gatehouse') },
    raise: { gateUrl, people: { enrolmentCode: found(/--code (\S+)/) }, cluster: { superuser }, dataFolder },
  }
}

/** Every secret kept in a data folder: passwords, the root key, the signer's private key. */
export function secretsIn(dataFolder: string): readonly string[] {
  return ['secrets', 'keys/gate', 'keys/apply', 'keys/sign'].flatMap((folder) =>
    readdirSync(join(dataFolder, folder))
      // What a part remembers is written to a draft first, empty for a moment, then gone.
      .filter((name) => !/^passphrase-|\.vkey$|\.signed$|\.crt$|\.draft$/.test(name))
      .map((name) => readFileSync(join(dataFolder, folder, name), 'utf8').trim()),
  )
}
