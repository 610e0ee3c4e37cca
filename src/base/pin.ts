import { toBase64url } from './bytes.ts'
import { sha256 } from './digest.ts'

/** What a certificate (DER) is pinned by, as an enrolment code carries it: `sha256-` and base64url of its SHA-256. */
export const pinOf = (der: Uint8Array): string => `sha256-${toBase64url(sha256(der))}`
