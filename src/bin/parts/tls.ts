import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pinOf } from '../../base/pin.ts'
import type { Config } from '../../config/config.ts'
import { Fault } from '../../model/fault.ts'
import { putText, readKept } from '../../store/cluster/kept-file.ts'
import { keyFolder } from './keys.ts'

/** Key and certificate in PEM. `pin`: SHA-256 of the certificate, base64url, when it is of our own making and nothing else vouches for it. */
export type Tls = { readonly key: string; readonly cert: string; readonly pin: string | null }

const DAYS = 825

/** What `tls` of the configuration comes to: nothing, the company's certificate, or one of our own, made once and kept. Faults `config_invalid`. */
export async function openTls(config: Config): Promise<Tls | null> {
  if (config.tls === 'off') return null
  if (config.tls !== 'self') return companys(config.tls)
  const folder = keyFolder(config.keys)
  const [keyFile, certFile] = [join(folder, 'tls.key'), join(folder, 'tls.crt')]
  if (!existsSync(certFile)) await makeCertificate(config, keyFile, certFile)
  const cert = readPem(certFile)
  return { key: readKept(keyFile) ?? readPem(keyFile), cert, pin: pinOf(new X509Certificate(cert).raw) }
}

/** A certificate that authorities vouch for: nothing to pin. */
function companys(files: { readonly key: string; readonly cert: string }): Tls {
  const [key, cert] = [readPem(files.key), readPem(files.cert)]
  if (belongTogether(key, cert)) return { key, cert, pin: null }
  const message = `${files.key} is not the key of the certificate in ${files.cert}, or one of them is not PEM`
  throw new Fault('config_invalid', message, 'correct `tls` in the configuration, or set it to `self`')
}

function belongTogether(key: string, cert: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

async function makeCertificate(config: Config, keyFile: string, certFile: string): Promise<void> {
  // Only here: no other start waits for it.
  await import('reflect-metadata')
  const { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } = await import(
    '@peculiar/x509'
  )
  const names = [...new Set([config.publicUrl, config.deskUrl].map((url) => new URL(url).hostname.replace(/^\[|\]$/g, '')))]
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${names[0]}, O=Gatehouse`,
    keys,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + DAYS * 86_400_000),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new BasicConstraintsExtension(false),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new SubjectAlternativeNameExtension(names.map((name) => ({ type: /^[\d.]+$|:/.test(name) ? 'ip' : 'dns', value: name }))),
    ],
  })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  // The key first: a certificate that stands has its key beside it.
  putText(keyFile, `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`)
  putText(certFile, `${certificate.toString('pem')}\n`, { mode: 0o644 })
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('config_invalid', `${file} cannot be read`, 'correct `tls` in the configuration, or set it to `self`', { cause })
  }
}
