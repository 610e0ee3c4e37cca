import { expect } from 'vitest'
import { every } from '../../src/bin/parts/part.ts'
import type { FreshJournal } from './journal.ts'

/** Does the work while the journal is signed on and on, as in a house. */
export async function besideSigner<T>({ sign }: Pick<FreshJournal, 'sign'>, work: () => Promise<T>): Promise<T> {
  const troubles: unknown[] = []
  const signer = every(
    200,
    async () => void (await sign()),
    (cause) => void troubles.push(cause),
  )
  try {
    return await work()
  } finally {
    await signer.stop()
    expect(troubles).toEqual([])
  }
}
