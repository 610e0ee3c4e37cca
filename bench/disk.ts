import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { quantile } from './figures.ts'

/** How long one write of `bytes` takes until the disk says that it has it, milliseconds. */
export type Disk = { readonly p50: number; readonly p99: number }

/** The floor under every durable append: write and fdatasync, one after another for about a second, in the folder's file system. */
export function calibrate(folder: string, bytes: number): Disk {
  const place = mkdtempSync(join(folder, 'disk-'))
  const file = openSync(join(place, 'file'), 'w')
  const block = Buffer.alloc(bytes, 0x5a)
  const times: number[] = []
  try {
    for (const until = performance.now() + 1000; performance.now() < until; ) {
      const began = performance.now()
      writeSync(file, block)
      fdatasyncSync(file)
      times.push(performance.now() - began)
    }
  } finally {
    closeSync(file)
    rmSync(place, { recursive: true })
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}
