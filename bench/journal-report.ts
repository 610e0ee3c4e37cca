import type { Disk } from './disk.ts'
import { machine } from './report.ts'

/** Milliseconds from asked to durable, and how many a second; `disk` was measured just before. */
export type Timing = { readonly perSecond: number; readonly p50: number; readonly p99: number; readonly disk: Disk }
export type Appending = Timing & { readonly count: number }

export type Found = {
  readonly began: Date
  readonly loadBefore: readonly number[]
  readonly loadAfter: readonly number[]
  readonly seconds: number
  readonly rate: number
  readonly entryBytes: number
  readonly appenders: readonly Appending[]
  readonly open: Omit<Timing, 'perSecond'> & { readonly entries: number }
  readonly sizes: readonly (Timing & { readonly size: number })[]
  readonly verified: {
    readonly entries: number
    readonly perSecond: number
    /** Of all threads of the process; the database's own is not in it. */
    readonly cpuUsPerEntry: number
    readonly mostMb: number
    readonly later: { readonly entries: number; readonly ms: number }
  }
}

const whole = (value: number): string => Math.round(value).toLocaleString('en')
const ms = (value: number): string => value.toFixed(2)

export function journalReport({ began, loadBefore, loadAfter, seconds, rate, entryBytes, appenders, open, sizes, verified }: Found): string {
  return `# What the journal costs

Written by \`npm run bench:journal\`; the next run overwrites it. ${began.toISOString().slice(0, 16).replace('T', ' ')} UTC.
${machine()}. Load average before ${loadBefore.join(' ')}, after ${loadAfter.join(' ')} (the bench's own work is in the latter).
Embedded PostgreSQL, fsync and synchronous_commit on; entries are the events of an answered ask, without the ciphertext that the gate keeps beside them; the tree's hashes are part of each append.
Beside each figure stands what one write and fdatasync of ${whole(entryBytes)} bytes, an entry's length, took on the same disk just before: p50 / p99, milliseconds.

## Appenders that each wait for their entry to be durable

About ${seconds} s each, one process.

| appenders | entries/s | p50 ms | p99 ms | fdatasync |
|---|---|---|---|---|
${appenders.map((row) => `| ${row.count} | ${whole(row.perSecond)} | ${ms(row.p50)} | ${ms(row.p99)} | ${disk(row.disk)} |`).join('\n')}

## Entries that come when they come: ${whole(rate)} a second, by a Poisson process

${whole(open.entries)} entries; from when each should have come until it was durable: p50 ${ms(open.p50)} ms, p99 ${ms(open.p99)} ms; fdatasync ${disk(open.disk)}.

## The same append in a growing journal, 16 appenders

| entries there | entries/s | p50 ms | p99 ms | fdatasync |
|---|---|---|---|---|
${sizes.map((row) => `| ${whole(row.size)} | ${whole(row.perSecond)} | ${ms(row.p50)} | ${ms(row.p99)} | ${disk(row.disk)} |`).join('\n')}

## Verifying all of it

${whole(verified.entries)} entries from the database, every one hashed, read and compared with the checkpoints: ${whole(verified.perSecond)} entries/s,
${verified.cpuUsPerEntry.toFixed(1)} µs of CPU for each in all threads of the process; it held at most ${whole(verified.mostMb)} MB. With ${whole(verified.later.entries)} entries more, from where that ended: ${whole(verified.later.ms)} ms.

## What it does not measure

- The vault's sealing and its ciphertexts (\`bench/vault.ts\`), the signer beside it, an archive, other processes that append to the same journal, a database on another machine.
`
}

const disk = ({ p50, p99 }: Disk): string => `${ms(p50)} / ${ms(p99)}`
