import type { NoSession } from './session.ts'
import type { Pending } from './session-state.ts'
import type { Refused } from './setback.ts'

/** What the agent is told, in words it can pass on to the person as they are. Nothing here quotes a token or a key. */
export function sayNoSession(why: NoSession): string {
  switch (why.kind) {
    case 'sign-in':
      return saySignIn(why.pending)
    case 'not-granted':
      return lines('No session was opened.', sentence(why.why), 'Nothing was asked. Ask again to get a new sign-in link for the person.')
    case 'refused':
      return sayRefused(why.refused)
    case 'unreachable':
      return lines('Gatehouse did not answer.', sentence(why.detail), `What to do next: ${sentence(why.next)}`)
    case 'garbled':
      return lines('Gatehouse did not answer as it should.', sentence(why.detail), 'What to do next: tell your IT desk.')
  }
}

/** The link opens the sign-in; the code lets the person see that it is this request and no other's. */
export const saySignIn = ({ after, link, userCode }: Pending): string =>
  lines(
    after === null ? 'A person has to sign in first.' : `The session is over. ${sentence(after)} A person has to sign in again.`,
    `Show the person this link and this code, and ask again once they have signed in: ${link} (code ${userCode})`,
    'Nothing was asked so far. Do not open the link yourself.',
  )

function sayRefused({ code, title, detail, next, rule, requestAccess, retryAfterSeconds, correlationId }: Refused): string {
  return lines(
    `Refused: ${sentence(title)} ${sentence(detail)}`,
    rule && `Rule \`${rule.id}\`, owned by ${rule.owner}: ${sentence(rule.reason)}`,
    `What to do next: ${sentence(next)}`,
    requestAccess && `The person can request access here: ${requestAccess}`,
    retryAfterSeconds !== undefined && `Not before ${retryAfterSeconds} seconds from now.`,
    `(${code}, correlation id ${correlationId})`,
  )
}

const lines = (...parts: readonly (string | false | undefined)[]): string => parts.filter((part) => typeof part === 'string' && part !== '').join('\n')

/** House messages are lower case without a full stop; a person reads sentences. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}
