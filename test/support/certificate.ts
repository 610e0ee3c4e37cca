import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A certificate no authority knows (RFC 5280, v3, P-256), for 127.0.0.1 and a day, and its key; PEM, and DER for its pin. */
export function selfSigned(now = Date.now()): { readonly key: string; readonly cert: string; readonly der: Uint8Array } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(tlv(0x31, sequence(oid(85, 4, 3), tlv(0x0c, Buffer.from('gate under test')))))
  const alternativeName = sequence(oid(85, 29, 17), tlv(0x04, sequence(tlv(0x87, Buffer.from([127, 0, 0, 1])))))
  const toBeSigned = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_SHA256,
    name,
    sequence(time(now - 60_000), time(now + 86_400_000)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(alternativeName)),
  )
  const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', toBeSigned, privateKey)]))
  const der = sequence(toBeSigned, ECDSA_SHA256, signature)
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    der,
  }
}

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts))
const oid = (...bytes: readonly number[]): Buffer => tlv(0x06, Buffer.from(bytes))
/** UTCTime, good until 2049. */
const time = (at: number): Buffer => tlv(0x17, Buffer.from(`${new Date(at).toISOString().replace(/\D/g, '').slice(2, 14)}Z`))
/** 1.2.840.10045.4.3.2 */
const ECDSA_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
