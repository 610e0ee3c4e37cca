import { Button, Group, Loader, Radio, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { CALLS, type CallAnswer } from '../../contract/console.ts'
import { CONFIRMED_SECONDS } from '../../model/confirmation.ts'
import { linkOf, ME } from '../answers.ts'
import { ask, hasCode } from '../ask.ts'
import { Confirm } from '../parts/confirm.tsx'
import { fewOf } from '../parts/few.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { Until } from '../parts/time.tsx'

/** An agent on one of the person's devices wants a session: they see which, choose what for, and say yes or no. */
export function LinkPage() {
  const { code } = useSearch({ from: '/inside/link' })
  return (
    <Page title="An agent wants a session" keepFocus={code === undefined}>
      {code === undefined ? <AskCode /> : <Pending code={code} />}
    </Page>
  )
}

function AskCode() {
  const navigate = useNavigate()
  const [code, setCode] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (code.trim() !== '') void navigate({ to: '/link', search: { code: code.trim().toUpperCase() } })
      }}
    >
      <Group align="flex-end" gap="xs">
        <TextInput label="The code your agent shows" value={code} onChange={({ currentTarget }) => setCode(currentTarget.value)} autoFocus autoComplete="off" />
        <Button type="submit">Go on</Button>
      </Group>
    </form>
  )
}

function Pending({ code }: { readonly code: string }) {
  const [said, setSaid] = useState<'allowed' | 'denied' | null>(null)
  const link = useQuery({ ...linkOf(code), refetchOnWindowFocus: false, enabled: said === null })
  if (said !== null) {
    return (
      <Text role="status" fw={600}>
        {said === 'allowed' ? 'The session is open. Go back to your agent; it goes on by itself.' : 'Denied. The agent gets nothing.'}
      </Text>
    )
  }
  if (link.error !== null) return <Notice error={link.error} />
  if (link.data === undefined) return <Loader size="sm" aria-label="Loading" />
  return (
    <>
      <About link={link.data} />
      <Choose link={link.data} onSaid={setSaid} />
    </>
  )
}

function About({ link: { agent, deviceName, posture, userCode, expiresAt } }: { readonly link: CallAnswer<'link'> }) {
  const claims = [
    `${posture.platform} ${posture.osVersion}`,
    posture.diskEncrypted ? 'disk encrypted' : 'disk not encrypted',
    posture.firewallOn ? 'firewall on' : 'firewall off',
  ]
  return (
    <dl className="facts">
      <dt>Agent</dt>
      <dd>
        <b>{agent.name}</b> {agent.version}, as it says itself
      </dd>
      <dt>Device</dt>
      <dd>{deviceName}</dd>
      <dt>{posture.assurance === 'self' ? 'As the device says, not verified' : 'Attested'}</dt>
      <dd>{claims.join(', ')}</dd>
      <dt>Code</dt>
      <dd>
        <span className="mono">{userCode}</span>, the same as your agent shows
      </dd>
      <dt>Waits</dt>
      <dd>
        ends <Until at={expiresAt} />
      </dd>
    </dl>
  )
}

function Choose({ link, onSaid }: { readonly link: CallAnswer<'link'>; readonly onSaid: (said: 'allowed' | 'denied') => void }) {
  const { useCases: offered } = link
  const me = useQuery(ME).data
  const [chosen, setChosen] = useState(offered.length === 1 ? (offered[0]?.id ?? '') : '')
  const grant = useMutation({
    mutationFn: () => ask(CALLS.grantSession, { id: link.userCode, input: { useCase: chosen } }),
    onSuccess: () => onSaid('allowed'),
  })
  const deny = useMutation({ mutationFn: () => ask(CALLS.denySession, { id: link.userCode, input: {} }), onSuccess: () => onSaid('denied') })
  const [looked] = useState(Date.now)
  // The server judges by its own clock; this only spares the person a button that would not work.
  const unsure = hasCode(grant.error, 'confirmation_needed') || (me !== undefined && looked - me.confirmedAt > CONFIRMED_SECONDS * 1000)
  const error = hasCode(grant.error, 'confirmation_needed') ? deny.error : (grant.error ?? deny.error)
  return (
    <section aria-label="Your decision">
      {offered.length === 0 && <Text role="alert">No use case is assigned to you, so no session can be opened. Ask the owner of the work for one.</Text>}
      <Radio.Group value={chosen} onChange={setChosen} label="What is it for?" mb="md">
        <Stack gap={6} mt={6}>
          {offered.map(({ id, title, accounts }) => (
            <Radio key={id} value={id} label={title} description={`Accounts: ${fewOf(accounts)}`} />
          ))}
        </Stack>
      </Radio.Group>
      {unsure && <Confirm why="A session is opened by you, not by an open browser: type your passphrase again." onDone={() => grant.reset()} />}
      <Group gap="xs">
        <Button disabled={chosen === '' || unsure} loading={grant.isPending} onClick={() => grant.mutate()}>
          Allow for an hour at most
        </Button>
        <Button variant="default" loading={deny.isPending} onClick={() => deny.mutate()}>
          Deny
        </Button>
      </Group>
      {error !== null && <Notice error={error} />}
    </section>
  )
}
