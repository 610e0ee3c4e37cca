import { useEffect, useState } from 'react'
import { fullTimeOf, spanOf, timeOf } from '../time.ts'

/** The present, moving on every `everySeconds`. */
export function useNow(everySeconds = 20): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everySeconds * 1000)
    return () => clearInterval(timer)
  }, [everySeconds])
  return now
}

export function Time({ at }: { readonly at: number }) {
  const now = useNow()
  return (
    <time dateTime={new Date(at).toISOString()} title={fullTimeOf(at)}>
      {timeOf(at, now)}
    </time>
  )
}

export function Ago({ at }: { readonly at: number }) {
  const now = useNow()
  return (
    <time dateTime={new Date(at).toISOString()} title={fullTimeOf(at)}>
      {spanOf(now - at)} ago
    </time>
  )
}

export function Until({ at }: { readonly at: number }) {
  const now = useNow()
  return (
    <time dateTime={new Date(at).toISOString()} title={fullTimeOf(at)}>
      {at > now ? `in ${spanOf(at - now)}` : `${spanOf(now - at)} ago`}
    </time>
  )
}
