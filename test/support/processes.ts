import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Every process of this machine whose command line names this text, such as a data folder: what a house left running. */
export function processesNaming(text: string): readonly { readonly pid: number; readonly command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), command: commandOf(name) }))
    .filter(({ command }) => command.includes(text))
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** Whether a process still runs: not gone, and not a zombie that nobody has asked about yet. */
export const runs = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

/** A process to send a signal to. Throws for one that is not there: to signal process 0 would be to signal ourselves. */
export function known(pid: number | undefined): number {
  if (pid === undefined || !(pid > 1)) throw new Error(`no process to signal: ${pid}`)
  return pid
}
