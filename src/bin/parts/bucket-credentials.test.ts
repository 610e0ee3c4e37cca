import { describe, expect, it } from 'vitest'
import type { Config } from '../../config/config.ts'
import { readerCredentials, writerCredentials } from './bucket-credentials.ts'

const WRITER = { AWS_ACCESS_KEY_ID: 'writer', AWS_SECRET_ACCESS_KEY: 'w-secret', AWS_SESSION_TOKEN: 'w-token' }
const READER = { GATEHOUSE_READER_AWS_ACCESS_KEY_ID: 'reader', GATEHOUSE_READER_AWS_SECRET_ACCESS_KEY: 'r-secret' }
const AS_READER = { AWS_ACCESS_KEY_ID: 'reader', AWS_SECRET_ACCESS_KEY: 'r-secret' }
const worm: NonNullable<Config['journal']['worm']> = {
  bucket: 's3://worm',
  region: 'us-east-1',
  pathStyle: false,
  tilesDays: 1,
  checkpointsDays: 1,
  payloadsDays: {},
}
const at = (archive: string, more: Partial<Config['journal']> = {}) => ({
  journal: { archive, s3: { region: 'us-east-1', pathStyle: false }, open: false, ...more },
})

describe('credentials of a bucket', () => {
  it.each([
    ['a folder', at('/journal'), {}, {}],
    ['a folder, with WORM beside it', at('/journal', { worm }), WRITER, {}],
    ['a bucket', at('s3://journal'), WRITER, AS_READER],
    ['a bucket, with WORM beside it', at('s3://journal', { worm }), WRITER, AS_READER],
  ])('of %s: the gate never gets what writes', (_, config, writer, reader) => {
    const environment = { ...WRITER, ...READER, HOME: '/root', DATABASE_URL: 'postgresql://' }
    expect(writerCredentials(config, environment)).toEqual(writer)
    expect(readerCredentials(config, environment)).toEqual(reader)
  })

  it.each([
    ['none', {}],
    ['the writer’s again', { GATEHOUSE_READER_AWS_ACCESS_KEY_ID: 'writer', GATEHOUSE_READER_AWS_SECRET_ACCESS_KEY: 'w-secret' }],
  ])('fault where the writer has a key and the reader has %s', (_, reader) => {
    expect(() => readerCredentials(at('s3://journal'), { ...WRITER, ...reader })).toThrow(
      'gate, applier and signer have no credentials of their own to read the bucket',
    )
  })

  it('are none where the machine’s role is all there is', () => {
    expect(readerCredentials(at('s3://journal'), { AWS_REGION: 'eu-central-1' })).toEqual({})
  })
})
