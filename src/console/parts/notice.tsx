import { Alert, Text } from '@mantine/core'
import { problemIn } from '../ask.ts'
import { RuleNamed } from './rule.tsx'
import { To } from './to.tsx'
import { Sentence } from './words.tsx'

/** A refusal as the house worded it: what, why, by which rule and whose, and what to do next. */
export function Notice({ error }: { readonly error: unknown }) {
  const problem = problemIn(error)
  return (
    <Alert role="alert" color="red" variant="light" title={problem.title} className="notice">
      <Text size="sm">
        <Sentence of={problem.detail} />
      </Text>
      {problem.rule && <RuleNamed rule={problem.rule} />}
      <Text size="sm">
        <b>Next:</b> {problem.next}.{problem.retryAfterSeconds !== undefined && ` Wait ${problem.retryAfterSeconds} s.`}
      </Text>
      {problem.correlationId !== '' && (
        <Text size="xs" c="dimmed" mt={4}>
          {problem.correlationId}
          {problem.rule && (
            <>
              {' · '}
              <To to="/refusals/$id" params={{ id: problem.correlationId }}>
                Ask for access
              </To>
            </>
          )}
        </Text>
      )}
    </Alert>
  )
}
