import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { paired } from '../support/paired.ts'

/** A wire to a server on this machine that counts every byte the server sends through it. */
export type CountingProxy = {
  readonly url: string
  /** Bytes the server has sent so far, over all connections; none of them is held back. */
  readonly answered: () => number
  readonly close: () => Promise<void>
}

export async function countingProxy(port: number): Promise<CountingProxy> {
  const open = new Set<Socket>()
  let answered = 0
  const listener = createServer((client) => {
    const upstream = createConnection({ host: '127.0.0.1', port })
    paired(open, client, upstream)
    client.on('data', (bytes) => upstream.write(bytes))
    upstream.on('data', (bytes) => {
      answered += bytes.length
      client.write(bytes)
    })
  })
  await new Promise<void>((ready) => listener.listen(0, '127.0.0.1', ready))
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    answered: () => answered,
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise<void>((closed) => listener.close(() => closed()))
    },
  }
}
