import { Code, Loader, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { CALLS, type CallAnswer } from '../../contract/console.ts'
import { refusalOf } from '../answers.ts'
import { ask } from '../ask.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { ReasonForm } from '../parts/reason-form.tsx'
import { Said } from '../parts/said.tsx'
import { Time } from '../parts/time.tsx'
import { Sentence, Words } from '../parts/words.tsx'

/** Why an agent was refused: the rule, whose it is, what to do next, and a way to ask for access. */
export function RefusalPage() {
  const { id } = useParams({ from: '/inside/refusals/$id' })
  const found = useQuery(refusalOf(id))
  return (
    <Page title={found.data?.title ?? 'Refusal'}>
      {found.isPending && <Loader size="sm" aria-label="Loading" />}
      {found.error !== null && <Notice error={found.error} />}
      {found.data !== undefined && <Facts refused={found.data} />}
      {found.data !== undefined && <Access refused={found.data} />}
    </Page>
  )
}

const Facts = ({ refused }: { readonly refused: CallAnswer<'refusal'> }) => (
  <>
    <Text mb="sm">
      <Sentence of={refused.detail} />
    </Text>
    <dl className="facts">
      {refused.rule !== null && (
        <>
          <dt>Rule</dt>
          <dd>
            <Code>{refused.rule.id}</Code> because <Words of={refused.rule.reason} />
          </dd>
          <dt>Owner</dt>
          <dd>{refused.rule.owner}</dd>
        </>
      )}
      <dt>Next</dt>
      <dd>
        <Sentence of={refused.next} />
      </dd>
      {refused.operation !== null && (
        <>
          <dt>Operation</dt>
          <dd>{refused.operation}</dd>
        </>
      )}
      <dt>When</dt>
      <dd>
        <Time at={refused.at} />
      </dd>
      <dt>Code</dt>
      <dd className="mono">
        {refused.code} · {refused.correlation}
      </dd>
    </dl>
  </>
)

function Access({ refused }: { readonly refused: CallAnswer<'refusal'> }) {
  const client = useQueryClient()
  const request = useMutation({
    mutationFn: (note: string) => ask(CALLS.requestAccess, { id: refused.correlation, input: { note } }),
    onSuccess: (now) => client.setQueryData(refusalOf(refused.correlation).queryKey, now),
  })
  if (refused.requestedAt !== null) {
    return (
      <section className="part" aria-label="Your request" role="status">
        <Text fw={600}>
          Access asked for at <Time at={refused.requestedAt} />.
        </Text>
        {refused.answered === null ? (
          <Text size="sm">Whoever approves for this use case sees it. The answer appears here.</Text>
        ) : (
          <Said answered={refused.answered} />
        )}
      </section>
    )
  }
  if (!refused.mayRequest) return null
  return (
    <section className="part" aria-labelledby="access">
      <Title order={2} id="access">
        Ask for access
      </Title>
      <ReasonForm
        label={`What you need it for, to ${refused.rule?.owner ?? 'the owner'}`}
        placeholder="Which work it stops, and for how long you need it"
        act="Request access"
        busy={request.isPending}
        error={request.error}
        onAct={(note) => request.mutate(note)}
      />
    </section>
  )
}
