import { join } from 'node:path'
import { loadPack, type Pack } from '../../src/bin/parts/pack.ts'
import type { Operation } from '../../src/catalogue/pack.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** The pack the house ships: `catalogue/` and `policies/`, through the loader of `bin`. */
export const PACK: Pack = loadPack({
  catalogue: join(ROOT, 'catalogue'),
  policies: join(ROOT, 'policies'),
  useCases: join(ROOT, 'policies', 'usecases.yaml'),
})

/** An operation of it that must be there. */
export function operationOf(name: string, { catalogue }: Pick<Pack, 'catalogue'> = PACK): Operation {
  const operation = catalogue.operations[name]
  if (!operation) throw new Error(`the pack has no operation ${name}`)
  return operation
}
