import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from './error.ts'

/** What a request may do beside what every signed request may: S3's names of permissions. */
export type Permission = 's3:BypassGovernanceRetention' | 's3:DeleteObject' | 's3:DeleteObjectVersion' | 's3:PutObjectRetention' | 's3:PutObjectLegalHold'
export type User = { readonly accessKeyId: string; readonly secretAccessKey: string; readonly permissions: ReadonlySet<Permission> }

export type Signed = { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: Uint8Array }

const SKEW_MS = 15 * 60_000
const hex = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')
const mac = (key: string | Uint8Array, data: string): Buffer => createHmac('sha256', key).update(data).digest()

/** The user whose AWS Signature Version 4 the request carries in its `Authorization` header, recomputed here from its bytes; throws S3's error else. */
export function authenticate(
  request: Signed,
  { users, region, nowMs }: { readonly users: readonly User[]; readonly region: string; readonly nowMs: number },
): User {
  const { headers } = request
  if (headers.authorization === undefined) throw new S3Error('AccessDenied', 'Access Denied')
  const pattern = /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/
  const [, id = '', day = '', scopeRegion = '', names = '', signature = ''] = pattern.exec(headers.authorization) ?? []
  if (id === '') throw new S3Error('AuthorizationHeaderMalformed', 'The authorization header is malformed')
  const user = users.find(({ accessKeyId }) => accessKeyId === id)
  if (user === undefined) throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  if (scopeRegion !== region)
    throw new S3Error('AuthorizationHeaderMalformed', `The authorization header is malformed; the region '${scopeRegion}' is wrong; expecting '${region}'`)
  const stamp = one(headers, 'x-amz-date')
  const [, year, month, date, hours, minutes, seconds] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp) ?? []
  const sentMs = Date.parse(`${year}-${month}-${date}T${hours}:${minutes}:${seconds}Z`)
  if (!(Math.abs(nowMs - sentMs) <= SKEW_MS) || !stamp.startsWith(day))
    throw new S3Error('RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.')
  const signedNames = names.split(';')
  const mustSign = Object.keys(headers).filter((name) => name.startsWith('x-amz-') || ['host', 'content-md5'].includes(name))
  if (!mustSign.every((name) => signedNames.includes(name)))
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed')
  const claimed = one(headers, 'x-amz-content-sha256')
  const scope = `${day}/${region}/s3/aws4_request`
  const toSign = `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${hex(canonical(request, signedNames, claimed))}`
  const key = ['s3', 'aws4_request'].reduce((held, part) => mac(held, part), mac(mac(`AWS4${user.secretAccessKey}`, day), region))
  if (!timingSafeEqual(mac(key, toSign), Buffer.from(signature, 'hex')))
    throw new S3Error('SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided.')
  checkPayload(claimed, request.body)
  return user
}

function checkPayload(claimed: string, body: Uint8Array): void {
  if (claimed === 'UNSIGNED-PAYLOAD') return
  if (claimed.startsWith('STREAMING-')) throw new S3Error('NotImplemented', 'this double takes bodies whole')
  if (!/^[0-9a-f]{64}$/.test(claimed)) throw new S3Error('InvalidArgument', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value.')
  if (claimed !== hex(body)) throw new S3Error('XAmzContentSHA256Mismatch', "The provided 'x-amz-content-sha256' header does not match what was computed.")
}

function canonical({ method, url, headers }: Signed, names: readonly string[], payload: string): string {
  const [path = '', query = ''] = url.split('?')
  const pairs = query === '' ? [] : query.split('&').map((pair) => pair.split('=').map((part) => encode(decodeURIComponent(part))))
  const sorted = pairs.map(([name = '', value = '']) => `${name}=${value}`).toSorted()
  const lines = names.map((name) => `${name}:${one(headers, name).trim().replace(/ +/g, ' ')}\n`)
  const uri = path
    .split('/')
    .map((part) => encode(decodeURIComponent(part)))
    .join('/')
  return [method, uri, sorted.join('&'), lines.join(''), names.join(';'), payload].join('\n')
}

const encode = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)

const one = (headers: IncomingHttpHeaders, name: string): string => {
  const value = headers[name]
  return Array.isArray(value) ? value.join(',') : (value ?? '')
}
