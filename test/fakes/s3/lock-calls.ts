import type { Version } from './bucket.ts'
import { bypassOf, type Call, checksums, demand, element, NAMESPACE, type Reply, textIn, xml } from './call.ts'
import { S3Error } from './error.ts'
import { demandLock, parseRetention, versionOf } from './object-calls.ts'

const NEEDS_CHECKSUM = 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*'
const malformed = (): S3Error => new S3Error('MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema')

/** What a lock can be read of or set on: an object's version, never a marker. */
function lockable(call: Call): Version {
  demandLock(call)
  const version = versionOf(call)
  if (version.bytes === null) throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.')
  return version
}

export function getRetention(call: Call): Reply {
  const { retention } = lockable(call)
  if (retention === null) throw new S3Error('NoSuchObjectLockConfiguration', 'The specified object does not have a ObjectLock configuration')
  return xml(`<Retention ${NAMESPACE}>${element('Mode', retention.mode)}${element('RetainUntilDate', new Date(retention.untilMs).toISOString())}</Retention>`)
}

export function putRetention(call: Call): Reply {
  demand(call, 's3:PutObjectRetention')
  checksums(call, NEEDS_CHECKSUM)
  const version = lockable(call)
  const body = Buffer.from(call.body).toString()
  if (!/<Retention[\s/>]/.test(body)) throw malformed()
  const [mode, until] = [textIn(body, 'Mode'), textIn(body, 'RetainUntilDate')]
  if ((mode === null) !== (until === null)) throw malformed()
  call.bucket.retain(version, mode === null || until === null ? null : parseRetention(mode, until, call.now), bypassOf(call))
  return { status: 200 }
}

export function getLegalHold(call: Call): Reply {
  const { hold } = lockable(call)
  if (hold === null) throw new S3Error('NoSuchObjectLockConfiguration', 'The specified object does not have a ObjectLock configuration')
  return xml(`<LegalHold ${NAMESPACE}>${element('Status', hold)}</LegalHold>`)
}

export function putLegalHold(call: Call): Reply {
  demand(call, 's3:PutObjectLegalHold')
  checksums(call, NEEDS_CHECKSUM)
  const version = lockable(call)
  const status = textIn(Buffer.from(call.body).toString(), 'Status')
  if (status !== 'ON' && status !== 'OFF') throw malformed()
  call.bucket.hold(version, status)
  return { status: 200 }
}
