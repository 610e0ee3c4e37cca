import { once } from 'node:events'
import type { JournalHouse } from './journal-house.ts'
import type { FromVerifier, ToVerifier, Verified } from './journal-verifier.ts'
import { nextMessage, startProcess } from './process.ts'

/** The whole journal, verified in a process that did nothing before; and then what `later` adds, from where that ended. */
export async function verified(house: JournalHouse, later: () => Promise<void>): Promise<{ readonly all: Verified; readonly later: Verified }> {
  await house.sign()
  const child = startProcess('journal-verifier.ts', ['--expose-gc'])
  const ended = once(child, 'exit')
  const order = (message: ToVerifier): boolean => child.send(message)
  const verify = async (): Promise<Verified> => {
    order({ type: 'verify' })
    const answer = (await nextMessage(child)) as FromVerifier
    if (answer.type === 'failed') throw new Error(answer.why)
    return answer.verified
  }
  try {
    order({ type: 'open', url: house.url, vkey: house.vkey })
    const all = await verify()
    await later()
    return { all, later: await verify() }
  } finally {
    if (child.connected) child.disconnect()
    await ended
  }
}
