import type { Socket } from 'node:net'

/** Two ends of a proxy: when one is gone the other goes too. `open` holds both meanwhile. */
export function paired(open: Set<Socket>, client: Socket, upstream: Socket): void {
  for (const socket of [client, upstream]) {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      open.delete(socket)
      client.destroy()
      upstream.destroy()
    })
  }
}
