import type { UseMutationResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { hasCode } from '../ask.ts'
import { Confirm } from './confirm.tsx'

type Confirmed = { readonly asking: ReactNode; readonly error: Error | null }

/**
 * For an act that wants a fresh confirmation: when the server says so, `asking` is the form for the passphrase, and after it the same act
 * goes on with what was given. `error` is what is left to tell.
 */
export function confirmedFirst<A, V>(act: UseMutationResult<A, Error, V>, why: string, onCancel?: () => void): Confirmed {
  if (!act.isError || !hasCode(act.error, 'confirmation_needed')) return { asking: null, error: act.error }
  const { variables } = act
  return { asking: <Confirm why={why} onDone={() => act.mutate(variables)} onCancel={onCancel} />, error: null }
}
