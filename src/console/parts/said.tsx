import type { CallAnswer } from '../../contract/console.ts'
import { Time } from './time.tsx'

/** What was said to a request for access, word for word. */
export const Said = ({ answered: { byName, at, answer } }: { readonly answered: NonNullable<CallAnswer<'refusal'>['answered']> }) => (
  <blockquote>
    <small>
      {byName} answered <Time at={at} />
    </small>
    {answer}
  </blockquote>
)
