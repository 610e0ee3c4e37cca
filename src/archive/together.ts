import { done, type Outcome } from '../base/outcome.ts'

/** Does the work for each item, at most `limit` at once, begun in order. The first refusal stops what has not begun, and is returned once the rest ended. */
export async function together<T, R>(limit: number, items: readonly T[], work: (item: T) => Promise<Outcome<unknown, R>>): Promise<Outcome<null, R>> {
  let next = 0
  let refused: Outcome<never, R> | null = null
  const worker = async (): Promise<void> => {
    while (refused === null && next < items.length) {
      const item = items[next++] as T
      const outcome = await work(item)
      if (!outcome.ok) refused ??= outcome
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  return refused ?? done(null)
}
