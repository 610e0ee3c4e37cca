import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import type { GateRequest } from './gate-client.ts'
import { openSessions } from './session.ts'
import { readRefused, type Setback } from './setback.ts'

const AGENT = { name: 'agent', version: '1' }
const POSTURE = { platform: 'linux', osVersion: 'x', diskEncrypted: false, firewallOn: false }

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

const refused = (code: string, status = 400): Outcome<never, Setback> =>
  refuse({ kind: 'refused', refused: { code, status, title: code, detail: `detail of ${code}`, next: 'n', correlationId: 'c' } })
const away = refuse<Setback>({ kind: 'unreachable', sent: false, detail: 'away', next: 'n' })
const pending = (number: number) =>
  done({
    device_code: `d-${number}`,
    user_code: `U-${number}`,
    verification_uri: 'http://g/',
    verification_uri_complete: `http://g/?${number}`,
    expires_in: 30,
    interval: 5,
  })
const opened = (token: string, seconds = 300, sessionSeconds = 3600) =>
  done({
    access_token: token,
    token_type: 'DPoP',
    expires_in: seconds,
    refresh_token: 'r',
    session: 's',
    session_expires_in: sessionSeconds,
    use_case: 'u',
    person: 'p',
  })

/** A gate that answers as the test says, and remembers when it was asked for what. */
function standing() {
  const asked: { readonly at: number; readonly what: string }[] = []
  const answer = {
    begin: pending(1) as Outcome<unknown, Setback>,
    poll: refused('authorization_pending') as Outcome<unknown, Setback>,
    renew: away as Outcome<unknown, Setback>,
  }
  const ask = async ({ path, form }: GateRequest): Promise<Outcome<unknown, Setback>> => {
    const what = path.endsWith('device_authorization') ? 'begin' : form?.['grant_type'] === 'refresh_token' ? 'renew' : 'poll'
    asked.push({ at: Date.now() - 1_000_000, what })
    return answer[what]
  }
  const sessions = openSessions({ gate: { ask, close: async () => {} }, clientId: 'dev-1', posture: async () => POSTURE, clock: Date.now, changed: () => {} })
  const token = async () => {
    const waits = sessions.token(AGENT)
    await vi.advanceTimersByTimeAsync(2_000)
    return waits
  }
  const times = (what: string) => asked.filter((one) => one.what === what).map((one) => one.at)
  const open = async (seconds: number, sessionSeconds: number) => {
    answer.poll = opened('t-1', seconds, sessionSeconds)
    await token()
    await vi.advanceTimersByTimeAsync(3_000)
    expect(sessions.state().phase).toBe('open')
  }
  return { sessions, answer, token, times, open }
}

