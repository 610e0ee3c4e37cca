import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A wire to a PostgreSQL that can be cut at a word. */
export type PgProxy = {
  readonly url: string
  /** Cuts the connection that next says this: `before` the server hears it, or `after` the server has answered, which nobody hears. */
  readonly cutAt: (word: string, when: 'before' | 'after') => void
  /** Connections opened so far. */
  readonly opened: () => number
  readonly close: () => Promise<void>
}

/** Stands between a client and the server of a URL, on a socket of its own. */
export async function pgProxy(url: string): Promise<PgProxy> {
  const there = new URL(url)
  const socketName = `.s.PGSQL.${there.port}`
  const server = { path: join(decodeURIComponent(there.hostname), socketName) }
  const folder = mkdtempSync(join(tmpdir(), 'gh-wire-'))
  const open = new Set<Socket>()
  let cut: { readonly word: string; readonly when: 'before' | 'after' } | null = null
  let opened = 0

  const listener = createServer((client) => {
    opened++
    const upstream = createConnection(server)
    let deaf = false
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        open.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (bytes) => {
      const now = cut
      if (now === null || !bytes.includes(now.word)) return void upstream.write(bytes)
      cut = null
      if (now.when === 'before') return void client.destroy()
      deaf = true
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => (deaf ? client.destroy() : client.write(bytes)))
  })
  await new Promise<void>((ready) => listener.listen(join(folder, socketName), ready))
  const here = new URL(url)
  return {
    url: `postgresql://${here.username}:${here.password}@${encodeURIComponent(folder)}:${here.port}${here.pathname}`,
    cutAt: (word, when) => {
      cut = { word, when }
    },
    opened: () => opened,
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise<void>((closed) => listener.close(() => closed()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
