import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { EVENTS_PATH, HINTS } from '../contract/console.ts'
import { ME } from './answers.ts'

const AGAIN_MILLISECONDS = 4000

/** Keeps the page as it is in the house: each hint makes its kind stale, and a connection found again makes everything so. Returns whether it is live. */
export function useLive(): boolean {
  const client = useQueryClient()
  const [live, setLive] = useState(false)
  useEffect(() => {
    let source: EventSource
    let timer: number | undefined
    let opened = false
    const open = () => {
      source = new EventSource(EVENTS_PATH)
      source.onopen = () => {
        if (opened) void client.invalidateQueries()
        opened = true
        setLive(true)
      }
      source.onmessage = ({ data }) => {
        if (HINTS.some((hint) => hint === data)) void client.invalidateQueries({ queryKey: [data] })
      }
      source.onerror = () => {
        setLive(false)
        // A refused stream stays closed: perhaps nobody is signed in any more.
        if (source.readyState !== EventSource.CLOSED) return
        void client.invalidateQueries({ queryKey: ME.queryKey })
        timer = window.setTimeout(open, AGAIN_MILLISECONDS)
      }
    }
    open()
    return () => {
      window.clearTimeout(timer)
      source.close()
    }
  }, [client])
  return live
}
