import { Presets, SingleBar } from 'cli-progress'

/** A bar on standard error for work of over two seconds; nothing where no person looks. */
export function progressBar(what: string): { readonly show: (done: number, total: number) => void; readonly end: () => void } {
  if (!process.stderr.isTTY) return { show: () => undefined, end: () => undefined }
  const bar = new SingleBar(
    { format: `  {bar} {value}/{total} ${what}`, stream: process.stderr, hideCursor: true, clearOnComplete: true },
    Presets.shades_classic,
  )
  let started = false
  return {
    show(done, total) {
      if (!started) bar.start(total, done)
      else bar.setTotal(total)
      started = true
      bar.update(done)
    },
    end: () => started && bar.stop(),
  }
}
