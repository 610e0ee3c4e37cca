import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { canonical, type Json } from '../base/canonical.ts'
import type { Outcome } from '../base/outcome.ts'
import { Offer } from '../contract/connector.ts'
import type { GateClient } from './gate-client.ts'
import { writePrivate } from './private-file.ts'
import type { Sessions } from './session.ts'
import { parsed } from './session-calls.ts'
import type { Setback } from './setback.ts'
import type { Operation } from './tool.ts'

/** What the gate offers this device, or this session once there is one. */
export type Offers = {
  /** The newest list to be had soon: asked now, else the last one known, also from before this start. Empty when there never was one. */
  readonly list: () => Promise<readonly Operation[]>
  /** Asks the gate again, once for all who call; `changed` is called when the list is another. True when the gate answered. */
  readonly refresh: () => Promise<boolean>
}

type Given = {
  readonly gate: GateClient
  readonly gateUrl: string
  readonly home: string
  readonly sessions: Sessions
  readonly changed: () => void
  readonly log: (line: string) => void
}

const SOON_MS = 3_000
/** Kept so that a client that starts while the gate is away still shows the tools. It grants nothing: the gate judges each ask. */
const Kept = z.object({ gate: z.string(), operations: Offer.shape.operations })

export function openOffers(given: Given): Offers {
  const path = join(given.home, 'offer.json')
  let known = readKept(path, given.gateUrl)
  let asking: Promise<boolean> | undefined
  let said = ''

  async function ask(): Promise<boolean> {
    const answer = await askOffer(given.gate, given.sessions)
    if (!answer.ok) {
      const why = answer.refusal.kind === 'refused' ? answer.refusal.refused.detail : answer.refusal.detail
      if (why !== said) given.log(`the list of operations could not be read: ${why}`)
      said = why
      return false
    }
    said = ''
    const fresh = answer.value.operations
    const isNew = spell(fresh) !== spell(known)
    known = fresh
    if (isNew) {
      writePrivate(path, JSON.stringify({ gate: given.gateUrl, operations: fresh }))
      given.changed()
    }
    return true
  }

  const refresh = () => (asking ??= ask().finally(() => (asking = undefined)))
  return {
    refresh,
    list: async () => {
      await (known.length > 0 ? Promise.race([refresh(), soon()]) : refresh())
      return known
    },
  }
}

/** With the session's token when there is one, else, or when that is turned back, with the device's proof alone. */
async function askOffer(gate: GateClient, sessions: Sessions): Promise<Outcome<z.infer<typeof Offer>, Setback>> {
  const request = { method: 'GET', path: '/v1/operations' } as const
  const state = sessions.state()
  if (state.phase !== 'open') return parsed(Offer, await gate.ask(request))
  const answer = await gate.ask({ ...request, accessToken: state.accessToken })
  if (answer.ok || answer.refusal.kind !== 'refused' || answer.refusal.refused.status !== 401) return parsed(Offer, answer)
  sessions.turnedBack(state.accessToken, answer.refusal.refused.code, answer.refusal.refused.detail)
  return parsed(Offer, await gate.ask(request))
}

function readKept(path: string, gateUrl: string): readonly Operation[] {
  try {
    const kept = Kept.parse(JSON.parse(readFileSync(path, 'utf8')))
    return kept.gate === gateUrl ? kept.operations : []
  } catch {
    // Absent or broken is the same here: the gate has the true list.
    return []
  }
}

const spell = (operations: readonly Operation[]): string => canonical(operations as unknown as Json)
const soon = (): Promise<void> => new Promise((pass) => setTimeout(pass, SOON_MS).unref())
