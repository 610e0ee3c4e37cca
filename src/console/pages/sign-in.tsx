import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { CALLS } from '../../contract/console.ts'
import { ME } from '../answers.ts'
import { ask } from '../ask.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'

export function SignInPage() {
  const { back } = useSearch({ from: '/sign-in' })
  const client = useQueryClient()
  const router = useRouter()
  const [person, setPerson] = useState('')
  const [passphrase, setPassphrase] = useState('')
  const enter = useMutation({
    mutationFn: () => ask(CALLS.signIn, { input: { person: person.trim(), passphrase } }),
    onSuccess: (me) => {
      // What the one before may have seen is not this person's to see.
      client.clear()
      client.setQueryData(ME.queryKey, me)
      router.history.push(ownPath(back))
    },
  })
  return (
    <main className="alone">
      <Page title="Sign in" keepFocus>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (person.trim() !== '' && passphrase !== '') enter.mutate()
          }}
        >
          <Stack gap="sm">
            <TextInput
              label="Name"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              value={person}
              onChange={({ currentTarget }) => setPerson(currentTarget.value)}
              autoFocus
            />
            <PasswordInput
              label="Passphrase"
              autoComplete="current-password"
              value={passphrase}
              onChange={({ currentTarget }) => setPassphrase(currentTarget.value)}
              visibilityToggleButtonProps={{ 'aria-label': 'Show the passphrase' }}
            />
            <Button type="submit" loading={enter.isPending}>
              Sign in
            </Button>
          </Stack>
        </form>
        {enter.error !== null && <Notice error={enter.error} />}
        <Text size="xs" c="dimmed" mt="md">
          First time here? Open the link of your invitation.
        </Text>
      </Page>
    </main>
  )
}

/** Where to go on: only ever a path of this console, whatever the address says. */
function ownPath(back: string | undefined): string {
  if (back === undefined || !URL.canParse(back, location.origin)) return '/'
  const url = new URL(back, location.origin)
  return url.origin === location.origin ? `${url.pathname}${url.search}` : '/'
}
