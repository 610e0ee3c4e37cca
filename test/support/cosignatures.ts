import type { CosignatureStore, CosignedCheckpoint, StoredCosignature, WitnessRefusal } from '../../src/archive/witness/cosignature-store.ts'
import type { SmallTable } from './small-table.ts'

/** What witnesses answered, in memory, beside a table in memory. */
export type SmallCosignatures = CosignatureStore & { readonly kept: StoredCosignature[]; readonly refusals: WitnessRefusal[] }

export function smallCosignatures(table: SmallTable): SmallCosignatures {
  const kept: StoredCosignature[] = []
  const refusals: WitnessRefusal[] = []
  const checkpointsOf = (cosignatures: readonly StoredCosignature[]): readonly CosignedCheckpoint[] =>
    [...new Set(cosignatures.map(({ size }) => size))]
      .toSorted((a, b) => b - a)
      .map((size) => ({ size, note: table.signed.find((one) => one.size === size)?.note ?? '', cosignatures: cosignatures.filter((one) => one.size === size) }))
  return {
    kept,
    refusals,
    keep: async (one) => {
      if (!kept.some(({ size, witness }) => size === one.size && witness === one.witness)) kept.push(one)
    },
    keepRefusal: async (refusal) => void refusals.push(refusal),
    newestOf: async (witness) => checkpointsOf(kept.filter((one) => one.witness === witness))[0] ?? null,
    newest: async (limit) => checkpointsOf(kept).slice(0, limit),
  }
}
