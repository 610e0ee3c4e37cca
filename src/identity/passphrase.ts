import { scrypt, timingSafeEqual } from 'node:crypto'
import { fromBase64url, toBase64url } from '../base/bytes.ts'
import type { Random } from '../base/clock.ts'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { type Refusal, refusal } from '../model/refusal.ts'

/** Passphrases as `scrypt$N$r$p$salt$hash` (RFC 7914), base64url. Each call takes about 0.1 s and 32 MiB, so `rate_limited` when too many wait. */
export type Passphrases = {
  readonly hash: (passphrase: string) => Promise<Outcome<string, Refusal>>
  /** False for null too, after the same work: the time tells nobody that there was nothing to compare with. */
  readonly matches: (passphrase: string, stored: string | null) => Promise<Outcome<boolean, Refusal>>
}

export const PASSPHRASE_CHARACTERS_MIN = 12
const PASSPHRASE_CHARACTERS_MAX = 512
const [N, R, P, BYTES] = [2 ** 15, 8, 1, 32]
/** Most of the thread pool of the gate (`bin/runtime.ts`) is not theirs: files are written there too, and must not wait for those who guess. */
const AT_ONCE = 1
const WAITING_MAX = 32

export function openPassphrases({ random }: { readonly random: Random }): Passphrases {
  const nobody = { n: N, r: R, p: P, salt: random(16), hash: random(BYTES) }
  const waiting: (() => void)[] = []
  let running = 0

  async function derive(passphrase: string, { n, r, p, salt }: Omit<typeof nobody, 'hash'>): Promise<Outcome<Uint8Array, Refusal>> {
    if (running >= AT_ONCE) {
      if (waiting.length >= WAITING_MAX) return refuse(refusal('rate_limited', 'too many sign-ins at once', { retryAfterSeconds: 5 }))
      await new Promise<void>((turn) => waiting.push(turn))
    } else running++
    try {
      const text = passphrase.slice(0, PASSPHRASE_CHARACTERS_MAX).normalize('NFKC')
      return done(
        await new Promise((found, failed) =>
          scrypt(text, salt, BYTES, { N: n, r, p, maxmem: 256 * n * r }, (cause, key) => (cause ? failed(cause) : found(key))),
        ),
      )
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }

  return {
    async hash(passphrase) {
      const salt = random(16)
      const key = await derive(passphrase, { n: N, r: R, p: P, salt })
      return key.ok ? done(`scrypt$${N}$${R}$${P}$${toBase64url(salt)}$${toBase64url(key.value)}`) : key
    },
    async matches(passphrase, stored) {
      const known = stored === null ? null : read(stored)
      const key = await derive(passphrase, known ?? nobody)
      return key.ok ? done(timingSafeEqual(key.value, (known ?? nobody).hash) && known !== null) : key
    },
  }
}

function read(stored: string): { readonly n: number; readonly r: number; readonly p: number; readonly salt: Uint8Array; readonly hash: Uint8Array } {
  const [kind, n, r, p, saltText = '', hashText = ''] = stored.split('$')
  const [salt, hash] = [fromBase64url(saltText), fromBase64url(hashText)]
  if (kind !== 'scrypt' || salt === null || hash?.length !== BYTES) throw new Error('a stored passphrase is not as we write it')
  return { n: Number(n), r: Number(r), p: Number(p), salt, hash }
}
