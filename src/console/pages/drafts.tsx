import { Loader, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { DRAFTS } from '../answers.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { Time } from '../parts/time.tsx'
import { To } from '../parts/to.tsx'

export function DraftsPage() {
  const drafts = useQuery(DRAFTS)
  return (
    <Page title="Drafts">
      <p>Labels and letters that your agents prepared without seeing whom they are for.</p>
      {drafts.isPending && <Loader size="sm" aria-label="Loading" />}
      {drafts.error !== null && <Notice error={drafts.error} />}
      {drafts.data?.drafts.length === 0 && <p className="empty">None. Ask your agent for a return label or a reply.</p>}
      {drafts.data !== undefined && drafts.data.drafts.length > 0 && (
        <Table className="flow" verticalSpacing={5} horizontalSpacing="xs" aria-label="Drafts">
          <Table.Thead>
            <Table.Tr>
              {['Draft', 'Kind', 'Agent', 'Prepared'].map((head) => (
                <Table.Th key={head}>{head}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {drafts.data.drafts.map(({ id, title, kind, agent, preparedAt, revoked }) => (
              <Table.Tr key={id}>
                <Table.Td>
                  <To to="/drafts/$id" params={{ id }}>
                    {title}
                  </To>
                  {revoked !== null && (
                    <Text size="xs" c="dimmed">
                      its session was revoked
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>{kind === 'label' ? 'Label' : 'Letter'}</Table.Td>
                <Table.Td>{agent.name}</Table.Td>
                <Table.Td>
                  <Time at={preparedAt} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Page>
  )
}
