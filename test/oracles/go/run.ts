/** Has Go's checksum-database packages read a log of 70,000 entries that our archive's tiler published, and keeps what they report: `node test/oracles/go/run.ts`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { goReader } from '../go-reader.ts'
import { publishLog } from '../log-folder.ts'

const SIZE = 70_000
const EVERY = 7
const evidence = join(import.meta.dirname, '../../../docs/evidence')
const room = mkdtempSync(join(tmpdir(), 'gatehouse-go-'))
try {
  const read = goReader(room)
  if (!read) throw new Error('Go and golang.org/x/mod are not installed: apt-get install golang-go golang-golang-x-mod-dev')
  const older = [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, SIZE - 1]
  const log = await publishLog({ folder: room, size: SIZE, older, receipts: [0, 1, 255, 256, 65_535, 65_536, SIZE - 1] })
  const began = performance.now()
  const seen = read(log, EVERY)
  if (!seen.ok) throw new Error(seen.said)
  const about =
    'A log that src/archive published to a folder, read and proven by Go: every entry hashed, every seventh proven, every seventh older tree proven a prefix. Made by test/oracles/go/run.ts.'
  const report = { about, on: new Date().toISOString(), provenEvery: EVERY, seconds: Math.round((performance.now() - began) / 100) / 10, ...seen.report }
  mkdirSync(evidence, { recursive: true })
  writeFileSync(join(evidence, 'go-reads-our-log.json'), `${JSON.stringify(report, null, 2)}\n`)
} finally {
  rmSync(room, { recursive: true, force: true })
}
