import { randomFillSync } from 'node:crypto'
import type { Random } from '../../base/clock.ts'

const PAGE_BYTES = 4096

/** The system's source, asked for a page at a time: a call of it costs as much as a page. What was handed out is wiped here. */
export function pagedRandom(): Random {
  const page = new Uint8Array(PAGE_BYTES)
  let at = PAGE_BYTES
  return (bytes) => {
    if (bytes > PAGE_BYTES) return randomFillSync(new Uint8Array(bytes))
    if (at + bytes > PAGE_BYTES) {
      randomFillSync(page)
      at = 0
    }
    const taken = page.slice(at, at + bytes)
    page.fill(0, at, at + bytes)
    at += bytes
    return taken
  }
}
