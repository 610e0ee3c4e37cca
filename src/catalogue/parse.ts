import { readYaml, shapeFaults } from '../base/yaml.ts'
import { coherenceFaults } from './coherence.ts'
import type { Catalogue, Operation, Resource } from './pack.ts'
import type { At, PackFault } from './pack-fault.ts'
import { PackShape } from './shape.ts'

export type PackFile = { readonly file: string; readonly text: string }

type Parsed = { readonly pack: PackShape; readonly at: At }

/** The catalogue these files make, or every fault in them. Nothing is half loaded. */
export function parseCatalogue(files: readonly PackFile[]): { readonly catalogue: Catalogue; readonly faults: readonly PackFault[] } {
  const faults: PackFault[] = files.length === 0 ? [{ file: 'catalogue', line: 1, message: 'no pack found' }] : []
  const parsed = files.flatMap((file) => parseFile(file, faults))
  const resources: Record<string, Resource> = {}
  const operations: Record<string, Operation> = {}

  for (const { pack, at } of parsed)
    for (const [name, shape] of Object.entries(pack.resources)) {
      if (Object.hasOwn(resources, name)) faults.push({ ...at(['resources', name]), message: `resource \`${name}\` is defined twice` })
      const fields = Object.fromEntries(Object.entries(shape.fields).map(([field, of]) => [field, { ...of, name: field }]))
      resources[name] = { ...shape, system: pack.system, name, fields }
    }
  for (const { pack, at } of parsed)
    for (const [name, shape] of Object.entries(pack.operations)) {
      const resource = Object.hasOwn(resources, shape.resource) ? resources[shape.resource] : undefined
      if (Object.hasOwn(operations, name)) faults.push({ ...at(['operations', name]), message: `operation \`${name}\` is defined twice` })
      if (resource?.system !== pack.system) {
        faults.push({ ...at(['operations', name, 'resource']), message: `system \`${pack.system}\` has no resource \`${shape.resource}\`` })
        continue
      }
      const { arguments: args, ...rest } = shape
      operations[name] = { ...rest, system: pack.system, name, resource, args: Object.entries(args).map(([arg, of]) => ({ ...of, name: arg })) }
    }
  for (const { pack, at } of parsed) faults.push(...coherenceFaults(pack, resources, operations, at))
  return { catalogue: { resources, operations }, faults }
}

function parseFile({ file, text }: PackFile, faults: PackFault[]): Parsed[] {
  const yaml = readYaml(text)
  const at: At = (path) => ({ file, line: yaml.lineOf(path) })
  faults.push(...yaml.faults.map((fault) => ({ file, ...fault })))
  if (yaml.faults.length > 0) return []
  const read = PackShape.safeParse(yaml.value)
  if (read.success) return [{ pack: read.data, at }]
  faults.push(...shapeFaults(yaml, read.error).map((fault) => ({ file, ...fault })))
  return []
}
