import { Button, Group, Loader } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { CALLS, type CallAnswer } from '../../contract/console.ts'
import { journalFrom } from '../answers.ts'
import { ask } from '../ask.ts'
import { keepFile } from '../keep-file.ts'
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

const Head = ({ journal: { size, root, checkpoint, publishedSize, witness } }: { readonly journal: CallAnswer<'journal'> }) => (
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
    <dt>Archive</dt>
    <dd>{publishedSize === null ? 'cannot be read, or nothing is published yet' : `${publishedSize} entries published`}</dd>
    <dt>Witness</dt>
    <dd className={`witness ${witness.state}`}>{witness.text}</dd>
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
      <Receipt index={line.index} />
      <pre>{JSON.stringify(line.entry, null, 2)}</pre>
    </details>
  </li>
)

/** Proof that the entry stands in the journal, as a file to keep: `gatehouse receipt verify` and any C2SP verifier check it. */
function Receipt({ index }: { readonly index: number }) {
  const receipt = useMutation({ mutationFn: () => ask(CALLS.receipt, { id: String(index), input: {} }), onSuccess: ({ name, text }) => keepFile(name, text) })
  return (
    <>
      <Button size="compact-xs" variant="default" loading={receipt.isPending} onClick={() => receipt.mutate()}>
        Download receipt
      </Button>
      {receipt.error !== null && <Notice error={receipt.error} />}
    </>
  )
}
