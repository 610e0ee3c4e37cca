import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { dirname } from 'node:path'
import type { Command } from 'commander'
import { claimWitnessFolder, inspectWitnessFolder, originHash, sweepWitnessFolder, witnessFolder } from '../archive/witness/memory.ts'
import { witnessServer } from '../archive/witness/server.ts'
import { openWitness } from '../archive/witness/witness.ts'
import { addressOf } from '../config/config.ts'
import { type CosignerKey, cosignerKey, formatSkey, formatVkey, isKeyName, parseCosignerSkey, parseVkey, type VerifierKey } from '../log/note-key.ts'
import { Fault } from '../model/fault.ts'
import { keptText, readKept } from '../store/cluster/kept-file.ts'
import { fileOf } from './journal/options.ts'
import { complain } from './parts/house.ts'
import { untilTold } from './start-house.ts'

type Options = {
  readonly key: string
  readonly listen: string
  readonly log: readonly string[]
  readonly state?: string
  readonly name?: string
  readonly prefix: string
  readonly neverCosigned?: true
}

const HELP = `
A witness cosigns a log's checkpoint only when it grew from the last one it cosigned. Run it where whoever runs the log has no say: with the
security team, a customer or an auditor. It wants one small file durable for each cosignature, a right clock, and no inbound trust at all.
The log names it in its tlog-policy, as  witness NAME VERIFIER-KEY URL  with the key this command prints. See docs/guide/witness.md.

Example:
  gatehouse witness --name witness.example.com/w1 --key /var/lib/witness/w1.key --listen 127.0.0.1:7400 --log journal.key.vkey
`

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** `gatehouse witness`: a small C2SP witness, to be run elsewhere than the house. */
export function witnessCommand(program: Command): void {
  program
    .command('witness')
    .description("a witness of other houses' journals (C2SP tlog-witness): cosigns checkpoints that only ever grow")
    .requiredOption('--key <file>', "the witness's own key; made at the first start, with --name")
    .requiredOption('--listen <address>', 'host:port to answer at; HTTP, for what it signs protects itself')
    .requiredOption('--log <vkey>', 'the verifier key of a log to watch, or a file that holds it; again for each', collect)
    .option('--state <folder>', "its memory, which no other witness may share (default: the key's file with `.state`)")
    .option('--name <name>', 'the name of a key that is made now, such as witness.example.com/w1')
    .option('--prefix <path>', 'before every path of the protocol, such as /w1', '')
    .option('--never-cosigned', 'the key stands already and has never cosigned anything: begin with an empty memory')
    .addHelpText('after', HELP)
    .action(run)
}

async function run(options: Options): Promise<void> {
  const told = untilTold()
  const prefix = prefixOf(options.prefix)
  const logs = options.log.map(logOf)
  const folder = options.state ?? `${options.key}.state`
  const key = await openOwn(options, folder)
  const witness = openWitness({ key, logs, memory: witnessFolder(folder), clock: Date.now })
  const server = witnessServer({ witness, logs, prefix, failed: (cause) => complain('witness', cause) })
  const url = await listen(server, options.listen)
  say(`the witness ${key.name} answers at ${url}${prefix}`)
  say(`a log's policy names it so: witness ${key.name} ${formatVkey(key)} ${url}${prefix}`)
  for (const log of logs) say(`it watches ${log.name}; what it last cosigned: ${url}${prefix}/${originHash(log.name)}/checkpoint`)
  await told
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  await closed
}

/** Its key and the memory that belongs to it. A key whose memory is gone is turned back: it may have cosigned what it no longer knows. */
async function openOwn({ key: path, name, neverCosigned }: Options, folder: string): Promise<CosignerKey> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const made = readKept(path) === null
  if (made && (name === undefined || !isKeyName(name)))
    throw new Fault('config_invalid', `there is no key at \`${path}\` yet, and --name gives no name for one`, 'name it, such as --name witness.example.com/w1')
  if (made && existsSync(folder) && (await inspectWitnessFolder(folder, cosignerKey('none', new Uint8Array(32)))).state !== 'empty')
    throw new Fault('config_invalid', `\`${folder}\` holds a memory, and its key is not at \`${path}\``, 'restore the key, or name another folder with --state')
  const key = parseCosignerSkey(keptText(path, () => `${formatSkey(cosignerKey(name ?? '', randomBytes(32)))}\n`).trim())
  if (!key) throw new Fault('config_invalid', `\`${path}\` holds no key of a witness (type 0x04)`, 'restore it from your backup, with mode 0600')
  if (name !== undefined && name !== key.name)
    throw new Fault('config_invalid', `the key at \`${path}\` is that of ${key.name}, not of ${name}`, 'leave --name out')
  const standing = await inspectWitnessFolder(folder, key)
  if (standing.state === 'foreign')
    throw new Fault('config_invalid', `\`${folder}\` is not this witness's memory: ${standing.why}`, 'name its own folder with --state, or one that is empty')
  if (standing.state === 'own') {
    await sweepWitnessFolder(folder)
    return key
  }
  if (!made && neverCosigned !== true)
    throw new Fault(
      'config_invalid',
      `the key of ${key.name} stands, and its memory \`${folder}\` is empty: it may have cosigned what it no longer knows`,
      'restore the folder or make a new key; only for a key that has never cosigned say --never-cosigned',
    )
  await claimWitnessFolder(folder, key)
  return key
}

function logOf(given: string): VerifierKey {
  const key = parseVkey(given) ?? (existsSync(given) ? parseVkey(fileOf('--log', given).trim()) : null)
  if (key) return key
  throw new Fault('config_invalid', `\`${given}\` is no verifier key of a log (type 0x01), nor a file that holds one`, "name the log's `journal.key.vkey`")
}

function prefixOf(given: string): string {
  if (/^(\/[\w.-]+)*$/.test(given)) return given
  throw new Fault('config_invalid', `\`${given}\` is no prefix of a path`, 'name one such as /w1, without a slash at its end')
}

function listen(server: Server, address: string): Promise<string> {
  const { host, port } = addressOf(address)
  if (host === '' || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Fault('config_invalid', `\`${address}\` is no address to listen at`, 'name host:port, such as --listen 127.0.0.1:7400')
  return new Promise((ready, failed) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      failed(
        new Fault('port_taken', `${address} cannot be listened at (${cause.code ?? 'no reason given'})`, 'choose another address with --listen', { cause }),
      ),
    )
    server.listen(port, host, () => {
      const bound = server.address()
      ready(`http://${host.includes(':') ? `[${host}]` : host}:${typeof bound === 'object' && bound ? bound.port : port}`)
    })
  })
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
