/** One process of the house, running. `ready` is what it tells its supervisor; `stop` finishes what was begun and lets go. */
export type Part = { readonly ready: Readonly<Record<string, string>>; readonly stop: () => Promise<void> }

/** Does `work` again and again, `ms` apart, one at a time; `stop` waits for the one under way. */
export function every(ms: number, work: () => Promise<void>, failed: (cause: unknown) => void): { readonly stop: () => Promise<void> } {
  let ended = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const turn = () => {
    running = work()
      .catch(failed)
      .finally(() => {
        if (!ended) timer = setTimeout(turn, ms)
      })
  }
  turn()
  return {
    stop: async () => {
      ended = true
      clearTimeout(timer)
      await running
    },
  }
}
