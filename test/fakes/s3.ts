import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Bucket, type BucketKind, makeBucket } from './s3/bucket.ts'
import { deleteObjects, getLockConfiguration, getVersioning, listObjects, listVersions, putVersioning } from './s3/bucket-calls.ts'
import { type Call, element, type Reply } from './s3/call.ts'
import { S3Error } from './s3/error.ts'
import { HONEST, type Lies } from './s3/lies.ts'
import { getLegalHold, getRetention, putLegalHold, putRetention } from './s3/lock-calls.ts'
import { deleteObject, getObject, putObject } from './s3/object-calls.ts'
import { authenticate, type Permission, type User } from './s3/signature.ts'

/**
 * A double of S3 over HTTP, for tests: Signature Version 4 recomputed, versions, Object Lock with retention and legal hold, conditional puts,
 * checksums, S3's error codes and statuses. What it does not know it answers with NotImplemented, so it is never kinder than S3.
 * It proves how we speak to an honest server and what we notice of a lying one; it is no real bucket.
 */
export type FakeS3 = {
  readonly endpoint: string
  readonly region: string
  /** May do everything, bypassing governance included. */
  readonly admin: User
  /** One who may do only this beside putting and reading. */
  readonly addUser: (permissions: readonly Permission[]) => User
  readonly bucket: (name: string) => Bucket
  readonly makeBucket: (name: string, kind?: BucketKind) => void
  /** To be changed while it runs. */
  readonly lies: Lies
  /** `PUT tile/0/000 200`, in order. */
  readonly seen: string[]
  /** How far retention's clock is ahead of the machine's; signatures are held against the machine's. */
  aheadMs: number
  /** Called before each request is answered: an error's code to answer with instead, `cut` to hang up before, `lose` to do it and hang up. */
  disturb: (method: string, key: string) => 'SlowDown' | 'cut' | 'lose' | null
  readonly close: () => Promise<void>
}

const EVERYTHING: readonly Permission[] = [
  's3:BypassGovernanceRetention',
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:PutObjectRetention',
  's3:PutObjectLegalHold',
]

export async function startFakeS3(lying: Partial<Lies> = {}): Promise<FakeS3> {
  const users: User[] = []
  const buckets = new Map<string, Bucket>()
  const lies: Lies = { ...HONEST, ...lying }
  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))

  const addUser = (permissions: readonly Permission[]): User => {
    const user = {
      accessKeyId: randomBytes(10).toString('hex').toUpperCase(),
      secretAccessKey: randomBytes(30).toString('base64'),
      permissions: new Set(permissions),
    }
    users.push(user)
    return user
  }
  const now = (): number => Date.now() + fake.aheadMs
  const bucketOf = (name: string): Bucket => {
    const bucket = buckets.get(name)
    if (bucket === undefined) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist')
    return bucket
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const [path = '', query = ''] = (request.url ?? '').split('?')
    const [, bucketName = '', ...rest] = path.split('/').map(decodeURIComponent)
    const key = rest.join('/')
    const method = request.method ?? ''
    const trouble = fake.disturb(method, key)
    if (trouble === 'cut') return void request.socket.destroy()
    const reply = ((): Reply => {
      try {
        const body = Buffer.concat(parts)
        const user = authenticate({ method, url: request.url ?? '', headers: request.headers, body }, { users, region: fake.region, nowMs: Date.now() })
        if (trouble === 'SlowDown') throw new S3Error('SlowDown', 'Please reduce your request rate.')
        const header = (name: string): string | null => (typeof request.headers[name] === 'string' ? request.headers[name] : null)
        return answer(method, { bucket: bucketOf(bucketName), bucketName, key, user, query: new URLSearchParams(query), header, body, lies, now })
      } catch (error) {
        return refusal(error)
      }
    })()
    fake.seen.push(`${method} ${key} ${reply.status}`)
    if (trouble === 'lose') return void request.socket.destroy()
    response.writeHead(reply.status, { 'x-amz-request-id': randomBytes(8).toString('hex').toUpperCase(), ...reply.headers })
    response.end(method === 'HEAD' ? undefined : reply.body)
  }

  const fake: FakeS3 = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    admin: addUser(EVERYTHING),
    addUser,
    bucket: bucketOf,
    makeBucket: (name, kind = {}) => void buckets.set(name, makeBucket(kind, { lies, now })),
    lies,
    seen: [],
    aheadMs: 0,
    disturb: () => null,
    close: () => new Promise<void>((closed) => (server.closeAllConnections(), server.close(() => closed()))),
  }
  return fake
}

const OF_BUCKET: Readonly<Record<string, (call: Call) => Reply>> = {
  'GET versions': listVersions,
  'GET list-type': listObjects,
  'GET object-lock': getLockConfiguration,
  'GET versioning': getVersioning,
  'PUT versioning': putVersioning,
  'POST delete': deleteObjects,
}

const OF_OBJECT: Readonly<Record<string, (call: Call) => Reply>> = {
  'GET retention': getRetention,
  'PUT retention': putRetention,
  'GET legal-hold': getLegalHold,
  'PUT legal-hold': putLegalHold,
  'PUT ': putObject,
  'GET ': (call) => getObject(call, true),
  'HEAD ': (call) => getObject(call, false),
  'DELETE ': deleteObject,
}

/** Parameters that go with a call and do not name another. */
const ARGUMENTS = [
  'versionId',
  'prefix',
  'max-keys',
  'start-after',
  'continuation-token',
  'key-marker',
  'version-id-marker',
  'x-id',
  'encoding-type',
  'delimiter',
]

function answer(method: string, call: Call): Reply {
  const names = [...call.query.keys()].filter((name) => !ARGUMENTS.includes(name))
  const work = (call.key === '' ? OF_BUCKET : OF_OBJECT)[`${method} ${names.join(' ')}`]
  if (work === undefined) throw new S3Error('NotImplemented', `this double knows no ${method} with \`${names.join(' ')}\``)
  if (call.query.get('encoding-type') === 'url') throw new S3Error('NotImplemented', 'this double lists keys as they are')
  return work(call)
}

function refusal(error: unknown): Reply {
  if (!(error instanceof S3Error)) return { status: 500, body: `<Error>${element('Code', 'InternalError')}${element('Message', String(error))}</Error>` }
  const { code, message, status, headers } = error
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body: `<Error>${element('Code', code)}${element('Message', message)}</Error>` }
}
