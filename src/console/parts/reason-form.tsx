import { Button, Group, TextInput } from '@mantine/core'
import { useState } from 'react'
import { Reason } from '../../contract/console.ts'
import { Notice } from './notice.tsx'

type ReasonGiven = {
  readonly label: string
  readonly placeholder: string
  readonly act: string
  readonly color?: string
  readonly busy: boolean
  /** The passphrase is asked for first: what was typed stays as it is. */
  readonly held?: boolean
  /** False where the form stands on the page before anyone asked for it. */
  readonly focus?: boolean
  readonly error: unknown
  readonly onAct: (reason: string) => void
  readonly onCancel?: () => void
}

/** Why, then do it: Enter does, Escape does not. Nothing is sent without a reason. */
export function ReasonForm({ label, placeholder, act, color, busy, held = false, focus = true, error, onAct, onCancel }: ReasonGiven) {
  const [reason, setReason] = useState('')
  const [asked, setAsked] = useState(false)
  const read = Reason.safeParse(reason)
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        setAsked(true)
        if (read.success && !busy && !held) onAct(read.data)
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        onCancel?.()
      }}
    >
      <Group align="flex-start" gap="xs" wrap="wrap">
        <TextInput
          className="reason"
          label={label}
          placeholder={placeholder}
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
          error={asked && !read.success ? 'Say why, in a few words at least' : undefined}
          maxLength={500}
          readOnly={held}
          required
          data-autofocus={focus}
          autoFocus={focus}
        />
        <Group gap="xs" mt={24}>
          <Button type="submit" loading={busy} disabled={held} {...(color !== undefined && { color })}>
            {act}
          </Button>
          {onCancel && (
            <Button variant="default" onClick={onCancel}>
              Cancel
            </Button>
          )}
        </Group>
      </Group>
      {error !== null && error !== undefined && <Notice error={error} />}
    </form>
  )
}
