import { Badge, Button, Group, Text, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CALLS, type CallAnswer } from '../../contract/console.ts'
import { nextStepOf, titleOf } from '../../model/refusal.ts'
import { CHANGES } from '../answers.ts'
import { ask } from '../ask.ts'
import { confirmedFirst } from './confirmed.tsx'
import { Diff } from './diff.tsx'
import { ReasonForm } from './reason-form.tsx'
import { Ago } from './time.tsx'
import { Sentence } from './words.tsx'

type ChangeView = CallAnswer<'decideChange'>
/** The decision someone is about to take, for the version they have seen. */
export type Deciding = { readonly id: string; readonly version: number; readonly digest: string; readonly decision: 'approve' | 'reject' }

type ChangeGiven = {
  readonly change: ChangeView
  readonly chosen: boolean
  readonly deciding: Deciding | null
  readonly hold: (element: HTMLElement | null) => void
  readonly onChoose: () => void
  readonly onDecide: (deciding: Deciding | null) => void
  readonly onDecided: (change: ChangeView) => void
}

const UNDO = { reversible: 'Can be undone', compensable: 'Can be made good', final: 'Cannot be undone' } as const

/** One change, whole: what, who asked and why, and what stands against what would stand. */
export function Change({ change, chosen, deciding, hold, onChoose, onDecide, onDecided }: ChangeGiven) {
  const { id, version, digest, agent } = change
  const moved = deciding !== null && deciding.digest !== digest
  return (
    <article ref={hold} tabIndex={0} className={chosen ? 'change chosen' : 'change'} aria-labelledby={`title-${id}`} aria-current={chosen} onFocus={onChoose}>
      <header>
        <Title order={3} id={`title-${id}`}>
          {change.title}
        </Title>
        <Badge size="sm" variant="outline" color={change.reversibility === 'final' ? 'red' : 'gray'} className="state">
          {UNDO[change.reversibility]}
        </Badge>
        {(version > 1 || change.state === 'stale') && (
          <Text size="xs" c="dimmed">
            version {version}: the record moved since it was first proposed
          </Text>
        )}
        <span className="when">
          <Ago at={change.proposedAt} />
        </span>
      </header>
      <p className="who">
        {change.personName}'s agent {agent.name} {agent.version} · {change.operation} · {change.system} · account {change.account} · {change.useCase}
      </p>
      <Diff fields={change.fields} caption={`What would change in ${change.title}`} />
      <blockquote>
        <small>The agent's reason</small>
        {change.reason}
      </blockquote>
      {moved && (
        <Text role="alert" size="sm" fw={600} c="var(--gone-ink)" mb="xs">
          The change moved while you were deciding. This is the new one: look again.
        </Text>
      )}
      {deciding === null || moved ? (
        <Choice change={change} onDecide={(decision) => onDecide({ id, version, digest, decision })} />
      ) : (
        <Decide deciding={deciding} onDecided={onDecided} onCancel={() => onDecide(null)} />
      )}
    </article>
  )
}

function Choice({ change, onDecide }: { readonly change: ChangeView; readonly onDecide: (decision: 'approve' | 'reject') => void }) {
  const not = change.mayNot
  const why = `why-${change.id}`
  const given = { disabled: not !== null, size: 'xs', ...(not !== null && { 'aria-describedby': why }) } as const
  return (
    <Group gap="xs" align="center">
      <Button {...given} onClick={() => onDecide('approve')} aria-label={`Approve ${change.title}`}>
        Approve
      </Button>
      <Button {...given} variant="default" onClick={() => onDecide('reject')} aria-label={`Reject ${change.title}`}>
        Reject
      </Button>
      {not !== null && (
        <Text size="sm" c="dimmed" id={why}>
          <Sentence of={titleOf(not)} /> <Sentence of={nextStepOf(not)} />
        </Text>
      )}
    </Group>
  )
}

function Decide({
  deciding,
  onDecided,
  onCancel,
}: {
  readonly deciding: Deciding
  readonly onDecided: (change: ChangeView) => void
  readonly onCancel: () => void
}) {
  const client = useQueryClient()
  const { id, version, digest, decision } = deciding
  const decide = useMutation({
    mutationFn: (reason: string) => ask(CALLS.decideChange, { id, input: { version, digest, decision, reason } }),
    onSuccess: onDecided,
    onSettled: () => client.invalidateQueries({ queryKey: CHANGES.queryKey }),
  })
  const approves = decision === 'approve'
  const { asking, error } = confirmedFirst(decide, 'A change is decided by you, not by an open browser: type your passphrase, and it goes on.', onCancel)
  return (
    <>
      <ReasonForm
        label={approves ? 'Why you approve' : 'Why you reject'}
        placeholder={approves ? 'What you checked' : 'What is wrong with it'}
        act={approves ? 'Approve' : 'Reject'}
        {...(approves ? {} : { color: 'red.9' })}
        busy={decide.isPending}
        held={asking !== null}
        error={error}
        onAct={(reason) => decide.mutate(reason)}
        onCancel={onCancel}
      />
      {asking}
    </>
  )
}
