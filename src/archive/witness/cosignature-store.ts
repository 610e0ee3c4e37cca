/** A cosignature as kept: its signature line over the checkpoint of that size. `witness`: its key's name and id. Nothing is verified. */
export type StoredCosignature = { readonly size: number; readonly witness: string; readonly line: string }

/** A checkpoint's note as the log signed it, and the cosignatures kept for it. Nothing is verified. */
export type CosignedCheckpoint = { readonly size: number; readonly note: string; readonly cosignatures: readonly StoredCosignature[] }

/** A witness that would not cosign, and why, in a sentence. */
export type WitnessRefusal = { readonly size: number; readonly witness: string; readonly said: string }

/**
 * Where the archive keeps what witnesses answered: a port, kept by `store/cosignature-store.ts`. What `keep` and `keepRefusal` have confirmed
 * survives a crash. The first cosignature of a witness for a size stays.
 */
export type CosignatureStore = {
  readonly keep: (cosignature: StoredCosignature) => Promise<void>
  readonly keepRefusal: (refusal: WitnessRefusal) => Promise<void>
  /** The newest cosignature of a witness with the checkpoint it is of, or null. */
  readonly newestOf: (witness: string) => Promise<CosignedCheckpoint | null>
  /** Checkpoints that have any cosignature, largest first, up to `limit`. */
  readonly newest: (limit: number) => Promise<readonly CosignedCheckpoint[]>
}
