import { Button, Code, CopyButton, Group, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { CALLS } from '../../contract/console.ts'
import { ask } from '../ask.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { Until } from '../parts/time.tsx'

/** A code for one device of one's own, and the command that uses it. It is shown here and kept nowhere. */
export function DevicesPage() {
  const invite = useMutation({ mutationFn: () => ask(CALLS.inviteDevice, { input: {} }), gcTime: 0 })
  return (
    <Page title="Devices">
      <Text mb="sm">
        A device is enrolled once. It makes its own key, which never leaves it; from then on agents on it may ask you for sessions. The code is yours: whoever
        has it can enrol a device in your name.
      </Text>
      <Button onClick={() => invite.mutate()} loading={invite.isPending} variant={invite.data === undefined ? 'filled' : 'default'}>
        {invite.data === undefined ? 'Enrol a device' : 'Another code'}
      </Button>
      {invite.error !== null && <Notice error={invite.error} />}
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
    </Page>
  )
}