describe('a session asked for', () => {
  it('says whose rule refused it and where its person can ask, as the gate said in an OAuth error', async () => {
    const { sessions, answer, token } = standing()
    const body = {
      error: 'access_denied',
      error_description: 'Use case not assigned to this person: this use case is not among those assigned to you',
      code: 'use_case_not_assigned',
      correlationId: 'c',
      rule: { id: 'use-case-assignment', owner: 'Head of Returns', reason: 'use case `returns` is assigned to people of returns' },
      requestAccess: 'https://desk.example/refusals/c',
    }
    const said = readRefused(400, body)
    if (said === null) throw new Error('not read as a refusal')
    answer.poll = refuse({ kind: 'refused', refused: said })
    await token()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(sessions.state()).toEqual({
      phase: 'ended',
      why: `${body.error_description}: ${body.rule.reason}; at ${body.requestAccess} the person can ask Head of Returns for it`,
    })
  })

  it('is asked for once by many calls at once, and its link serves until it expires', async () => {
    const { sessions, times, token, answer } = standing()
    const all = Promise.all(Array.from({ length: 10 }, () => sessions.token(AGENT)))
    await vi.advanceTimersByTimeAsync(2_000)
    for (const one of await all) expect(one).toMatchObject({ ok: false, refusal: { kind: 'sign-in', pending: { link: 'http://g/?1' } } })
    expect(times('begin')).toEqual([0])

    await vi.advanceTimersByTimeAsync(20_000)
    expect(await token()).toMatchObject({ refusal: { pending: { link: 'http://g/?1' } } })
    answer.begin = pending(2)
    await vi.advanceTimersByTimeAsync(8_000)
    expect(await token()).toMatchObject({ refusal: { pending: { link: 'http://g/?2' } } })
  })

  it('is polled at the interval, five seconds slower after `slow_down`, and on through a gate that is away', async () => {
    const { token, times, answer } = standing()
    await token()
    await vi.advanceTimersByTimeAsync(3_500)
    answer.poll = refused('slow_down')
    await vi.advanceTimersByTimeAsync(5_000)
    answer.poll = away
    await vi.advanceTimersByTimeAsync(10_000)
    answer.poll = refused('authorization_pending')
    await vi.advanceTimersByTimeAsync(9_500)
    expect(times('poll')).toEqual([5_000, 10_000, 20_000, 30_000])
  })

  it('ends when the gate does not know the request any more, and is not polled again', async () => {
    const { sessions, token, times, answer } = standing()
    await token()
    answer.poll = refused('code_unknown')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sessions.state()).toEqual({ phase: 'ended', why: 'detail of code_unknown' })
    expect(times('poll')).toEqual([5_000])
  })

  it('is not asked for when the gate says no to the device, or is away: the call says which', async () => {
    const { sessions, token, answer } = standing()
    answer.begin = refused('device_revoked', 401)
    expect(await token()).toMatchObject({ refusal: { kind: 'refused', refused: { code: 'device_revoked' } } })
    answer.begin = away
    expect(await token()).toMatchObject({ refusal: { kind: 'unreachable' } })
    answer.begin = done({ nonsense: true })
    expect(await token()).toMatchObject({ refusal: { kind: 'garbled' } })
    expect(sessions.state().phase).toBe('none')
  })
})

describe('an open session', () => {
  it.each([
    [239_000, 't-1', 0],
    [240_000, 't-1', 0],
    [240_001, 't-2', 1],
    [300_001, 't-2', 1],
  ])('after %d ms of a token of 300 s gives %s', async (elapsed, expected, renewals) => {
    const { token, open, answer, times } = standing()
    await open(300, 3600)
    answer.renew = opened('t-2')
    vi.setSystemTime(1_005_000 + elapsed)
    expect(await token()).toEqual({ ok: true, value: expected })
    expect(times('renew')).toHaveLength(renewals)
  })

  it('is used on while the gate is away, as long as the token lasts, and no longer', async () => {
    const { sessions, token, open } = standing()
    await open(300, 3600)
    vi.setSystemTime(1_005_000 + 299_000)
    expect(await token()).toEqual({ ok: true, value: 't-1' })
    vi.setSystemTime(1_005_000 + 300_000)
    expect(await token()).toMatchObject({ ok: false, refusal: { kind: 'unreachable' } })
    expect(sessions.state().phase).toBe('open')
  })

  it('ends when renewal is refused, and a person is asked for anew', async () => {
    const { token, open, answer } = standing()
    await open(300, 3600)
    answer.renew = refused('session_revoked')
    answer.begin = pending(2)
    answer.poll = refused('authorization_pending')
    vi.setSystemTime(1_005_000 + 241_000)
    expect(await token()).toMatchObject({ refusal: { kind: 'sign-in', pending: { link: 'http://g/?2', after: 'detail of session_revoked' } } })
  })

  it('is not renewed past its own end', async () => {
    const { token, open, times } = standing()
    await open(30, 30)
    vi.setSystemTime(1_005_000 + 29_000)
    expect(await token()).toEqual({ ok: true, value: 't-1' })
    vi.setSystemTime(1_005_000 + 30_000)
    expect(await token()).toMatchObject({ refusal: { kind: 'sign-in', pending: { after: 'the session reached its end' } } })
    expect(times('renew')).toEqual([])
  })

  it('is not ended by word of a token it has replaced', async () => {
    const { sessions, token, open, answer } = standing()
    await open(300, 3600)
    sessions.turnedBack('t-0', 'session_revoked', 'w')
    expect(sessions.state().phase).toBe('open')
    answer.renew = opened('t-2')
    sessions.turnedBack('t-1', 'token_expired', 'w')
    expect(await token()).toEqual({ ok: true, value: 't-2' })
    sessions.turnedBack('t-2', 'session_revoked', 'by ada')
    expect(sessions.state()).toEqual({ phase: 'ended', why: 'by ada' })
  })
})
