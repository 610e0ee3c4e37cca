import { Button, Group, Loader } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { CallAnswer } from '../../contract/console.ts'
import { journalFrom } from '../answers.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { Time } from '../parts/time.tsx'
import { To } from '../parts/to.tsx'

const LINES = 50

/** The newest entries, live, each as a sentence; older ones by turning back. */
export function JournalPage() {
  const [from, setFrom] = useState<number | null>(null)
  const journal = useQuery(journalFrom(from, LINES))
  const lines = journal.data?.lines ?? []
  const oldest = lines.at(-1)?.index ?? 0
  return (
    <Page title="Journal">
      {journal.isPending && <Loader size="sm" aria-label="Loading" />}
      {journal.error !== null && <Notice error={journal.error} />}
      {journal.data !== undefined && <Head journal={journal.data} />}
      <ol className="lines" aria-label="Entries, newest first">
        {lines.map((line) => (
          <Line key={line.index} line={line} />
        ))}
      </ol>
      <Group mt="sm" gap="xs">
        <Button size="compact-sm" variant="default" disabled={oldest === 0} onClick={() => setFrom(Math.max(0, oldest - LINES))}>
          Older
        </Button>
        <Button size="compact-sm" variant="default" disabled={from === null} onClick={() => setFrom(null)}>
          Newest
        </Button>
      </Group>
    </Page>
  )
}

const Head = ({ journal: { size, root, checkpoint } }: { readonly journal: CallAnswer<'journal'> }) => (
  <dl className="facts">
    <dt>Entries</dt>
    <dd>{size}</dd>
    <dt>Root</dt>
    <dd className="mono">{root}</dd>
    <dt>Checkpoint</dt>
    <dd>
      {checkpoint === null ? (
        'none signed yet'
      ) : (
        <details>
          <summary>
            {checkpoint.size} entries, signed <Time at={checkpoint.signedAt} />
          </summary>
          <pre className="mono">{checkpoint.note}</pre>
        </details>
      )}
    </dd>
  </dl>
)

const Line = ({ line }: { readonly line: CallAnswer<'journal'>['lines'][number] }) => (
  <li className={line.tone}>
    <details>
      <summary>
        <span className="index">{line.index}</span>
        <span className="at">
          <Time at={line.at} />
        </span>
        <span className="text">{line.text}</span>
      </summary>
      {line.correlation !== null && line.tone === 'refused' && (
        <To to="/refusals/$id" params={{ id: line.correlation }}>
          What to do about this refusal
        </To>
      )}
      <pre>{JSON.stringify(line.entry, null, 2)}</pre>
    </details>
  </li>
)
