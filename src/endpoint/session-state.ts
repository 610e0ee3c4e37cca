import type { z } from 'zod'
import type { SessionOpened, SessionPending } from '../contract/connector.ts'

/** Times are milliseconds since the epoch. Tokens live here and nowhere else: not on disk, not in logs. */
export type SessionState = { readonly phase: 'none' } | Pending | Open | { readonly phase: 'ended'; readonly why: string }

export type Pending = {
  readonly phase: 'pending'
  readonly link: string
  readonly userCode: string
  readonly deviceCode: string
  readonly expiresAt: number
  /** Seconds. */
  readonly interval: number
  /** Why the last session is no more, when there was one. */
  readonly after: string | null
}

export type Open = {
  readonly phase: 'open'
  readonly id: string
  readonly person: string
  readonly useCase: string
  readonly endsAt: number
  readonly accessToken: string
  readonly accessEndsAt: number
  readonly refreshToken: string
}

export const pendingFrom = (body: z.infer<typeof SessionPending>, before: SessionState, now: number): Pending => ({
  phase: 'pending',
  link: body.verification_uri_complete,
  userCode: body.user_code,
  deviceCode: body.device_code,
  expiresAt: now + body.expires_in * 1000,
  interval: body.interval,
  after: before.phase === 'ended' ? before.why : before.phase === 'pending' ? before.after : null,
})

export const openFrom = (body: z.infer<typeof SessionOpened>, now: number): Open => ({
  phase: 'open',
  id: body.session,
  person: body.person,
  useCase: body.use_case,
  endsAt: now + body.session_expires_in * 1000,
  accessToken: body.access_token,
  accessEndsAt: now + body.expires_in * 1000,
  refreshToken: body.refresh_token,
})

const RENEW_BEFORE_MS = 60_000

/** `good`: use it as it is. `renew`: under a minute is left. `over`: the session has reached its end. */
export function judgeOpen(open: Open, now: number): 'good' | 'renew' | 'over' {
  if (open.endsAt <= now) return 'over'
  // A token that lasts as long as its session gains nothing from renewal.
  const lastsToTheEnd = open.accessEndsAt >= open.endsAt
  return open.accessEndsAt - now >= RENEW_BEFORE_MS || lastsToTheEnd ? 'good' : 'renew'
}
