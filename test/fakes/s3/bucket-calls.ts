import type { Version } from './bucket.ts'
import { bypassOf, type Call, checksums, demand, element, md5Of, NAMESPACE, type Reply, textIn, xml } from './call.ts'
import { S3Error } from './error.ts'
import { checkVersionId } from './object-calls.ts'

const PAGE_MAX = 1000

export function listObjects({ bucket, bucketName, query }: Call): Reply {
  if (query.has('delimiter')) throw new S3Error('NotImplemented', 'this double lists without a delimiter')
  const prefix = query.get('prefix') ?? ''
  const after = query.get('continuation-token') ?? query.get('start-after') ?? ''
  const max = pageOf(query)
  const found = bucket.keys().filter((key) => key.startsWith(prefix) && key > after && bucket.versionsOf(key)[0]?.bytes)
  const page = found.slice(0, max)
  const more = found.length > page.length
  const contents = page.map((key) => `<Contents>${element('Key', key)}${described(bucket.versionsOf(key)[0])}</Contents>`)
  const head = [element('Name', bucketName), element('Prefix', prefix), element('KeyCount', page.length), element('MaxKeys', max), element('IsTruncated', more)]
  const next = more ? element('NextContinuationToken', page.at(-1) ?? '') : ''
  return xml(`<ListBucketResult ${NAMESPACE}>${head.join('')}${next}${contents.join('')}</ListBucketResult>`)
}

export function listVersions({ bucket, bucketName, query }: Call): Reply {
  const prefix = query.get('prefix') ?? ''
  const [keyMarker, versionMarker] = [query.get('key-marker') ?? '', query.get('version-id-marker')]
  if (versionMarker !== null && keyMarker === '') throw new S3Error('InvalidArgument', 'A version-id marker cannot be specified without a key marker.')
  const max = pageOf(query)
  const all = bucket
    .keys()
    .filter((key) => key.startsWith(prefix))
    .flatMap((key) => bucket.versionsOf(key).map((version, i) => ({ version, latest: i === 0 })))
  const at = all.findIndex(({ version }) => version.key === keyMarker && version.id === versionMarker)
  const left = versionMarker === null ? all.filter(({ version }) => version.key > keyMarker) : all.slice(at + 1)
  const page = left.slice(0, max)
  const last = page.at(-1)?.version
  const more = left.length > page.length && last !== undefined
  const items = page.map(({ version, latest }) => {
    const name = version.bytes === null ? 'DeleteMarker' : 'Version'
    const about = [element('Key', version.key), element('VersionId', version.id), element('IsLatest', latest), described(version)]
    return `<${name}>${about.join('')}</${name}>`
  })
  const next = more ? element('NextKeyMarker', last.key) + element('NextVersionIdMarker', last.id) : ''
  const head = [element('Name', bucketName), element('Prefix', prefix), element('MaxKeys', max), element('IsTruncated', more)]
  return xml(`<ListVersionsResult ${NAMESPACE}>${head.join('')}${next}${items.join('')}</ListVersionsResult>`)
}

export function deleteObjects(call: Call): Reply {
  checksums(call, 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*')
  const bypass = bypassOf(call)
  const asked = [
    ...Buffer.from(call.body)
      .toString()
      .matchAll(/<Object>(.*?)<\/Object>/gs),
  ].map(([, inner = '']) => inner)
  if (asked.length === 0 || asked.length > PAGE_MAX) throw new S3Error('MalformedXML', 'The XML you provided was not well-formed')
  const results = asked.map((inner) => {
    const [key, id] = [textIn(inner, 'Key') ?? '', textIn(inner, 'VersionId')]
    const named = element('Key', key) + (id === null ? '' : element('VersionId', id))
    try {
      demand(call, id === null ? 's3:DeleteObject' : 's3:DeleteObjectVersion')
      if (id === null) call.bucket.hide(key)
      else {
        checkVersionId(id)
        call.bucket.remove(key, id, bypass, true)
      }
      return `<Deleted>${named}</Deleted>`
    } catch (error) {
      if (!(error instanceof S3Error)) throw error
      return `<Error>${named}${element('Code', error.code)}${element('Message', error.message)}</Error>`
    }
  })
  return xml(`<DeleteResult ${NAMESPACE}>${results.join('')}</DeleteResult>`)
}

export function getLockConfiguration({ bucket, lies }: Call): Reply {
  if (lies.knowsNoLock) throw new S3Error('NotImplemented', 'A header you provided implies functionality that is not implemented')
  if (!bucket.kind.lock) throw new S3Error('ObjectLockConfigurationNotFoundError', 'Object Lock configuration does not exist for this bucket')
  const rule = bucket.kind.defaultRetention
  const inner = rule && element('Mode', rule.mode) + element('Days', rule.days)
  const rules = inner === undefined ? '' : `<Rule><DefaultRetention>${inner}</DefaultRetention></Rule>`
  return xml(`<ObjectLockConfiguration ${NAMESPACE}>${element('ObjectLockEnabled', 'Enabled')}${rules}</ObjectLockConfiguration>`)
}

export const getVersioning = ({ bucket }: Call): Reply =>
  xml(`<VersioningConfiguration ${NAMESPACE}>${bucket.kind.versioning || bucket.kind.lock ? element('Status', 'Enabled') : ''}</VersioningConfiguration>`)

export function putVersioning({ bucket }: Call): Reply {
  if (bucket.kind.lock)
    throw new S3Error('InvalidBucketState', 'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.')
  throw new S3Error('NotImplemented', 'this double decides versioning when the bucket is made')
}

function pageOf(query: URLSearchParams): number {
  const asked = query.get('max-keys') ?? String(PAGE_MAX)
  if (!/^\d+$/.test(asked)) throw new S3Error('InvalidArgument', 'Provided max-keys not an integer or within integer range')
  return Math.min(Number(asked), PAGE_MAX)
}

const described = (version: Version | undefined): string =>
  version === undefined
    ? ''
    : element('LastModified', new Date(version.modifiedMs).toISOString()) +
      (version.bytes === null ? '' : element('ETag', `"${md5Of(version.bytes).toString('hex')}"`) + element('Size', version.bytes.length))
