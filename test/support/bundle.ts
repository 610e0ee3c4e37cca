import type { Catalogue } from '../../src/catalogue/pack.ts'
import { type Bundle, readBundle } from '../../src/policy/bundle.ts'
import { cedarSchema } from '../../src/policy/schema.ts'
import { PACK } from './pack.ts'

/** Policies by id, each written without its annotations, over the shipped catalogue or another. They must be without a fault. */
export function bundleOf(policies: Readonly<Record<string, string>>, catalogue: Catalogue = PACK.catalogue): Bundle {
  return bundleOfFiles(
    Object.entries(policies).map(([id, policy]) => ({ file: `${id}.cedar`, text: annotated(id, policy) })),
    catalogue,
  )
}

export function bundleOfFiles(files: readonly { readonly file: string; readonly text: string }[], catalogue: Catalogue = PACK.catalogue): Bundle {
  const { bundle, faults } = readBundle(cedarSchema(catalogue), files)
  if (faults.length > 0) throw new Error(JSON.stringify(faults))
  return bundle
}

export const annotated = (id: string, policy: string): string => `@id("${id}")\n@owner("Owner of ${id}")\n@reason("reason of ${id}")\n${policy}\n`
