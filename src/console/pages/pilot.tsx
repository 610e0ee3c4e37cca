import { Badge, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { CallAnswer } from '../../contract/console.ts'
import { CHANGES, DRAFTS, PILOT, REQUESTS, SESSIONS } from '../answers.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { useNow } from '../parts/time.tsx'
import { To } from '../parts/to.tsx'
import { Sentence } from '../parts/words.tsx'

type Control = CallAnswer<'pilot'>['controls'][number]
const TITLES: { readonly [C in Control['control']]: string } = {
  masked_view: 'Masked, read-only view',
  sandbox: 'Sandbox around the agent',
  attested_sessions: 'One-hour attested sessions',
  human_approval: 'A person approves each change',
}

/** Which of the four controls are on, said plainly, and what waits for the person looking. */
export function PilotPage() {
  const pilot = useQuery(PILOT)
  return (
    <Page title="Pilot">
      <section aria-labelledby="controls">
        <Title order={2} id="controls" mb="xs">
          The four controls
        </Title>
        {pilot.error !== null && <Notice error={pilot.error} />}
        <ul className="controls">
          {pilot.data?.controls.map(({ control, on, why }) => (
            <li key={control}>
              <Badge variant={on ? 'filled' : 'outline'} color={on ? '#26703a' : 'gray'} className="state">
                {on ? 'On' : 'Not yet'}
              </Badge>
              <Text fw={600} size="sm">
                {TITLES[control]}
              </Text>
              <Text size="sm">
                <Sentence of={why} />
              </Text>
            </li>
          ))}
        </ul>
      </section>
      <Waiting />
    </Page>
  )
}

function Waiting() {
  const now = useNow()
  const changes = useQuery(CHANGES).data?.waiting
  const drafts = useQuery(DRAFTS).data?.drafts
  const open = useQuery(SESSIONS).data?.sessions.filter((session) => session.endsAt > now)
  const asked = useQuery(REQUESTS).data?.open.filter(({ mayAnswer }) => mayAnswer)
  const mine = changes?.filter(({ mayNot }) => mayNot === null).length ?? 0
  return (
    <section className="part" aria-labelledby="waits">
      <Title order={2} id="waits">
        What waits
      </Title>
      <dl className="facts">
        <dt>Changes</dt>
        <dd>
          <To to="/changes">{changes === undefined ? '…' : `${changes.length} waiting`}</To>
          {changes !== undefined && changes.length > 0 && `, ${mine} of them for you to decide`}
        </dd>
        <dt>Drafts</dt>
        <dd>
          <To to="/drafts">{drafts === undefined ? '…' : `${drafts.length} prepared`}</To>
        </dd>
        <dt>Requests</dt>
        <dd>
          <To to="/requests">{asked === undefined ? '…' : `${asked.length} for you to answer`}</To>
        </dd>
        <dt>Sessions</dt>
        <dd>
          <To to="/sessions">{open === undefined ? '…' : `${open.length} open`}</To>
        </dd>
      </dl>
    </section>
  )
}
