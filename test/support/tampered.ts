import type { Entry } from '../../src/journal/entry.ts'
import type { Lobby } from './lobby.ts'

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
