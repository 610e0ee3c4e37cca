import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { toHex } from '../../base/bytes.ts'
import { sha256 } from '../../base/digest.ts'
import type { Catalogue } from '../../catalogue/pack.ts'
import { parseCatalogue } from '../../catalogue/parse.ts'
import type { Config } from '../../config/config.ts'
import { Fault } from '../../model/fault.ts'
import { type Bundle, readBundle } from '../../policy/bundle.ts'
import { type Directory, readDirectory } from '../../policy/directory.ts'
import { cedarSchema } from '../../policy/schema.ts'

/** Catalogue, policies and directory, read and checked together, and the digests of the files that two of them came from. */
export type Pack = {
  readonly catalogue: Catalogue
  readonly bundle: Bundle
  readonly directory: Directory
  /** SHA-256 in hexadecimal: of the file of use cases, and of what `sha256sum` prints of the catalogue's packs in the order of their names. */
  readonly digests: { readonly catalogue: string; readonly useCases: string }
}

/** Faults `catalogue_invalid` or `policy_invalid` with every fault, `file:line: message` each. */
export function loadPack(config: Pick<Config, 'catalogue' | 'policies' | 'useCases'>): Pack {
  const packs = filesUnder(config.catalogue, '.yaml', 'catalogue_invalid')
  const { catalogue, faults } = parseCatalogue(packs)
  if (faults.length > 0) throw new Fault('catalogue_invalid', list('the catalogue has faults', faults), 'correct them, then run `gatehouse check`')

  const { bundle, faults: policyFaults } = readBundle(cedarSchema(catalogue), filesUnder(config.policies, '.cedar', 'policy_invalid'))
  const useCases = read(config.useCases, 'policy_invalid')
  const { directory, faults: directoryFaults } = readDirectory(config.useCases, useCases)
  const all = [...policyFaults, ...directoryFaults]
  if (all.length > 0) throw new Fault('policy_invalid', list('the policies have faults', all), 'correct them, then run `gatehouse check`')
  const listed = packs.map(({ file, text }) => `${hexOf(text)}  ${relative(config.catalogue, file)}\n`)
  return { catalogue, bundle, directory, digests: { catalogue: hexOf(listed.join('')), useCases: hexOf(useCases) } }
}

const hexOf = (text: string): string => toHex(sha256(text))

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
