import { Presets, SingleBar } from 'cli-progress'

/** Work done sooner needs no bar. */
const QUIET_MS = 500

type ProgressBar = { readonly show: (done: number, total: number) => void; readonly end: () => void }
type Terminal = { readonly stream?: NodeJS.WriteStream; readonly now?: () => number }

/** A bar for work that goes on half a second from now, on standard error; nothing where no person looks. `what` is counted, such as `bytes read`. */
export function progressBar(what: string, { stream = process.stderr, now = () => performance.now() }: Terminal = {}): ProgressBar {
  const bar = new SingleBar({ format: `  {bar} {value}/{total} ${what}`, stream, hideCursor: true, clearOnComplete: true }, Presets.shades_classic)
  const from = now()
  let started = false
  return {
    show(done, total) {
      if (started) bar.setTotal(total)
      else if (now() - from < QUIET_MS) return
      else bar.start(total, done)
      started = true
      bar.update(done)
    },
    end: () => started && bar.stop(),
  }
}

/** One bar after another for work in steps, each of which counts something else: `{ reading: 'bytes read', … }`. Half a second from now, whatever the step. */
export function progressSteps<Step extends string>(
  whats: Readonly<Record<Step, string>>,
  terminal: Terminal = {},
): { readonly show: (step: Step, done: number, total: number) => void; readonly end: () => void } {
  const bars = new Map(Object.entries<string>(whats).map(([step, what]) => [step, progressBar(what, terminal)]))
  let current: Step | null = null
  const end = (): void => bars.get(current ?? '')?.end()
  return {
    show(step, done, total) {
      if (step !== current) end()
      current = step
      bars.get(step)?.show(done, total)
    },
    end,
  }
}
