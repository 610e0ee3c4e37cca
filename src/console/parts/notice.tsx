import { Alert, Text } from '@mantine/core'
import { problemIn } from '../ask.ts'
import { RuleNamed } from './rule.tsx'
import { To } from './to.tsx'

/** A refusal as the house worded it: what, why, by which rule and whose, and what to do next. */
export function Notice({ error }: { readonly error: unknown }) {
  const problem = problemIn(error)
  return (
    <Alert role="alert" color="red" variant="light" title={problem.title} className="notice">
      <Text size="sm">{sentence(problem.detail)}</Text>
      {problem.rule && <RuleNamed rule={problem.rule} />}
      <Text size="sm">
        <b>Next:</b> {problem.next}.{problem.retryAfterSeconds !== undefined && ` Wait ${problem.retryAfterSeconds} s.`}
      </Text>
      {problem.correlationId !== '' && (
        <Text size="xs" c="dimmed" mt={4}>
          {problem.rule ? (
            <To to="/refusals/$id" params={{ id: problem.correlationId }} size="xs">
              {problem.correlationId}
            </To>
          ) : (
            problem.correlationId
          )}
        </Text>
      )}
    </Alert>
  )
}

/** Details come in lower case and without a full stop, to be set into other sentences; alone they are one. */
export const sentence = (words: string): string => (words === '' ? '' : `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?…]$/.test(words) ? '' : '.'}`)
