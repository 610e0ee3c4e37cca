import type { Disk } from './disk.ts'
import type { Spread } from './figures.ts'
import type { Appending } from './journal-rounds.ts'
import type { Verified } from './journal-verifier.ts'
import { machine } from './report.ts'

/** Milliseconds from asked to durable; `disk` was measured just before. */
type Timing = { readonly p50: number; readonly p99: number; readonly disk: Disk }
export type Sized = Timing & { readonly sealed: boolean; readonly size: number; readonly perSecond: number }
export type Scattered = Timing & { readonly sealed: boolean; readonly entries: number }

export type Found = {
  readonly began: Date
  readonly loadBefore: readonly number[]
  readonly loadAfter: readonly number[]
  readonly turns: { readonly rounds: number; readonly seconds: number; readonly warmUp: number }
  readonly seconds: number
  readonly rate: number
  readonly rateSeconds: number
  /** Of one entry; the sealed one's ciphertext included. */
  readonly bytes: { readonly clear: number; readonly sealed: number }
  readonly appenders: readonly Appending[]
  readonly open: readonly Scattered[]
  readonly sizes: readonly Sized[]
  readonly verifications: readonly (Verified & { readonly sealed: boolean })[]
  /** What came after the last of them. */
  readonly later: Verified | null
}

const whole = (value: number): string => Math.round(value).toLocaleString('en')
const ms = (value: number): string => value.toFixed(2)
const beside = ({ sealed }: { readonly sealed: boolean }): string => (sealed ? 'one each' : 'none')
const disk = ({ p50, p99 }: Disk): string => `${ms(p50)} / ${ms(p99)}`
const spread = ({ median, min, max }: Spread, shown: (value: number) => string): string => `${shown(median)} (${shown(min)}–${shown(max)})`

export function journalReport(found: Found): string {
  const { began, loadBefore, loadAfter, seconds, rate, rateSeconds, bytes, open, sizes } = found
  return `# What the journal costs

Written by \`npm run bench:journal\`; the next run overwrites it. ${began.toISOString().slice(0, 16).replace('T', ' ')} UTC.
${machine()}. Load average before ${loadBefore.join(' ')}, after ${loadAfter.join(' ')} (the bench's own work is in the latter).
Embedded PostgreSQL, fsync and synchronous_commit on; entries are the events of an answered ask; the tree's hashes are part of each append. V8 has the settings of the gate (\`src/bin/runtime.ts\`).
Ciphertext, one each: the ask as the gate records it, its arguments sealed beside it and appended in the same statement. The ciphertexts are random bytes of the real one's length, made with their digests before the clock runs, no two alike, under keys of 64 people. None: the same ask with its arguments in clear.
Beside the figures stands what one write and fdatasync took on the same disk just before, of an entry's length (${whole(bytes.clear)} bytes, with its ciphertext ${whole(bytes.sealed)}), unless it says otherwise: p50 / p99, milliseconds.

${appendersOf(found)}

## Entries that come when they come: ${whole(rate)} a second, by a Poisson process

About ${rateSeconds} s, once what was appended before is on disk (a checkpoint of PostgreSQL: the loops above leave some twenty times as much as comes here, which would be written
back meanwhile); from when each should have come until it was durable.

| ciphertext | entries | p50 ms | p99 ms | fdatasync |
|---|---|---|---|---|
${open.map((row) => `| ${beside(row)} | ${whole(row.entries)} | ${ms(row.p50)} | ${ms(row.p99)} | ${disk(row.disk)} |`).join('\n')}

## The same append in a growing journal, 16 appenders

A journal of its own for each kind, about ${seconds} s at each size, once what was there is on disk.

| ciphertext | entries there | entries/s | p50 ms | p99 ms | fdatasync |
|---|---|---|---|---|---|
${sizes.map((row) => `| ${beside(row)} | ${whole(row.size)} | ${whole(row.perSecond)} | ${ms(row.p50)} | ${ms(row.p99)} | ${disk(row.disk)} |`).join('\n')}

${verifyingOf(found)}

## What it does not measure

- The vault's sealing (\`bench/vault.ts\`) and the making of its keys; the ciphertexts of changes and drafts, which are longer; verifying any of them (\`journal verify --payloads\`).
- The signer beside it, an archive, other processes that append to the same journal, a database on another machine.
`
}

const appendersOf = ({ turns, appenders }: Found): string => `## Appenders that each wait for their entry to be durable, and the floor under them

One process. The floor is the bare insert: entries of the same bytes, made beforehand, and 32 bytes beside each, into a plain table of the same PostgreSQL, and where
there are ciphertexts, in the same statement, these with their keys' names into another, by the index of their entry; by
one connection and one prepared statement, as many entries a batch as there are appenders, each batch once the last is durable. It has no tree, no head,
no compare-and-swap, no vault, no spelling of events and no appenders: no journal on this server that commits one batch of so many after another can pass it.
${turns.rounds} rounds of about ${turns.seconds} s for each of the two, which take turns at being first, after ${turns.warmUp} such turns of each with 16 appenders, that are not counted. Median of the rounds, lowest and highest in brackets; the ratio is of the
same round; the journal's p50 and p99 are of all rounds together; fdatasync the median of what each round found, for a write as long as an entry and for one as long as a batch.

| ciphertext | appenders | entries/s | floor, entries/s | ratio | p50 ms | p99 ms | fdatasync, an entry | fdatasync, a batch |
|---|---|---|---|---|---|---|---|---|
${appenders
  .map(({ count, sealed, ours, floor, ratio, p50, p99, disk: { entry, batch } }) =>
    [
      beside({ sealed }),
      count,
      spread(ours, whole),
      spread(floor, whole),
      spread(ratio, (value) => value.toFixed(2)),
      ms(p50),
      ms(p99),
      disk(entry),
      disk(batch),
    ].join(' | '),
  )
  .map((row) => `| ${row} |`)
  .join('\n')}`

const verifyingOf = ({ verifications, later }: Found): string => `## Verifying all of it

From the database, every entry hashed, read and compared with the checkpoints, no ciphertext read, each time in a new process. CPU is of all its threads; resident memory is the whole
process's, heap and buffers are its main thread's: the most that was seen, by a look after every page of 1,024 entries, what waits to be collected included; kept
is what heap and buffers still held after the last page, once they were collected.

| ciphertext | entries | entries/s | CPU µs per entry | most resident MB | most heap and buffers MB | kept MB |
|---|---|---|---|---|---|---|
${verifications
  .map(({ sealed, entries, ms: took, cpuUs, residentMb, heapMb, keptMb }) =>
    [beside({ sealed }), whole(entries), whole((entries / took) * 1000), (cpuUs / entries).toFixed(1), whole(residentMb), whole(heapMb), whole(keptMb)].join(
      ' | ',
    ),
  )
  .map((row) => `| ${row} |`)
  .join('\n')}

${later === null ? 'Nothing was verified.' : `With ${whole(later.entries)} entries more, from where the last of them ended: ${whole(later.ms)} ms.`}`
