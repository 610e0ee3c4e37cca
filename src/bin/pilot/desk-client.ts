import { CALLS, type CallName } from '../../contract/console.ts'
import { plainJson } from '../journal/plain.ts'

/** What the console said: its answer, or a problem with its status. */
export type DeskAnswer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }

/** A person at the console, by the same calls its page makes. */
export type DeskPerson = { readonly call: (name: CallName, input?: object, id?: string) => Promise<DeskAnswer> }

export async function signInAt(deskUrl: string, person: string, passphrase: string): Promise<DeskPerson> {
  let cookie = ''
  async function call(name: CallName, input: object = {}, id = ''): Promise<DeskAnswer> {
    const { method, path } = CALLS[name]
    const url = new URL(path.replace(':id', encodeURIComponent(id)), deskUrl)
    if (method === 'GET') for (const [key, value] of Object.entries(input)) url.searchParams.set(key, String(value))
    const response = await fetch(url, {
      method,
      headers: {
        origin: new URL(deskUrl).origin,
        'sec-fetch-site': 'same-origin',
        ...(cookie ? { cookie } : {}),
        ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      },
      ...(method === 'POST' ? { body: JSON.stringify(input) } : {}),
    })
    for (const set of response.headers.getSetCookie()) cookie = set.split(';', 1)[0] ?? cookie
    return { status: response.status, body: (await response.json()) as DeskAnswer['body'] }
  }
  /** The passphrase again where the console wants it, as its page asks for it, and then the same call. */
  async function present(...asked: Parameters<typeof call>): Promise<DeskAnswer> {
    const answer = await call(...asked)
    if (answer.body['code'] !== 'confirmation_needed') return answer
    const confirmed = await call('confirm', { passphrase })
    return confirmed.status === 200 ? call(...asked) : confirmed
  }
  const signed = await call('signIn', { person, passphrase })
  if (signed.status !== 200) throw new Error(`${person} could not sign in: ${plainJson(signed.body)}`)
  return { call: present }
}
