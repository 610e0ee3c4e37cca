import { TLSSocket } from 'node:tls'
import { buildConnector } from 'undici'
import { pinOf } from '../base/pin.ts'

/** No connection to the gate came about, so nothing was sent. `wrongCertificate`: the one shown is not the pinned one. */
export class NotConnected extends Error {
  readonly wrongCertificate: boolean

  constructor(cause: Error | null) {
    super('no connection to the gate', { cause })
    this.wrongCertificate = cause === null
  }
}

/**
 * Opens connections to the gate. With a pin, exactly that certificate is accepted, whoever issued it and whatever its names or
 * dates; the attacker is someone on the network with a certificate of their own, bought or stolen. Without one, Node's authorities
 * and those of NODE_EXTRA_CA_CERTS decide.
 */
export function gateConnector(pin: string | undefined, connectTimeoutMs: number): buildConnector.connector {
  // A resumed TLS session would skip the certificate: none is kept.
  const open = buildConnector({ timeout: connectTimeoutMs, ...(pin === undefined ? {} : { rejectUnauthorized: false, maxCachedSessions: 0 }) })
  return (options, callback) =>
    open(options, (...[error, socket]) => {
      if (error !== null) return callback(new NotConnected(error), null)
      // INVARIANT: the socket reaches the HTTP client, and with it the first byte, only past this check.
      if (pin === undefined || shows(socket, pin)) return callback(null, socket)
      socket.destroy()
      callback(new NotConnected(null), null)
    })
}

function shows(socket: unknown, pin: string): boolean {
  const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  return shown !== undefined && pinOf(shown.raw) === pin
}
