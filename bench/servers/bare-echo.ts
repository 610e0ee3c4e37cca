/** The first floor: what `node:http` itself takes to read a JSON body and send one back. */
import { createServer } from 'node:http'
import { listenFor } from './listen.ts'

listenFor(
  createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = JSON.stringify({ echo: JSON.parse(Buffer.concat(parts).toString()) as unknown })
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
    })
  }),
)
