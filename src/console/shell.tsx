import { Badge, Button, Loader, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { CALLS } from '../contract/console.ts'
import { CHANGES, ME, REQUESTS } from './answers.ts'
import { ask, hasCode } from './ask.ts'
import { useLive } from './live.ts'
import { Notice } from './parts/notice.tsx'

/** Around every page of the signed-in: where one can go, who one is, and whether the page is live. */
export function Shell() {
  const me = useQuery(ME)
  if (hasCode(me.error, 'sign_in_required')) return <ToSignIn />
  if (me.data === undefined) return <main className="alone">{me.error === null ? <Loader aria-label="Loading" /> : <Notice error={me.error} />}</main>
  return (
    <div className="shell">
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <Side name={me.data.name} isApprover={me.data.isApprover} />
      <main id="page" tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  )
}

/** Away to the sign-in, once, and from there back to where one was. */
function ToSignIn() {
  const navigate = useNavigate()
  const [from] = useState(useLocation().href)
  useEffect(() => {
    void navigate({ to: '/sign-in', search: from === '/' ? {} : { back: from }, replace: true })
  }, [navigate, from])
  return null
}

const PLACES = [
  ['/', 'Pilot'],
  ['/changes', 'Changes'],
  ['/drafts', 'Drafts'],
  ['/sessions', 'Sessions'],
  ['/requests', 'Requests'],
  ['/journal', 'Journal'],
  ['/devices', 'Devices'],
] as const

function Side({ name, isApprover }: { readonly name: string; readonly isApprover: boolean }) {
  const live = useLive()
  const waits: Readonly<Record<string, number>> = {
    '/changes': useQuery(CHANGES).data?.waiting.length ?? 0,
    '/requests': useQuery(REQUESTS).data?.open.filter(({ mayAnswer }) => mayAnswer).length ?? 0,
  }
  return (
    <div className="side">
      <Text className="mark" component="span">
        Gatehouse
      </Text>
      <nav aria-label="Console">
        {PLACES.map(([to, title]) => (
          <Link key={to} to={to} className="place" activeOptions={{ exact: to === '/' }} activeProps={{ 'aria-current': 'page' }}>
            {title}
            <Waiting count={waits[to] ?? 0} />
          </Link>
        ))}
      </nav>
      <div className="self">
        <Text size="sm" fw={600}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          {isApprover ? 'Approver' : 'Employee'}
        </Text>
        <SignOut />
        <Text size="xs" c="dimmed" role="status" className={live ? 'live on' : 'live'}>
          {live ? 'Live' : 'Connecting …'}
        </Text>
      </div>
    </div>
  )
}

const Waiting = ({ count }: { readonly count: number }) =>
  count > 0 && (
    <Badge size="sm" variant="filled" circle={count < 10} aria-label={`${count} waiting`}>
      {count}
    </Badge>
  )

function SignOut() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const leave = useMutation({
    mutationFn: () => ask(CALLS.signOut, { input: {} }),
    onSuccess: async () => {
      client.clear()
      await navigate({ to: '/sign-in' })
    },
  })
  return (
    <>
      <Button size="compact-xs" variant="default" mt={6} onClick={() => leave.mutate()} loading={leave.isPending}>
        Sign out
      </Button>
      {leave.error !== null && (
        <Text size="xs" role="alert">
          Not signed out: try again
        </Text>
      )}
    </>
  )
}
