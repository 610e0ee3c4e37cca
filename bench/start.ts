import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'

export type Start = { readonly coldSeconds: number; readonly warmSeconds: number }

const READY = "Gatehouse's pilot stands"

/** Seconds from the command to the printed instructions, of the pilot as a person starts it: in an empty folder, and once more in the same. */
export async function timeStart(dataFolder: string, port: number): Promise<Start> {
  const coldSeconds = await startOnce(dataFolder, port)
  return { coldSeconds, warmSeconds: await startOnce(dataFolder, port) }
}

async function startOnce(dataFolder: string, port: number): Promise<number> {
  const began = performance.now()
  const pilot = spawn(process.execPath, [resolve(import.meta.dirname, '../src/bin/gatehouse.ts'), 'pilot', '--data', dataFolder, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(pilot, 'exit')
  let said = ''
  const ready = new Promise<number>((stands) => {
    pilot.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes(READY)) stands((performance.now() - began) / 1000)
    })
  })
  const seconds = await Promise.race([ready, ended.then(() => null)])
  if (seconds === null) throw new Error(`the pilot ended before it was ready:\n${said}`)
  pilot.kill('SIGINT')
  await ended
  return seconds
}
