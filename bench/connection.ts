import { connect, type Socket } from 'node:net'

/** One keep-alive connection that has one request under way at a time. Bytes in, bytes out: it should cost little beside what it measures. */
export type Connection = { readonly ask: (request: Uint8Array, answered: (response: Response) => void) => void; readonly close: () => void }

/** The text is latin1: one character per byte. */
export type Response = { readonly status: number; readonly head: string; readonly body: string }

/** `lost` is called once when the connection fails or the server sends what is not HTTP/1.1. */
export async function openConnection(port: number, lost: (cause: Error) => void): Promise<Connection> {
  const socket = await connected(port)
  let held = ''
  let waiting: ((response: Response) => void) | null = null

  socket.on('data', (bytes: Buffer) => {
    held += bytes.toString('latin1')
    const end = responseEnd(held)
    if (end === null) return
    const text = held.slice(0, end)
    held = held.slice(end)
    const answered = waiting
    waiting = null
    if (answered === null) return lost(new Error('an answer nobody asked for'))
    const cut = text.indexOf('\r\n\r\n')
    answered({ status: Number(text.slice(9, 12)), head: text.slice(0, cut), body: text.slice(cut + 4) })
  })
  socket.on('error', lost)
  socket.on('close', () => waiting && lost(new Error('the server closed a connection with a request under way')))

  return {
    ask(request, answered) {
      waiting = answered
      socket.write(request)
    },
    close: () => void socket.destroy(),
  }
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => resolve(socket.off('error', reject)))
  })
}

/** Where the first response in the text ends (RFC 9112 §6, by length or in chunks), or null while it has not all come. */
function responseEnd(text: string): number | null {
  const cut = text.indexOf('\r\n\r\n')
  if (cut === -1) return null
  const from = cut + 4
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, cut))?.[1]
  if (length !== undefined) return text.length >= from + Number(length) ? from + Number(length) : null
  return chunksEnd(text, from)
}

function chunksEnd(text: string, start: number): number | null {
  for (let at = start; ; ) {
    const line = text.indexOf('\r\n', at)
    if (line === -1) return null
    const size = Number.parseInt(text.slice(at, line), 16)
    at = line + 2 + size + 2
    if (text.length < at) return null
    if (size === 0) return at
  }
}
