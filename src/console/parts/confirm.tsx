import { Button, Group, PasswordInput, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { CALLS } from '../../contract/console.ts'
import { ME } from '../answers.ts'
import { ask } from '../ask.ts'
import { Notice } from './notice.tsx'

type ConfirmGiven = { readonly why: string; readonly onDone: () => void; readonly onCancel?: (() => void) | undefined }

/** The passphrase again, for what must be done by the person and not by an open browser. Escape leaves it. */
export function Confirm({ why, onDone, onCancel }: ConfirmGiven) {
  const client = useQueryClient()
  const [passphrase, setPassphrase] = useState('')
  const confirm = useMutation({
    mutationFn: () => ask(CALLS.confirm, { input: { passphrase } }),
    onSuccess: (me) => {
      setPassphrase('')
      client.setQueryData(ME.queryKey, me)
      onDone()
    },
  })
  return (
    <form
      className="confirm"
      onSubmit={(event) => {
        event.preventDefault()
        if (passphrase !== '') confirm.mutate()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel?.()
      }}
    >
      <Text size="sm" mb="xs">
        {why}
      </Text>
      <Group align="flex-end" gap="xs">
        <PasswordInput
          label="Your passphrase"
          autoComplete="current-password"
          value={passphrase}
          onChange={({ currentTarget }) => setPassphrase(currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the passphrase' }}
          w={280}
          autoFocus
        />
        <Button type="submit" loading={confirm.isPending}>
          Confirm
        </Button>
      </Group>
      {confirm.error !== null && <Notice error={confirm.error} />}
    </form>
  )
}
