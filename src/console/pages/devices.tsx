import { Button, Code, CopyButton, Group, Table, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { CALLS, type CallAnswer } from '../../contract/console.ts'
import { DEVICES } from '../answers.ts'
import { ask } from '../ask.ts'
import { confirmedFirst } from '../parts/confirmed.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { ReasonForm } from '../parts/reason-form.tsx'
import { Time, Until } from '../parts/time.tsx'

/** A code for one device of one's own, and the command that uses it. It is shown here and kept nowhere. */
export function DevicesPage() {
  const invite = useMutation({ mutationFn: () => ask(CALLS.inviteDevice, { input: {} }), gcTime: 0 })
  const { asking, error } = confirmedFirst(invite, 'Whoever has a code enrols a device in your name, so it is given to you alone: type your passphrase.')
  return (
    <Page title="Devices">
      <Text mb="sm">
        A device is enrolled once. It makes its own key, which never leaves it; from then on agents on it may ask you for sessions. The code is yours: whoever
        has it can enrol a device in your name.
      </Text>
      {asking ?? (
        <Button onClick={() => invite.mutate()} loading={invite.isPending} variant={invite.data === undefined ? 'filled' : 'default'}>
          {invite.data === undefined ? 'Enrol a device' : 'Another code'}
        </Button>
      )}
      {error !== null && <Notice error={error} />}
      {invite.data !== undefined && (
        <section className="part" role="status">
          <Text size="sm">On that device, in a terminal:</Text>
          <code className="command mono">{invite.data.command}</code>
          <Group gap="sm">
            <CopyButton value={invite.data.command}>
              {({ copied, copy }) => (
                <Button size="compact-sm" variant="default" onClick={copy}>
                  {copied ? 'Copied' : 'Copy the command'}
                </Button>
              )}
            </CopyButton>
            <Text size="sm">
              Code <Code>{invite.data.code}</Code>, for one device, ends <Until at={invite.data.expiresAt} />.
            </Text>
          </Group>
        </section>
      )}
      <OwnDevices />
    </Page>
  )
}

type Device = CallAnswer<'devices'>['devices'][number]

/** The devices one enrolled, and a way to trust one no more: its sessions end with it. */
function OwnDevices() {
  const devices = useQuery(DEVICES)
  const [revoking, setRevoking] = useState<Device | null>(null)
  if (devices.error !== null) return <Notice error={devices.error} />
  if (devices.data === undefined || devices.data.devices.length === 0) return null
  return (
    <section className="part" aria-label="Your devices">
      <Table className="flow" verticalSpacing={6} horizontalSpacing="xs" aria-label="Your devices">
        <Table.Tbody>
          {devices.data.devices.map((device) => (
            <Table.Tr key={device.id}>
              <Table.Td>{device.name}</Table.Td>
              <Table.Td>{device.platform}</Table.Td>
              <Table.Td>
                enrolled <Time at={device.enrolledAt} />
              </Table.Td>
              <Table.Td ta="right">
                {device.revokedAt !== null ? (
                  <>
                    revoked <Time at={device.revokedAt} />
                  </>
                ) : (
                  <Button size="compact-sm" variant="default" onClick={() => setRevoking(device)} aria-label={`Revoke ${device.name}`}>
                    Revoke
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {revoking !== null && <RevokeDevice device={revoking} onDone={() => setRevoking(null)} />}
    </section>
  )
}

function RevokeDevice({ device, onDone }: { readonly device: Device; readonly onDone: () => void }) {
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: (why: string) => ask(CALLS.revokeDevice, { id: device.id, input: { why } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: DEVICES.queryKey })
      onDone()
    },
  })
  return (
    <ReasonForm
      label={`Why you revoke ${device.name}`}
      placeholder="It is trusted no more; its sessions end at once"
      act="Revoke now"
      color="red.9"
      busy={revoke.isPending}
      error={revoke.error}
      onAct={(why) => revoke.mutate(why)}
      onCancel={onDone}
    />
  )
}
