import type { KeyObject } from 'node:crypto'
import { verifyEs256, verifyEs256Apart } from '../base/es256.ts'

type Signed = { readonly key: KeyObject; readonly data: Uint8Array; readonly signature: Uint8Array }
type Waiting = Signed & { readonly resolve: (fits: boolean | Promise<boolean>) => void; readonly reject: (cause: unknown) => void }

let waiting: Waiting[] = []

/**
 * Whether a signature is by this key over this data. Those of one turn of the event loop go to the thread pool together, where a thread that is awake goes on
 * to the next; to wake one for a single check costs about as much as the check, so that is done at once (docs/decisions/0008).
 */
export function signatureFits(signed: Signed): Promise<boolean> {
  return new Promise((resolve, reject) => {
    waiting.push({ ...signed, resolve, reject })
    if (waiting.length === 1) setImmediate(check)
  })
}

function check(): void {
  const now = waiting
  waiting = []
  for (const { key, data, signature, resolve, reject } of now) {
    try {
      resolve(now.length === 1 ? verifyEs256(key, data, signature) : verifyEs256Apart(key, data, signature))
    } catch (cause) {
      reject(cause)
    }
  }
}
