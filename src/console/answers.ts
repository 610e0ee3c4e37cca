import { QueryCache, QueryClient, queryOptions } from '@tanstack/react-query'
import { CALLS } from '../contract/console.ts'
import { ask, hasCode, Refused } from './ask.ts'

/** What the page has asked and keeps while it is looked at. The first word of a key is the hint that makes it stale. */
export const ME = queryOptions({ queryKey: ['me'], queryFn: () => ask(CALLS.me, { input: {} }) })
export const PILOT = queryOptions({ queryKey: ['pilot'], queryFn: () => ask(CALLS.pilot, { input: {} }) })
export const CHANGES = queryOptions({ queryKey: ['changes'], queryFn: () => ask(CALLS.changes, { input: {} }) })
export const DRAFTS = queryOptions({ queryKey: ['drafts'], queryFn: () => ask(CALLS.drafts, { input: {} }) })
export const SESSIONS = queryOptions({ queryKey: ['sessions'], queryFn: () => ask(CALLS.sessions, { input: {} }) })
export const REQUESTS = queryOptions({ queryKey: ['requests'], queryFn: () => ask(CALLS.requests, { input: {} }) })
export const DEVICES = queryOptions({ queryKey: ['devices'], queryFn: () => ask(CALLS.devices, { input: {} }) })
export const journalFrom = (from: number | null, limit: number) =>
  queryOptions({
    queryKey: ['journal', from, limit],
    queryFn: () => ask(CALLS.journal, { input: { ...(from !== null && { from: String(from) }), limit: String(limit) } }),
    placeholderData: (before) => before,
  })
export const refusalOf = (id: string) => queryOptions({ queryKey: ['requests', 'refusal', id], queryFn: () => ask(CALLS.refusal, { id, input: {} }) })
export const linkOf = (id: string) => queryOptions({ queryKey: ['links', id], queryFn: () => ask(CALLS.link, { id, input: {} }) })

/** Refusals are not tried again; a server that cannot be reached is, by the next hint or look. A lost sign-in shows at once, wherever it is met. */
export function queryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    defaultOptions: { queries: { retry: (count, error) => !(error instanceof Refused) && count < 2, staleTime: 5000 } },
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (hasCode(error, 'sign_in_required') && query.queryKey[0] !== 'me') void client.invalidateQueries({ queryKey: ME.queryKey })
      },
    }),
  })
  return client
}
