import { Code, Loader, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CALLS, type CallAnswer } from '../../contract/console.ts'
import { REQUESTS } from '../answers.ts'
import { ask } from '../ask.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { ReasonForm } from '../parts/reason-form.tsx'
import { Said } from '../parts/said.tsx'
import { Ago } from '../parts/time.tsx'
import { To } from '../parts/to.tsx'

type RequestView = CallAnswer<'answerRequest'>

/** Who asked for what a rule refused, to be answered with a word. Access itself is a change of the policy, made elsewhere. */
export function RequestsPage() {
  const requests = useQuery(REQUESTS)
  const { open = [], answered = [] } = requests.data ?? {}
  return (
    <Page title="Requests">
      <p>
        Agents were refused by a rule, and their people ask for access. An answer tells them what happens; it grants nothing. Whoever wants to grant it has the
        rule's owner change the policy.
      </p>
      {requests.isPending && <Loader size="sm" aria-label="Loading" />}
      {requests.error !== null && <Notice error={requests.error} />}
      {requests.data !== undefined && (
        <>
          <section aria-labelledby="open">
            <Title order={2} id="open" mb="xs">
              Open ({open.length})
            </Title>
            {open.length === 0 && <p className="empty">Nobody waits for an answer.</p>}
            {open.map((request) => (
              <Request key={request.id} request={request} />
            ))}
          </section>
          {answered.length > 0 && (
            <section className="part" aria-labelledby="answered">
              <Title order={2} id="answered" mb="xs">
                Answered
              </Title>
              {answered.map((request) => (
                <Request key={request.id} request={request} />
              ))}
            </section>
          )}
        </>
      )}
    </Page>
  )
}

const Request = ({ request }: { readonly request: RequestView }) => (
  <article className="change" aria-labelledby={`title-${request.id}`}>
    <header>
      <Title order={3} id={`title-${request.id}`}>
        {request.personName} asks for {request.operation === '' ? 'access' : request.operation}
      </Title>
      <span className="when">
        <Ago at={request.askedAt} />
      </span>
    </header>
    <p className="who">
      {request.useCase !== null && `${request.useCase} · `}
      <To to="/refusals/$id" params={{ id: request.correlation }}>
        {request.correlation}
      </To>{' '}
      · rule <Code>{request.rule.id}</Code> of {request.rule.owner}
    </p>
    <blockquote>
      <small>What they need it for</small>
      {request.note}
    </blockquote>
    {request.answered !== null && <Said answered={request.answered} />}
    {request.mayAnswer && <Answer request={request} />}
    {request.answered === null && !request.mayAnswer && (
      <Text size="sm" c="dimmed">
        It waits for an answer.
      </Text>
    )}
  </article>
)

function Answer({ request }: { readonly request: RequestView }) {
  const client = useQueryClient()
  const answer = useMutation({
    mutationFn: (said: string) => ask(CALLS.answerRequest, { id: request.id, input: { answer: said } }),
    onSettled: () => client.invalidateQueries({ queryKey: REQUESTS.queryKey }),
  })
  return (
    <ReasonForm
      label={`Your answer to ${request.personName}`}
      placeholder="What happens with it, and by when"
      act="Mark answered"
      focus={false}
      busy={answer.isPending}
      error={answer.error}
      onAct={(said) => answer.mutate(said)}
    />
  )
}
