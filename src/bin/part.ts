import { Fault } from '../model/fault.ts'
import type { Part } from './parts/part.ts'
import { readConfig } from './read-config.ts'
import type { PartMessage, PartName } from './supervise.ts'

/** What whoever starts a part says of it. `neverSigned`: the signer's key stands without its memory, and has never signed. */
export type PartSaid = { readonly neverSigned: boolean }

/** Runs one part in this process until it is told to stop: by signal, or because its supervisor is gone. */
export async function runPart(name: PartName, configFile: string, said: PartSaid): Promise<void> {
  const tell = (message: PartMessage): void => void process.send?.(message)
  let part: Part
  try {
    part = await start(name, configFile, said)
  } catch (cause) {
    if (!(cause instanceof Fault) || !process.send) throw cause
    // Not by itself: what was opened before the fault would keep the process alive.
    process.send({ type: 'fault', code: cause.code, message: cause.message, next: cause.next } satisfies PartMessage, () => process.exit(1))
    return
  }
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    void part.stop().finally(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  // A part outlives no supervisor: nobody would stop it.
  if (process.send) process.once('disconnect', stop)
  tell({ type: 'ready', ready: part.ready })
  // Nobody else says so to whoever started it alone.
  if (!process.send) process.stdout.write(`the ${name} part runs${part.ready['pin'] ? `; connectors pin its certificate: ${part.ready['pin']}` : ''}\n`)
}

async function start(name: PartName, configFile: string, said: PartSaid): Promise<Part> {
  const config = readConfig(configFile)
  switch (name) {
    case 'sign':
      return (await import('./parts/sign.ts')).startSigner(config, process.env, said)
    case 'archive':
      return (await import('./parts/archive.ts')).startArchive(config, process.env)
    case 'apply':
      return (await import('./parts/apply.ts')).startApplier(config, process.env)
    case 'gate':
      return (await import('./parts/gate.ts')).startGate(config, process.env)
  }
}
