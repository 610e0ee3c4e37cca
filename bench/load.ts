/**
 * The load generator, a process of its own. Told what to send, it makes every request beforehand, proofs included, and says so;
 * told to go, it sends them over so many connections, each as soon as its last was answered, and times them.
 */
import { randomBytes } from 'node:crypto'
import { loadDevice } from '../src/endpoint/device.ts'
import { makeProof } from '../src/proof/dpop.ts'
import { type Connection, openConnection, type Response } from './connection.ts'

export type Ask = {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What an answer to it has to contain; anything else is an error. */
  readonly expects: string
}

/** Who asks: an enrolled device by its folder, and the token of its session. */
export type Caller = { readonly home: string; readonly accessToken: string }

/** `asks` in turn until `calls` are made; by `callers` in turn, with a proof each, unless there are none. */
export type Order = {
  readonly port: number
  readonly connections: number
  readonly calls: number
  readonly asks: readonly Ask[]
  readonly callers: readonly Caller[]
}

export type ToLoad = { readonly type: 'prepare'; readonly order: Order } | { readonly type: 'go' }

/** Milliseconds. */
export type Timed = {
  readonly calls: number
  readonly ms: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly errors: number
  readonly firstError: string | null
}
export type FromLoad = { readonly type: 'prepared' } | { readonly type: 'timed'; readonly timed: Timed } | { readonly type: 'failed'; readonly why: string }

type Prepared = { readonly order: Order; readonly requests: readonly Uint8Array[] }

/** Requests made now are good for as long as their nonce: 30 seconds at least. */
async function prepare(order: Order): Promise<Prepared> {
  const origin = `http://127.0.0.1:${order.port}`
  const signers = order.callers.length > 0 ? await signersFor(origin, order.callers) : []
  const requests = Array.from({ length: order.calls }, (_, i) => {
    const ask = order.asks[i % order.asks.length]
    if (ask === undefined) throw new Error('an order without an ask')
    const proof = signers[i % signers.length]?.(`${origin}${ask.path}`) ?? {}
    const headers = { host: `127.0.0.1:${order.port}`, ...ask.headers, ...proof, 'content-length': String(Buffer.byteLength(ask.body)) }
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    return Buffer.from(`POST ${ask.path} HTTP/1.1\r\n${head.join('')}\r\n${ask.body}`)
  })
  return { order, requests }
}

async function signersFor(origin: string, callers: readonly Caller[]): Promise<readonly ((url: string) => Record<string, string>)[]> {
  const nonce = (await fetch(`${origin}/healthz`)).headers.get('dpop-nonce')
  if (nonce === null) throw new Error('the gate gave no nonce')
  return callers.map(({ home, accessToken }) => {
    const key = loadDevice(home)?.key
    if (key === undefined) throw new Error('a caller without a device')
    const proof = { key: key.privateKey, jwk: key.publicJwk, method: 'POST', nonce, accessToken, clock: Date.now, random: randomBytes }
    return (url) => ({ authorization: `DPoP ${accessToken}`, dpop: makeProof({ ...proof, url }) })
  })
}

async function run({ order, requests }: Prepared): Promise<Timed> {
  const took = new Float64Array(requests.length)
  let next = 0
  let errors = 0
  let firstError: string | null = null
  const settled = Promise.withResolvers<void>()
  const connections = await Promise.all(Array.from({ length: order.connections }, () => openConnection(order.port, settled.reject)))
  let open = connections.length

  function turn(connection: Connection): void {
    const i = next++
    const request = requests[i]
    if (request === undefined) return --open === 0 ? settled.resolve() : undefined
    const sent = performance.now()
    connection.ask(request, (response) => {
      took[i] = performance.now() - sent
      if (!isRight(response, order.asks[i % order.asks.length]?.expects ?? '')) {
        errors++
        firstError ??= `${response.status} ${response.body.slice(0, 500)}`
      }
      turn(connection)
    })
  }

  const began = performance.now()
  for (const connection of connections) turn(connection)
  await settled.promise
  const ms = performance.now() - began
  for (const connection of connections) connection.close()
  took.sort()
  const at = (part: number): number => took[Math.min(took.length - 1, Math.floor(took.length * part))] ?? 0
  return { calls: requests.length, ms, p50: at(0.5), p95: at(0.95), p99: at(0.99), errors, firstError }
}

const isRight = ({ status, body }: Response, expects: string): boolean => status === 200 && body.includes(expects) && !body.includes('"isError":true')

const tell = (message: FromLoad): void => void process.send?.(message)
let prepared: Prepared | null = null
process.on('message', (message: ToLoad) => {
  const work = async (): Promise<FromLoad> => {
    if (message.type === 'prepare') {
      prepared = await prepare(message.order)
      return { type: 'prepared' }
    }
    if (prepared === null) throw new Error('told to go before it was told what')
    const timed = await run(prepared)
    prepared = null
    return { type: 'timed', timed }
  }
  work().then(tell, (cause: unknown) => tell({ type: 'failed', why: String(cause) }))
})
process.once('disconnect', () => process.exit(0))
