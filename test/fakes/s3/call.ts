import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Bucket } from './bucket.ts'
import { S3Error } from './error.ts'
import type { Lies } from './lies.ts'
import type { Permission, User } from './signature.ts'

/** One request whose signature was verified, to a bucket that is there. */
export type Call = {
  readonly bucket: Bucket
  readonly bucketName: string
  readonly key: string
  readonly user: User
  readonly query: URLSearchParams
  readonly header: (name: string) => string | null
  readonly body: Uint8Array
  readonly lies: Lies
  readonly now: () => number
}

export type Reply = { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Uint8Array }

export function demand({ user }: Call, permission: Permission): void {
  if (!user.permissions.has(permission)) throw new S3Error('AccessDenied', `User is not authorized to perform: ${permission}`)
}

/** Whether the governance bypass was asked for, by one who may. */
export function bypassOf(call: Call): boolean {
  if (call.header('x-amz-bypass-governance-retention')?.toLowerCase() !== 'true') return false
  demand(call, 's3:BypassGovernanceRetention')
  return true
}

const DIGESTS: Readonly<Record<string, (body: Uint8Array) => string>> = {
  'x-amz-checksum-sha256': (body) => createHash('sha256').update(body).digest('base64'),
  'x-amz-checksum-sha1': (body) => createHash('sha1').update(body).digest('base64'),
  'x-amz-checksum-crc32': (body) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(crc32(body))
    return bytes.toString('base64')
  },
}

/** The checksum headers, each held against the body. Throws when one does not fit, and when there is none though one is `needed`. */
export function checksums(call: Call, needed: string | null): Readonly<Record<string, string>> {
  const md5 = call.header('content-md5')
  if (md5 !== null && !/^[A-Za-z0-9+/]{22}==$/.test(md5)) throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.')
  if (md5 !== null && md5 !== md5Of(call.body).toString('base64'))
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.')
  const given = Object.entries(DIGESTS).flatMap(([name, digest]) => {
    const value = call.header(name)
    if (value !== null && value !== digest(call.body)) throw new S3Error('BadDigest', `The ${name} you specified did not match the calculated checksum.`)
    return value === null ? [] : [[name, value] as const]
  })
  if (needed !== null && md5 === null && given.length === 0) throw new S3Error('InvalidRequest', needed)
  return Object.fromEntries(given)
}

export const md5Of = (body: Uint8Array): Buffer => createHash('md5').update(body).digest()

export const xml = (body: string): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
})
export const element = (name: string, value: string | number | boolean): string => `<${name}>${escape(String(value))}</${name}>`
export const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'

/** The text of the one element of this name, or null. Bodies here are a handful of elements without attributes that matter. */
export function textIn(body: string, name: string): string | null {
  const found = [...body.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))]
  if (found.length > 1) throw new S3Error('MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema')
  return found[0]?.[1] ?? null
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
