import { Kbd, Loader, Table, Text, Title, VisuallyHidden } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { CallAnswer } from '../../contract/console.ts'
import { CHANGES } from '../answers.ts'
import { useKeys } from '../keys.ts'
import { Change, type Deciding } from '../parts/change.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { STATES } from '../parts/states.ts'
import { Time } from '../parts/time.tsx'

/** What waits, each with what stands and what would stand; j and k move, a and r decide. */
export function ChangesPage() {
  const changes = useQuery(CHANGES)
  const waiting = changes.data?.waiting ?? []
  const [chosen, setChosen] = useState<string | null>(null)
  const [deciding, setDeciding] = useState<Deciding | null>(null)
  const [said, setSaid] = useState('')
  const cards = useRef(new Map<string, HTMLElement>())
  const at = Math.max(
    0,
    waiting.findIndex(({ id }) => id === chosen),
  )
  const current = waiting[at]

  const go = (to: number) => {
    const next = waiting[Math.min(Math.max(to, 0), waiting.length - 1)]
    if (next === undefined) return
    setChosen(next.id)
    cards.current.get(next.id)?.focus()
  }
  const begin = (decision: Deciding['decision']) => {
    if (current !== undefined && current.mayNot === null) setDeciding({ id: current.id, version: current.version, digest: current.digest, decision })
  }
  useKeys({ j: () => go(chosen === null ? 0 : at + 1), k: () => go(at - 1), a: () => begin('approve'), r: () => begin('reject') })

  return (
    <Page title="Changes" aside={waiting.some(({ mayNot }) => mayNot === null) && <Legend />}>
      <VisuallyHidden role="status">{said}</VisuallyHidden>
      {changes.error !== null && <Notice error={changes.error} />}
      <section aria-labelledby="waiting">
        <Title order={2} id="waiting" mb="xs">
          Waiting ({waiting.length})
        </Title>
        {changes.isPending && <Loader size="sm" aria-label="Loading" />}
        {changes.data !== undefined && waiting.length === 0 && <p className="empty">Nothing waits. What agents propose appears here by itself.</p>}
        {waiting.map((change) => (
          <Change
            key={change.id}
            change={change}
            chosen={change.id === current?.id}
            deciding={deciding?.id === change.id ? deciding : null}
            hold={(element) => (element === null ? cards.current.delete(change.id) : cards.current.set(change.id, element))}
            onChoose={() => setChosen(change.id)}
            onDecide={setDeciding}
            onDecided={(decided) => {
              setDeciding(null)
              setSaid(`${decided.title}: ${STATES[decided.state].word}`)
              go(at === waiting.length - 1 ? at - 1 : at + 1)
            }}
          />
        ))}
      </section>
      <Recent changes={changes.data?.recent ?? []} />
    </Page>
  )
}

const Legend = () => (
  <p className="legend">
    <span>
      <Kbd>j</Kbd> <Kbd>k</Kbd> next, previous
    </span>
    <span>
      <Kbd>a</Kbd> approve
    </span>
    <span>
      <Kbd>r</Kbd> reject
    </span>
    <span>
      <Kbd>Esc</Kbd> leave it
    </span>
  </p>
)

const Recent = ({ changes }: { readonly changes: CallAnswer<'changes'>['recent'] }) => (
  <section className="part" aria-labelledby="recent">
    <Title order={2} id="recent">
      Recent
    </Title>
    {changes.length === 0 ? (
      <p className="empty">None yet.</p>
    ) : (
      <Table className="flow" verticalSpacing={5} horizontalSpacing="xs" aria-labelledby="recent">
        <Table.Thead>
          <Table.Tr>
            {['Record', 'Change', 'State', 'Decided by', 'When'].map((head) => (
              <Table.Th key={head}>{head}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {changes.map((change) => (
            <Table.Tr key={change.id}>
              <Table.Td>{change.title}</Table.Td>
              <Table.Td>{change.fields.map(({ label, before, after }) => `${label}: ${before ?? 'empty'} → ${after ?? 'empty'}`).join('; ')}</Table.Td>
              <Table.Td>
                <Text size="sm" fw={600} c={STATES[change.state].color}>
                  {STATES[change.state].word}
                </Text>
                {change.outcome !== null && (
                  <Text size="xs" c="dimmed">
                    {change.outcome}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>
                {change.decided?.byName ?? 'nobody'}
                {change.decided !== null && (
                  <Text size="xs" c="dimmed">
                    {change.decided.reason}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>
                <Time at={change.decided?.at ?? change.proposedAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    )}
  </section>
)
