import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { paired } from './paired.ts'

/** A wire to a PostgreSQL that can be cut at a word. */
export type PgProxy = {
  readonly url: string
  /** Cuts the connection that next says this: `before` the server hears it, or `after` the server has answered, which nobody hears. */
  readonly cutAt: (word: string, when: 'before' | 'after') => void
  /**
   * Catches the connection that next says this, and resolves once it has: `before` the server hears it, or `after` the server has answered, when all but
   * the last `kept` bytes of the answer go through (never the last one).
   */
  readonly holdAt: (word: string, when: 'before' | 'after', kept?: number) => Promise<Held>
  /** Connections opened so far. */
  readonly opened: () => number
  readonly close: () => Promise<void>
}

/** What was caught: `release` lets it go on as if nothing had been, `cut` ends the connection, and nobody hears it. */
export type Held = { readonly release: () => void; readonly cut: () => void }

type Hold = { readonly word: string; readonly when: 'before' | 'after'; readonly kept: number; readonly caught: (held: Held) => void }

/** Stands between a client and the server of a URL, on a socket of its own. */
export async function pgProxy(url: string): Promise<PgProxy> {
  const there = new URL(url)
  const socketName = `.s.PGSQL.${there.port}`
  const server = { path: join(decodeURIComponent(there.hostname), socketName) }
  const folder = mkdtempSync(join(tmpdir(), 'gh-wire-'))
  const open = new Set<Socket>()
  let cut: { readonly word: string; readonly when: 'before' | 'after' } | null = null
  let hold: Hold | null = null
  let opened = 0

  const listener = createServer((client) => {
    opened++
    const upstream = createConnection(server)
    let deaf = false
    let answering: Hold | null = null
    let kept: { readonly to: Socket; readonly parts: Buffer[] } | null = null
    const keep = (first: Buffer, to: Socket, caught: Hold['caught']): void => {
      const parts = [first]
      kept = { to, parts }
      const release = (): void => {
        kept = null
        to.write(Buffer.concat(parts))
      }
      caught({ release, cut: () => void client.destroy() })
    }
    paired(open, client, upstream)
    client.on('data', (bytes: Buffer) => {
      if (kept?.to === upstream) return void kept.parts.push(bytes)
      if (hold !== null && bytes.includes(hold.word)) {
        const { when, caught } = hold
        if (when === 'after') answering = hold
        hold = null
        if (when === 'before') return keep(bytes, upstream, caught)
      }
      const now = cut
      if (now === null || !bytes.includes(now.word)) return void upstream.write(bytes)
      cut = null
      if (now.when === 'before') return void client.destroy()
      deaf = true
      upstream.write(bytes)
    })
    upstream.on('data', (bytes: Buffer) => {
      if (deaf) return void client.destroy()
      if (answering === null) return void (kept?.to === client ? kept.parts.push(bytes) : client.write(bytes))
      const through = Math.max(0, bytes.length - Math.max(1, answering.kept))
      const { caught } = answering
      answering = null
      client.write(bytes.subarray(0, through))
      keep(bytes.subarray(through), client, caught)
    })
  })
  await new Promise<void>((ready) => listener.listen(join(folder, socketName), ready))
  const here = new URL(url)
  return {
    url: `postgresql://${here.username}:${here.password}@${encodeURIComponent(folder)}:${here.port}${here.pathname}`,
    cutAt: (word, when) => {
      cut = { word, when }
    },
    holdAt: (word, when, kept = Number.MAX_SAFE_INTEGER) =>
      new Promise((caught) => {
        hold = { word, when, kept, caught }
      }),
    opened: () => opened,
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise<void>((closed) => listener.close(() => closed()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
