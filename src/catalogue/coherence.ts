import type { Argument, Catalogue, FieldType, Operation, Resource } from './pack.ts'
import type { At, PackFault } from './pack-fault.ts'
import type { PackShape } from './shape.ts'

/**
 * What a shape cannot say: that names used exist, and that a pack opens no way round the house. No list without a
 * narrowing argument, no secret field returned, no filter that compares unlike types, no change of a field that is not
 * `open` (its before-image would stand in our store in clear).
 */
export function coherenceFaults(pack: PackShape, resources: Catalogue['resources'], operations: Catalogue['operations'], at: At): readonly PackFault[] {
  const faults: PackFault[] = []
  const say = (path: readonly PropertyKey[], message: string) => faults.push({ ...at(path), message })

  for (const name of Object.keys(pack.resources)) {
    const resource = resources[name]
    if (!resource) continue
    for (const role of ['key', 'boundary', 'subject'] as const) {
      const field = has(resource, resource[role])
      if (!field) say(['resources', name, role], `${role} \`${resource[role]}\` is not a field of \`${name}\``)
      else if (field.class === 'secret') say(['resources', name, role], `${role} \`${resource[role]}\` is secret, and would be fetched with every row`)
    }
  }
  for (const name of Object.keys(pack.operations)) {
    const operation = operations[name]
    if (operation) checkOperation(operation, (path, message) => say(['operations', name, ...path], message))
  }
  return faults
}

/** Which fields an argument may be compared with: of unlike types the source would refuse, and the re-check drop every row. */
const COMPARES: Readonly<Record<Argument['type'], readonly FieldType[]>> = {
  text: ['text'],
  choice: ['text'],
  token: ['text'],
  integer: ['integer', 'decimal'],
  date: ['date'],
}
const RESERVED = ['limit', 'cursor']

function checkOperation(operation: Operation, say: (path: readonly PropertyKey[], message: string) => void): void {
  const { resource, args } = operation
  for (const field of operation.returns) {
    const found = has(resource, field)
    if (!found) say(['returns'], `\`${field}\` is not a field of \`${resource.name}\``)
    else if (found.class === 'secret') say(['returns'], `\`${field}\` is secret and can never be returned`)
  }
  for (const arg of args) {
    const path = ['arguments', arg.name]
    const field = arg.filter && has(resource, arg.filter.field)
    if (arg.filter && !field) say(path, `filters by \`${arg.filter.field}\`, which is not a field of \`${resource.name}\``)
    if (field?.class === 'secret' || field?.class === 'freetext') say(path, `filters by \`${field.name}\`, which is ${field.class}`)
    if (arg.default !== undefined && !(arg.type === 'choice' && arg.choices.includes(arg.default) && !arg.required))
      say(path, 'only an optional choice has a default, one of its choices')
    if (field && !COMPARES[arg.type].includes(field.type)) say(path, `filters by \`${field.name}\`, which is ${field.type}, with ${arg.type}`)
    if (operation.cardinality === 'many' && RESERVED.includes(arg.name)) say(path, `every list has a \`${arg.name}\` of its own`)
    if (arg.type === 'token' && arg.filter && arg.filter.op !== 'eq') say(path, 'a token can only be compared for equality')
    if (arg.type === 'choice' && arg.choices.length === 0) say(path, 'a choice needs its choices')
    if (arg.type === 'token' && !arg.entity) say(path, 'a token needs the entity it stands for')
    if (arg.type === 'token' && field && field.refers !== arg.entity) say(path, `refers to \`${arg.entity}\`, but the field's tokens are \`${field.refers}\``)
  }
  for (const name of operation.anyOf) if (!args.some((arg) => arg.name === name)) say(['anyOf'], `\`${name}\` is not an argument`)
  const narrowed = args.some((arg) => arg.filter && (arg.required || arg.default !== undefined)) || operation.anyOf.length > 0
  if (operation.cardinality === 'many' && !narrowed) say([], 'a list needs a required filter or `anyOf`')
  if (operation.cardinality === 'one' && !args.some((arg) => arg.required && arg.filter?.field === resource.key && arg.filter.op === 'eq'))
    say([], `an operation on one record needs a required argument equal to its key \`${resource.key}\``)
  if (operation.kind !== 'read' && operation.cardinality !== 'one') say([], `a ${operation.kind} is about one record`)
  if ((operation.kind === 'propose') !== Object.keys(operation.sets).length > 0) say(['sets'], 'a propose sets fields, and nothing else does')
  if ((operation.kind === 'draft') !== (operation.form !== null)) say(['form'], 'a draft has a form, and nothing else has')
  for (const [field, arg] of Object.entries(operation.sets)) {
    const found = has(resource, field)
    if (!found) say(['sets'], `sets \`${field}\`, which is not a field of \`${resource.name}\``)
    else if (found.class !== 'open') say(['sets'], `sets \`${field}\`, which is ${found.class}: only open fields can be changed`)
    else if (field === resource.key || field === resource.boundary) say(['sets'], `sets \`${field}\`, which says which record this is, or whose`)
    if (!args.some((one) => one.name === arg && one.required)) say(['sets'], `\`${arg}\` is not a required argument`)
  }
}

const has = (resource: Resource, field: string) => (Object.hasOwn(resource.fields, field) ? resource.fields[field] : undefined)
