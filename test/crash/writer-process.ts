import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Ledger } from './ledger.ts'

/** A writer as its parent knows it: what it told through its pipe, and whether it lives. */
export type WriterProcess = {
  readonly pid: number
  readonly node: string
  /** Entries it was told are durable. */
  readonly acknowledged: () => number
  /** The highest index among them, or -1. */
  readonly highest: () => number
  readonly refused: () => number
  readonly troubles: readonly string[]
  /** Null while it lives. */
  readonly end: () => string | null
  readonly ended: Promise<void>
  readonly kill: (signal: NodeJS.Signals) => void
}

/** Starts `writer.ts` on a database. What it was acknowledged is in the ledger by the time `ended` resolves. */
export function startWriter({
  url,
  node,
  ledger,
  rests,
  onBehind,
  onStruck,
}: {
  readonly url: string
  readonly node: string
  readonly ledger: Ledger
  /** It pauses now and then. */
  readonly rests: boolean
  /** A batch was sent behind one that was under way. */
  readonly onBehind: () => void
  /** It was killed, or a batch of its failed, while two were under way. */
  readonly onStruck: () => void
}): WriterProcess {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [join(import.meta.dirname, 'writer.ts')], {
    env: { PATH, WRITER_URL: url, WRITER_NODE: node, ...(rests && { WRITER_RESTS: 'yes' }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const troubles: string[] = []
  let [acknowledged, highest, refused] = [0, -1, 0]
  let end: string | null = null
  let two = false
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [word, index, leaf] = line.split(' ')
    if (word === 'a') {
      ledger.acknowledge(Number(index), leaf ?? '', node)
      acknowledged++
      highest = Math.max(highest, Number(index))
    } else if (word === 'r') refused++
    else if (word === 'b') {
      two = true
      onBehind()
    } else if (word === 'e') two = false
    else if (word === 's') onStruck()
    else if (word === 't') troubles.push(line.slice(2))
  })
  child.stderr.on('data', (chunk: Buffer) => troubles.push(String(chunk)))
  const ended = new Promise<void>((resolve) =>
    child.once('close', (code, signal) => {
      end = signal ?? `exit ${code}`
      if (signal !== null && two) onStruck()
      resolve()
    }),
  )
  return {
    pid: child.pid ?? 0,
    node,
    acknowledged: () => acknowledged,
    highest: () => highest,
    refused: () => refused,
    troubles,
    end: () => end,
    ended,
    kill: (signal) => void child.kill(signal),
  }
}
