import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import type { Json } from '../../src/base/canonical.ts'

export type OcsfEvent = { readonly [name: string]: Json }

/** Says what is wrong with an event by OCSF 1.8.0, or null. */
export type OcsfJudge = (event: OcsfEvent) => string | null

type Attribute = {
  readonly type: string
  readonly requirement: 'required' | 'recommended' | 'optional'
  readonly object_type?: string
  readonly is_array?: boolean
  readonly enum?: { readonly [code: string]: unknown }
  readonly sibling?: string
  /** Of which profiles it is; null or none where it is always there. */
  readonly profiles?: readonly string[] | null
  readonly '@deprecated'?: unknown
}
type Shape = {
  readonly attributes: { readonly [name: string]: Attribute }
  readonly constraints?: { readonly at_least_one?: readonly string[]; readonly just_one?: readonly string[] } | null
}
type Compiled = {
  readonly version: string
  readonly classes: { readonly [name: string]: Shape & { readonly uid: number; readonly profiles: readonly string[] } }
  readonly objects: { readonly [name: string]: Shape }
  readonly dictionary: { readonly types: { readonly attributes: { readonly [type: string]: Primitive } } }
}
type Primitive = { readonly type?: string; readonly regex?: string; readonly max_len?: number; readonly range?: readonly [number, number] }
type Schema = { readonly [keyword: string]: unknown }

const COMPILED = join(import.meta.dirname, '../../../shared/data/ocsf-1.8.0.json')

/** The judge, or null with the skip said aloud where the compiled schema is not beside this project. */
export function openOcsf(): OcsfJudge | null {
  if (existsSync(COMPILED)) return judgeOf(JSON.parse(readFileSync(COMPILED, 'utf8')))
  console.warn('SKIPPED: events are not held to OCSF, whose compiled schema is not beside this project (../shared/data/ocsf-1.8.0.json)')
  return null
}

/**
 * Stricter than OCSF asks: no attribute it does not know, none that is deprecated, none of a profile the event does not name, and a text
 * beside each 99.
 */
function judgeOf(compiled: Compiled): OcsfJudge {
  const byUid = new Map(Object.values(compiled.classes).map((one) => [one.uid, one]))
  const ready = new Map<string, ValidateFunction>()
  // The formats' own patterns are older than the `u` flag.
  const ajv = new Ajv({ allErrors: true, unicodeRegExp: false, strictRequired: false })
  const objects = objectSchemas(compiled, ajv)
  return (event) => {
    const { class_uid: uid, metadata } = event as {
      readonly class_uid?: number
      readonly metadata?: { readonly profiles?: readonly string[]; readonly version?: string }
    }
    const found = byUid.get(uid ?? -1)
    if (!found) return `no class ${uid}`
    if (metadata?.version !== compiled.version) return `not version ${compiled.version}`
    const profiles = metadata.profiles ?? []
    const strange = profiles.find((profile) => !found.profiles.includes(profile))
    if (strange !== undefined) return `class ${uid} has no profile ${strange}`
    const key = `${uid} ${profiles.toSorted().join(' ')}`
    const validate = ready.get(key) ?? ajv.compile(shapeSchema(compiled, found, new Set(profiles), objects(profiles)))
    ready.set(key, validate)
    return validate(event) ? null : ajv.errorsText(validate.errors)
  }
}

type Reach = (object: string) => Schema

/** Schemas of objects, each made once for the profiles that change any object, and shared by all classes: compiling is what takes long. */
function objectSchemas(compiled: Compiled, ajv: Ajv): (profiles: readonly string[]) => Reach {
  const changing = new Set(Object.values(compiled.objects).flatMap(({ attributes }) => Object.values(attributes).flatMap((one) => one.profiles ?? [])))
  const made = new Set<string>()
  return (profiles) => {
    const telling = profiles.filter((profile) => changing.has(profile)).toSorted()
    const reach: Reach = (name) => {
      const $id = `ocsf:${telling.join('+')}:${name}`
      if (!made.has($id)) {
        made.add($id)
        ajv.addSchema({ ...shapeSchema(compiled, compiled.objects[name], new Set(telling), reach), $id })
      }
      return { $ref: $id }
    }
    return reach
  }
}

function shapeSchema(compiled: Compiled, shape: Shape | undefined, profiles: ReadonlySet<string>, reach: Reach): Schema {
  const known = Object.entries(shape?.attributes ?? {}).filter(
    ([, one]) => one['@deprecated'] === undefined && (!one.profiles?.length || one.profiles.some((profile) => profiles.has(profile))),
  )
  // `object`, which is what `unmapped` is: anything goes.
  if (!shape || Object.keys(shape.attributes).length === 0) return { type: 'object' }
  const { at_least_one: some, just_one: one } = shape.constraints ?? {}
  const texts = known.filter(([, { sibling, enum: codes }]) => sibling !== undefined && codes?.['99'] !== undefined)
  const rules = [
    ...(some ? [{ anyOf: some.map((name) => ({ required: [name] })) }] : []),
    ...(one ? [{ oneOf: one.map((name) => ({ required: [name] })) }] : []),
    ...texts.map(([name, { sibling }]) => ({ anyOf: [{ properties: { [name]: { not: { const: 99 } } } }, { required: [sibling] }] })),
  ]
  return {
    type: 'object',
    additionalProperties: false,
    required: known.filter(([, { requirement }]) => requirement === 'required').map(([name]) => name),
    properties: Object.fromEntries(known.map(([name, attribute]) => [name, attributeSchema(compiled, attribute, reach)])),
    ...(rules.length > 0 ? { allOf: rules } : {}),
  }
}

function attributeSchema(compiled: Compiled, { type, object_type: object, is_array: isArray, enum: codes }: Attribute, reach: Reach): Schema {
  const base = object === undefined ? primitive(compiled, type) : reach(object)
  const one = codes ? { ...base, enum: Object.keys(codes).map((code) => (base['type'] === 'integer' ? Number(code) : code)) } : base
  return isArray ? { type: 'array', items: one } : one
}

function primitive(compiled: Compiled, name: string): Schema {
  const { type, regex, max_len, range } = compiled.dictionary.types.attributes[name] ?? {}
  return {
    ...kindOf(type ?? name),
    ...(regex === undefined ? {} : { pattern: regex }),
    ...(max_len === undefined ? {} : { maxLength: max_len }),
    ...(range === undefined ? {} : { minimum: range[0], maximum: range[1] }),
  }
}

function kindOf(type: string): Schema {
  switch (type) {
    case 'string_t':
      return { type: 'string' }
    case 'integer_t':
    case 'long_t':
      return { type: 'integer' }
    case 'float_t':
      return { type: 'number' }
    case 'boolean_t':
      return { type: 'boolean' }
    case 'json_t':
      return {}
    default:
      throw new Error(`OCSF has a type \`${type}\` that this judge does not know`)
  }
}
