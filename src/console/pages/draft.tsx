import { Button, Group, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { CALLS, type CallAnswer } from '../../contract/console.ts'
import { ask, hasCode } from '../ask.ts'
import { Confirm } from '../parts/confirm.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { To } from '../parts/to.tsx'

/** A label or letter in clear: only on asking, only to who confirmed, and kept nowhere but on this page while it is open. */
export function DraftPage() {
  const { id } = useParams({ from: '/inside/drafts/$id' })
  const show = useMutation({ mutationFn: () => ask(CALLS.showDraft, { id, input: {} }), gcTime: 0 })
  const unsure = hasCode(show.error, 'confirmation_needed')
  return (
    <Page title={show.data?.title ?? 'Draft'}>
      {show.data !== undefined ? (
        <Shown draft={show.data} />
      ) : (
        <>
          <Text mb="sm">It holds a customer's name and address in clear. Each showing goes into the journal.</Text>
          {!unsure && (
            <Button onClick={() => show.mutate()} loading={show.isPending}>
              Show it
            </Button>
          )}
          {unsure && (
            <Confirm why="It is a while since you typed your passphrase. Clear values are only for you, so type it again." onDone={() => show.mutate()} />
          )}
          {show.error !== null && !unsure && <Notice error={show.error} />}
        </>
      )}
      <Text mt="lg" className="noprint">
        <To to="/drafts">All drafts</To>
      </Text>
    </Page>
  )
}

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
