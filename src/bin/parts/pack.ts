import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Catalogue } from '../../catalogue/pack.ts'
import { parseCatalogue } from '../../catalogue/parse.ts'
import type { Config } from '../../config/config.ts'
import { Fault } from '../../model/fault.ts'
import { type Bundle, readBundle } from '../../policy/bundle.ts'
import { type Directory, readDirectory } from '../../policy/directory.ts'
import { cedarSchema } from '../../policy/schema.ts'

/** Catalogue, policies and directory, read and checked together. */
export type Pack = { readonly catalogue: Catalogue; readonly bundle: Bundle; readonly directory: Directory }

/** Faults `catalogue_invalid` or `policy_invalid` with every fault, `file:line: message` each. */
export function loadPack(config: Pick<Config, 'catalogue' | 'policies' | 'useCases'>): Pack {
  const { catalogue, faults } = parseCatalogue(filesUnder(config.catalogue, '.yaml', 'catalogue_invalid'))
  if (faults.length > 0) throw new Fault('catalogue_invalid', list('the catalogue has faults', faults), 'correct them, then run `gatehouse check`')

  const { bundle, faults: policyFaults } = readBundle(cedarSchema(catalogue), filesUnder(config.policies, '.cedar', 'policy_invalid'))
  const { directory, faults: directoryFaults } = readDirectory(config.useCases, read(config.useCases, 'policy_invalid'))
  const all = [...policyFaults, ...directoryFaults]
  if (all.length > 0) throw new Fault('policy_invalid', list('the policies have faults', all), 'correct them, then run `gatehouse check`')
  return { catalogue, bundle, directory }
}

const list = (title: string, faults: readonly { readonly file: string; readonly line: number; readonly message: string }[]): string =>
  [`${title}:`, ...faults.map(({ file, line, message }) => `${file}:${line}: ${message}`)].join('\n')

function filesUnder(folder: string, ending: string, code: 'catalogue_invalid' | 'policy_invalid') {
  try {
    if (!statSync(folder).isDirectory()) throw new Error('not a folder')
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(ending))
      .toSorted()
    return names.map((name) => ({ file: relative('.', join(folder, name)), text: readFileSync(join(folder, name), 'utf8') }))
  } catch (cause) {
    throw new Fault(code, `the folder ${folder} cannot be read`, 'correct its path in the configuration', { cause })
  }
}

function read(file: string, code: 'policy_invalid'): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault(code, `${file} cannot be read`, 'correct its path in the configuration', { cause })
  }
}
