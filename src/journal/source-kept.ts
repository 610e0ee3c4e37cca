import { fromBase64url, toHex } from '../base/bytes.ts'
import { TILE_WIDTH } from '../log/tile.ts'
import type { StoredCheckpoint } from './entry-store.ts'
import type { PayloadOf } from './verify-payload.ts'

/**
 * Where the copy under lock (`archive/worm.ts`) has what an archive has not: every checkpoint it came by, and the ciphertexts that entries name. Its tiles lie where
 * an archive's do, those that are not full too, and bundles only once they are: of the last entries under a checkpoint it has the hashes alone.
 */
export const CHECKPOINTS = 'checkpoints/'
export const keptCheckpointPath = (size: number): string => `${CHECKPOINTS}${size}`
/** `digest`: SHA-256 of the ciphertext, in hex. */
export const keptPayloadPath = (digest: string): string => `payloads/${digest}`

/** One a minute for nineteen years. */
const CHECKPOINTS_MAX = 10_000_000
/** Asked for at once: a bucket answers in tens of milliseconds. */
const AT_ONCE = 16

/** A copy under lock. Of `newest` the note is believed; nothing else is verified. */
export type KeptLog = {
  readonly newest: StoredCheckpoint
  /** Entries under it that are in full bundles. */
  readonly size: number
  readonly checkpoints: (from: number, limit: number) => Promise<readonly StoredCheckpoint[]>
  /** What lies among the checkpoints and is none, in sentences: whoever may write there may have put it there. */
  readonly strays: readonly string[]
}

/** As `TileArchive` of `source-tiles.ts` has them. */
type Parts = {
  readonly get: (path: string) => Promise<Uint8Array | null>
  readonly list: (prefix: string, after: string) => Promise<readonly string[]>
  /** The size that a checkpoint's note names, or null where it is not believed. */
  readonly believedSize: (note: string) => number | null
}

/** By the largest checkpoint that is believed; null where there is none. Holds a number for each that lies there. */
export async function openKept({ get, list, believedSize }: Parts): Promise<KeptLog | null> {
  const { sizes, strays } = await keptSizes(list)
  const read = async (size: number): Promise<StoredCheckpoint> => {
    const bytes = await get(keptCheckpointPath(size))
    return { size, note: Buffer.from(bytes ?? []).toString(), frontier: null }
  }
  for (let size = sizes.at(-1); size !== undefined; size = sizes.at(-1)) {
    const newest = await read(size)
    if (believedSize(newest.note) === size)
      return {
        newest,
        size: size - (size % TILE_WIDTH),
        checkpoints: (from, limit) =>
          Promise.all(
            sizes
              .filter((one) => one >= from)
              .slice(0, Math.min(limit, AT_ONCE))
              .map(read),
          ),
        strays,
      }
    strays.push(`\`${keptCheckpointPath(size)}\` is not a checkpoint of that size that is believed`)
    sizes.pop()
  }
  return null
}

/** The sizes that checkpoints there are named by, ascending: as numbers, which a listing does not go by. One that goes back, or on and on, is not read on. */
async function keptSizes(list: Parts['list']): Promise<{ readonly sizes: number[]; readonly strays: string[] }> {
  const [sizes, strays]: [number[], string[]] = [[], []]
  let after = ''
  for (let page = await list(CHECKPOINTS, after); page.length > 0 && sizes.length + strays.length < CHECKPOINTS_MAX; page = await list(CHECKPOINTS, after))
    for (const path of page) {
      if (!path.startsWith(CHECKPOINTS) || path <= after) return { sizes: [], strays }
      after = path
      const size = Number(path.slice(CHECKPOINTS.length))
      if (size > 0 && keptCheckpointPath(size) === path) sizes.push(size)
      else strays.push(`\`${path}\` is named as no checkpoint is`)
    }
  return { sizes: sizes.sort((a, b) => a - b), strays }
}

/** Payloads out of a copy under lock, where a ciphertext stays after it was erased elsewhere; what never came there is asked of the vault, where one is named. */
export const keptPayloadOf =
  ({ get }: Pick<Parts, 'get'>, vault: PayloadOf | null): PayloadOf =>
  async (ref) => {
    const digest = fromBase64url(ref.digest)
    const ciphertext = digest && (await get(keptPayloadPath(toHex(digest))))
    return ciphertext ?? (vault ? vault(ref) : 'missing')
  }
