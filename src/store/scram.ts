import { createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { toBase64 } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'

const ITERATIONS = 4096

/**
 * What PostgreSQL keeps of a password (RFC 5803), made here so that the password itself is never in a statement that a server may log. Only for
 * passwords of printable ASCII, on which SASLprep changes nothing; ours are base64url.
 */
export function scramVerifier(password: string, salt: Uint8Array = randomBytes(16)): string {
  if (!/^[\x21-\x7e]+$/.test(password)) throw new Error('a role password is printable ASCII')
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256')
  const storedKey = sha256(createHmac('sha256', salted).update('Client Key').digest())
  const serverKey = createHmac('sha256', salted).update('Server Key').digest()
  return `SCRAM-SHA-256$${ITERATIONS}:${toBase64(salt)}$${toBase64(storedKey)}:${toBase64(serverKey)}`
}
