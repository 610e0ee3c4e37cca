import { Alert, Button, Group, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { CALLS, type CallAnswer } from '../../contract/console.ts'
import { DRAFTS } from '../answers.ts'
import { ask } from '../ask.ts'
import { confirmedFirst } from '../parts/confirmed.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { Time } from '../parts/time.tsx'
import { To } from '../parts/to.tsx'

/** A label or letter in clear: only on asking, only to who confirmed, and kept nowhere but on this page while it is open. */
export function DraftPage() {
  const { id } = useParams({ from: '/inside/drafts/$id' })
  const show = useMutation({ mutationFn: () => ask(CALLS.showDraft, { id, input: {} }), gcTime: 0 })
  const { asking, error } = confirmedFirst(show, 'It is a while since you typed your passphrase. Clear values are only for you, so type it again.')
  const revoked = useQuery(DRAFTS).data?.drafts.find((draft) => draft.id === id)?.revoked ?? show.data?.revoked ?? null
  return (
    <Page title={show.data?.title ?? 'Draft'}>
      {revoked !== null && <OfRevoked revoked={revoked} />}
      {show.data !== undefined ? (
        <Shown draft={show.data} />
      ) : (
        <>
          <Text mb="sm">It holds a customer's name and address in clear. Each showing goes into the journal.</Text>
          {asking ?? (
            <Button onClick={() => show.mutate()} loading={show.isPending}>
              Show it
            </Button>
          )}
          {error !== null && <Notice error={error} />}
        </>
      )}
      <Text mt="lg" className="noprint">
        <To to="/drafts">All drafts</To>
      </Text>
    </Page>
  )
}

/** Said before anything is shown: why somebody did not trust the agent any more may concern what it wrote. */
const OfRevoked = ({ revoked: { byName, at, why } }: { readonly revoked: NonNullable<CallAnswer<'showDraft'>['revoked']> }) => (
  <Alert role="note" color="red" variant="light" title="The session that prepared this was revoked" mb="sm" className="notice noprint">
    <Text size="sm">
      By {byName}, <Time at={at} />: “{why}”. Read what the agent wrote with that in mind before you use it.
    </Text>
  </Alert>
)

function Shown({ draft }: { readonly draft: CallAnswer<'showDraft'> }) {
  return (
    <>
      {draft.kind === 'label' ? (
        <address className="label" style={{ fontStyle: 'normal' }}>
          {draft.lines.map((line, at) => (
            <div key={at}>{line}</div>
          ))}
        </address>
      ) : (
        <div className="letter">
          {draft.lines.map((line, at) => (
            <p key={at}>{line}</p>
          ))}
        </div>
      )}
      <Group className="noprint">
        <Button onClick={() => window.print()}>Print</Button>
        <Text size="xs" c="dimmed">
          Prepared by {draft.agent.name} with {draft.operation}, which saw tokens only.
        </Text>
      </Group>
    </>
  )
}
