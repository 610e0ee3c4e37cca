import type { SignedIn } from '../../src/identity/sign-in.ts'
import type { Entry } from '../../src/journal/entry.ts'
import { type Lobby, openLobby, type TestDevice } from './lobby.ts'
import { enrolledDevice, signedIn } from './visitor.ts'

export const HOUR = 3_600_000

/** A lobby with a device and its person in it, and the attacker: a superuser of our database, with a device and a passphrase of their own at most. */
export type Raided = {
  readonly lobby: Lobby
  readonly device: TestDevice & { readonly id: string }
  readonly anna: SignedIn
  readonly sql: (text: string, values?: readonly unknown[]) => ReturnType<Lobby['sql']>
  /** So many milliseconds from now. */
  readonly at: (ms: number) => Date
  readonly tells: (attempt: () => Promise<string>) => ReturnType<typeof comesOf>
}

export async function openRaided(): Promise<Raided> {
  const lobby = await openLobby()
  return {
    lobby,
    device: await enrolledDevice(lobby, 'p-anna'),
    anna: await signedIn(lobby, 'p-anna'),
    sql: (text, values = []) => lobby.sql(text, values),
    at: (ms) => new Date(lobby.time.now + ms),
    tells: (attempt) => comesOf(lobby, attempt),
  }
}

/** What comes of an attempt, and that it is told: the code, and of what kind of row the finding is that the journal has since. */
export async function comesOf(lobby: Pick<Lobby, 'entries'>, attempt: () => Promise<string>): Promise<readonly [string, string]> {
  const from = lobby.entries.length
  const code = await attempt()
  const found = lobby.entries.slice(from).find(({ kind }) => kind === 'finding.authority_mismatch')
  return [code, `finding of ${found ? subjectOf(found) : 'nothing'}`]
}

function subjectOf({ detail }: Entry): string {
  const subject = detail?.['subject']
  return typeof subject === 'string' ? subject : 'nobody knows what'
}

export const refusalOf = (outcome: { readonly ok: true } | { readonly ok: false; readonly refusal: { readonly code: string } }): string =>
  outcome.ok ? 'ok' : outcome.refusal.code
