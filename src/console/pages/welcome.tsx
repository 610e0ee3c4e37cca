import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { CALLS, PASSPHRASE_CHARS_MIN } from '../../contract/console.ts'
import { ME } from '../answers.ts'
import { ask } from '../ask.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'

/** The first passphrase, with an invitation; then signed in with it. */
export function WelcomePage() {
  const search = useSearch({ from: '/welcome' })
  const client = useQueryClient()
  const navigate = useNavigate()
  const [code, setCode] = useState(search.code ?? '')
  const [passphrase, setPassphrase] = useState('')
  const [again, setAgain] = useState('')
  const [asked, setAsked] = useState(false)
  const short = passphrase.length < PASSPHRASE_CHARS_MIN
  const differs = passphrase !== again
  const begin = useMutation({
    mutationFn: async () => {
      const { person } = await ask(CALLS.setPassphrase, { input: { code: code.trim(), passphrase } })
      return ask(CALLS.signIn, { input: { person, passphrase } })
    },
    onSuccess: async (me) => {
      client.clear()
      client.setQueryData(ME.queryKey, me)
      await navigate({ to: '/', replace: true })
    },
  })
  const shown = { 'aria-label': 'Show the passphrase' }
  return (
    <main className="alone">
      <Page title="Choose your passphrase" keepFocus>
        <Text size="sm" mb="sm">
          Several words you can remember: at least {PASSPHRASE_CHARS_MIN} characters. Your invitation works once.
        </Text>
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            setAsked(true)
            if (!short && !differs && code.trim() !== '') begin.mutate()
          }}
        >
          <Stack gap="sm">
            <TextInput
              label="Invitation code"
              value={code}
              onChange={({ currentTarget }) => setCode(currentTarget.value)}
              autoFocus={search.code === undefined}
            />
            <PasswordInput
              label="Passphrase"
              autoComplete="new-password"
              value={passphrase}
              onChange={({ currentTarget }) => setPassphrase(currentTarget.value)}
              error={asked && short ? `At least ${PASSPHRASE_CHARS_MIN} characters` : undefined}
              visibilityToggleButtonProps={shown}
              autoFocus={search.code !== undefined}
            />
            <PasswordInput
              label="The same again"
              autoComplete="new-password"
              value={again}
              onChange={({ currentTarget }) => setAgain(currentTarget.value)}
              error={asked && differs ? 'Not the same' : undefined}
              visibilityToggleButtonProps={shown}
            />
            <Button type="submit" loading={begin.isPending}>
              Set passphrase and sign in
            </Button>
          </Stack>
        </form>
        {begin.error !== null && <Notice error={begin.error} />}
      </Page>
    </main>
  )
}
