import { Button, Loader, Table, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Fragment, type ReactNode, useState } from 'react'
import { CALLS, type CallAnswer } from '../../contract/console.ts'
import { SESSIONS } from '../answers.ts'
import { ask } from '../ask.ts'
import { fewOf } from '../parts/few.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { ReasonForm } from '../parts/reason-form.tsx'
import { Time, Until, useNow } from '../parts/time.tsx'

type SessionView = CallAnswer<'sessions'>['sessions'][number]
const HEADS = ['Agent', 'Person', 'For', 'Device', 'Since', 'Ends', '']
const HEADS_OVER = ['Agent', 'Person', 'For', 'Device', 'Since', 'How it ended']

export function SessionsPage() {
  const sessions = useQuery(SESSIONS)
  const [revoking, setRevoking] = useState<string | null>(null)
  return (
    <Page title="Sessions">
      {sessions.isPending && <Loader size="sm" aria-label="Loading" />}
      {sessions.error !== null && <Notice error={sessions.error} />}
      {sessions.data?.sessions.length === 0 && <p className="empty">No agent has a session.</p>}
      {sessions.data !== undefined && sessions.data.sessions.length > 0 && (
        <Listed label="Sessions" heads={HEADS}>
          {sessions.data.sessions.map((session) => (
            <Fragment key={session.id}>
              <Row session={session} revoking={revoking === session.id} onRevoke={() => setRevoking(session.id)} />
              {revoking === session.id && (
                <Table.Tr>
                  <Table.Td colSpan={HEADS.length}>
                    <Revoke id={session.id} onDone={() => setRevoking(null)} />
                  </Table.Td>
                </Table.Tr>
              )}
            </Fragment>
          ))}
        </Listed>
      )}
      {sessions.data !== undefined && sessions.data.over.length > 0 && <Over sessions={sessions.data.over} />}
    </Page>
  )
}

/** What was open today and is no more: by whom it was revoked, and why, or that its hour was over. */
const Over = ({ sessions }: { readonly sessions: readonly SessionView[] }) => (
  <section className="part" aria-labelledby="over">
    <Title order={2} id="over" mb="xs">
      Over today ({sessions.length})
    </Title>
    <Listed label="Sessions over today" heads={HEADS_OVER}>
      {sessions.map((session) => (
        <Table.Tr key={session.id}>
          <About session={session} />
          <Table.Td>
            {session.revoked === null ? (
              <>
                ended by itself <Time at={session.endsAt} />
              </>
            ) : (
              <>
                revoked by {session.revoked.byName} <Time at={session.revoked.at} />
                <Text size="xs" c="dimmed">
                  {session.revoked.why}
                </Text>
              </>
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </Listed>
  </section>
)

const Listed = ({ label, heads, children }: { readonly label: string; readonly heads: readonly string[]; readonly children: ReactNode }) => (
  <Table className="flow" verticalSpacing={6} horizontalSpacing="xs" aria-label={label}>
    <Table.Thead>
      <Table.Tr>{heads.map((head) => (head === '' ? <Table.Td key="act" /> : <Table.Th key={head}>{head}</Table.Th>))}</Table.Tr>
    </Table.Thead>
    <Table.Tbody>{children}</Table.Tbody>
  </Table>
)

const About = ({ session: { agent, personName, useCase, accounts, deviceName, posture, admittedAt } }: { readonly session: SessionView }) => (
  <>
    <Table.Td>
      {agent.name}{' '}
      <Text span size="xs" c="dimmed">
        {agent.version}
      </Text>
    </Table.Td>
    <Table.Td>{personName}</Table.Td>
    <Table.Td>
      {useCase}
      <Text size="xs" c="dimmed">
        {fewOf(accounts)}
      </Text>
    </Table.Td>
    <Table.Td>
      {deviceName}
      <Text size="xs" c="dimmed">
        {posture === 'self' ? 'as it says itself' : 'attested'}
      </Text>
    </Table.Td>
    <Table.Td>
      <Time at={admittedAt} />
    </Table.Td>
  </>
)

function Row({ session, revoking, onRevoke }: { readonly session: SessionView; readonly revoking: boolean; readonly onRevoke: () => void }) {
  const now = useNow()
  const { agent } = session
  const over = session.endsAt <= now
  const dim = over ? { c: 'dimmed' } : {}
  return (
    <Table.Tr {...dim}>
      <About session={session} />
      <Table.Td>
        <Until at={session.endsAt} />
      </Table.Td>
      <Table.Td ta="right">
        {session.mayRevoke && !over && (
          <Button
            size="compact-sm"
            variant="default"
            onClick={onRevoke}
            aria-expanded={revoking}
            aria-label={`Revoke the session of ${agent.name} for ${session.personName}`}
          >
            Revoke
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  )
}

function Revoke({ id, onDone }: { readonly id: string; readonly onDone: () => void }) {
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: (why: string) => ask(CALLS.revokeSession, { id, input: { why } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: SESSIONS.queryKey })
      onDone()
    },
  })
  return (
    <ReasonForm
      label="Why you revoke it"
      placeholder="It ends at once; changes not yet applied are voided"
      act="Revoke now"
      color="red.9"
      busy={revoke.isPending}
      error={revoke.error}
      onAct={(why) => revoke.mutate(why)}
      onCancel={onDone}
    />
  )
}
