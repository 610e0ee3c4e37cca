import type { Retention, Version } from './bucket.ts'
import { bypassOf, type Call, checksums, demand, md5Of, type Reply } from './call.ts'
import { S3Error } from './error.ts'

const KEPT_HEADERS = ['content-type', 'cache-control']
const NEEDS_CHECKSUM = 'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters'

export function putObject(call: Call): Reply {
  const { bucket, key, header, lies } = call
  if (header('x-amz-copy-source') !== null) throw new S3Error('NotImplemented', 'this double does not copy')
  const retention = retentionOf(call)
  const hold = holdOf(call)
  const digests = checksums(call, retention || hold ? NEEDS_CHECKSUM : null)
  const condition = header('if-none-match')
  if (condition !== null && condition !== '*') throw new S3Error('NotImplemented', 'If-None-Match takes only * here')
  const latest = bucket.versionsOf(key)[0]
  if (condition === '*' && latest?.bytes && !lies.ignoresConditions)
    throw new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
  if (retention) demand(call, 's3:PutObjectRetention')
  if (hold) demand(call, 's3:PutObjectLegalHold')
  const kept = KEPT_HEADERS.flatMap((name) => (header(name) === null ? [] : [[name, header(name) ?? ''] as const]))
  const version = bucket.put({ key, bytes: call.body, headers: { ...Object.fromEntries(kept), ...digests, etag: etagOf(call.body) }, retention, hold })
  return { status: 200, headers: { etag: etagOf(call.body), ...digests, ...versionHeader(call, version) } }
}

/** GET and HEAD. */
export function getObject(call: Call, withBody: boolean): Reply {
  const { bucket, key, query, header } = call
  if (header('range') !== null) throw new S3Error('NotImplemented', 'this double gives objects whole')
  const version = query.has('versionId') ? versionOf(call) : bucket.versionsOf(key)[0]
  if (version === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.')
  const marker = { 'x-amz-delete-marker': 'true', ...versionHeader(call, version) }
  if (version.bytes === null && query.has('versionId'))
    throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', marker)
  if (version.bytes === null) throw new S3Error('NoSuchKey', 'The specified key does not exist.', marker)
  const plain = Object.entries(version.headers).filter(([name]) => !name.startsWith('x-amz-checksum-') || header('x-amz-checksum-mode') === 'ENABLED')
  const headers = {
    ...Object.fromEntries(plain),
    'last-modified': new Date(version.modifiedMs).toUTCString(),
    ...versionHeader(call, version),
    ...(version.retention && {
      'x-amz-object-lock-mode': version.retention.mode,
      'x-amz-object-lock-retain-until-date': new Date(version.retention.untilMs).toISOString(),
    }),
    ...(version.hold && { 'x-amz-object-lock-legal-hold': version.hold }),
  }
  return withBody ? { status: 200, headers, body: version.bytes } : { status: 200, headers: { ...headers, 'content-length': String(version.bytes.length) } }
}

export function deleteObject(call: Call): Reply {
  const { bucket, key, query } = call
  const id = query.get('versionId')
  if (id === null) {
    demand(call, 's3:DeleteObject')
    const marker = bucket.hide(key)
    return { status: 204, headers: marker ? { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.id } : {} }
  }
  checkVersionId(id)
  demand(call, 's3:DeleteObjectVersion')
  const removed = bucket.remove(key, id, bypassOf(call), false)
  return { status: 204, headers: { 'x-amz-version-id': id, ...(removed?.bytes === null && { 'x-amz-delete-marker': 'true' }) } }
}

/** The version a request names, or the newest. */
export function versionOf({ bucket, key, query }: Call): Version {
  const id = query.get('versionId')
  if (id !== null) checkVersionId(id)
  const version = id === null ? bucket.versionsOf(key)[0] : bucket.versionsOf(key).find((one) => one.id === id)
  if (version === undefined)
    throw id === null ? new S3Error('NoSuchKey', 'The specified key does not exist.') : new S3Error('NoSuchVersion', 'The specified version does not exist.')
  return version
}

export function checkVersionId(id: string): void {
  if (id !== 'null' && !/^[A-Za-z0-9._]{32}$/.test(id)) throw new S3Error('InvalidArgument', 'Invalid version id specified')
}

/** A date and mode as headers or XML give them; `who` says it as S3 does. */
export function parseRetention(mode: string, until: string, now: () => number): Retention {
  if (mode !== 'COMPLIANCE' && mode !== 'GOVERNANCE') throw new S3Error('InvalidArgument', 'Unknown wormMode directive.')
  const untilMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(until) ? Date.parse(until) : Number.NaN
  if (Number.isNaN(untilMs)) throw new S3Error('InvalidArgument', 'The retain until date must be provided in ISO 8601 format')
  if (untilMs <= now()) throw new S3Error('InvalidArgument', 'The retain until date must be in the future!')
  return { mode, untilMs }
}

/** Throws on a bucket without Object Lock, and on a server that knows none. */
export function demandLock({ bucket, lies }: Call): void {
  if (lies.knowsNoLock) throw new S3Error('NotImplemented', 'A header you provided implies functionality that is not implemented')
  if (!bucket.kind.lock) throw new S3Error('InvalidRequest', 'Bucket is missing Object Lock Configuration')
}

function retentionOf(call: Call): Retention | null {
  const [mode, until] = [call.header('x-amz-object-lock-mode'), call.header('x-amz-object-lock-retain-until-date')]
  if (mode === null && until === null) return null
  demandLock(call)
  if (mode === null || until === null)
    throw new S3Error('InvalidArgument', 'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied')
  return parseRetention(mode, until, call.now)
}

function holdOf(call: Call): 'ON' | 'OFF' | null {
  const status = call.header('x-amz-object-lock-legal-hold')
  if (status === null) return null
  demandLock(call)
  if (status !== 'ON' && status !== 'OFF') throw new S3Error('InvalidArgument', 'Legal Hold must be either of ON or OFF')
  return status
}

const etagOf = (bytes: Uint8Array): string => `"${md5Of(bytes).toString('hex')}"`

const versionHeader = ({ bucket }: Call, version: Version): Readonly<Record<string, string>> =>
  bucket.kind.lock || bucket.kind.versioning ? { 'x-amz-version-id': version.id } : {}
