import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LogFolder } from './log-folder.ts'

/** Where Debian's golang-golang-x-mod-dev puts the checksum database's packages. */
const GOPATH = '/usr/share/gocode'

export type Read = { readonly ok: true; readonly report: Readonly<Record<string, string | number>> } | { readonly ok: false; readonly said: string }

/** A reader of tiled logs that is Go's own, built into `folder`; null where Go or its packages are not installed (`apt-get install golang-go golang-golang-x-mod-dev`). */
export function goReader(folder: string): ((log: LogFolder, every?: number) => Read) | null {
  if (!existsSync(join(GOPATH, 'src/golang.org/x/mod/sumdb/tlog')) || spawnSync('go', ['version']).status !== 0) return null
  const program = join(folder, 'go-reader')
  const env = { ...process.env, GO111MODULE: 'off', GOPATH, GOCACHE: join(folder, 'go-cache') }
  const built = spawnSync('go', ['build', '-o', program, join(import.meta.dirname, 'go', 'main.go')], { env, encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`the Go reader does not build: ${built.stderr}`)
  return (log, every = 1) => {
    const ran = spawnSync(
      program,
      ['-folder', log.folder, '-vkey', log.vkey, '-every', String(every), ...log.witnesses.flatMap((vkey) => ['-witness', vkey])],
      {
        encoding: 'utf8',
      },
    )
    return ran.status === 0 ? { ok: true, report: JSON.parse(ran.stdout) as Readonly<Record<string, string | number>> } : { ok: false, said: ran.stderr.trim() }
  }
}
