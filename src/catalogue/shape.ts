import { z } from 'zod'
import { FIELD_CLASSES } from '../model/field-class.ts'

/** INVARIANT: no name is one that every object answers to, such as `constructor`: looked up where it is not, it would be found. */
const isOwn = (name: string): boolean => !(name in Object.prototype)
const NOT_OWN = 'a name that every object has cannot be used'
const Name = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]{0,47}$/, 'a name is camelCase, at most 48 letters and digits')
  .refine(isOwn, NOT_OWN)
const Prefix = z.string().regex(/^[a-z]{3}$/, 'a token prefix is three lower-case letters')
/** An operation's name is a tool's: underscores are common there. */
const OperationName = z
  .string()
  .regex(/^[a-z][A-Za-z0-9_]{0,47}$/, 'an operation is letters, digits and underscores, at most 48')
  .refine(isOwn, NOT_OWN)
const Relation = z.string().regex(/^[a-z_]+\.[a-z_]+$/, 'a relation is `schema.name`')
const Column = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'a column is lower_snake_case')

const FieldShape = z.strictObject({
  column: Column,
  type: z.enum(['text', 'integer', 'decimal', 'date', 'instant', 'flag']),
  class: z.enum(FIELD_CLASSES),
  describe: z.string().min(3),
  refers: Prefix.exactOptional(),
})

const ResourceShape = z.strictObject({
  relation: Relation,
  key: Name,
  boundary: Name,
  confinedTo: z.enum(['account', 'session']).default('account'),
  subject: Name,
  fields: z.record(Name, FieldShape),
})

const ArgumentShape = z.strictObject({
  type: z.enum(['text', 'integer', 'date', 'choice', 'token']),
  describe: z.string().min(3),
  required: z.boolean().default(false),
  choices: z.array(z.string().min(1)).default([]),
  lengthMax: z.int().min(1).max(4000).default(100),
  min: z.int().exactOptional(),
  max: z.int().exactOptional(),
  entity: Prefix.exactOptional(),
  default: z.string().min(1).exactOptional(),
  filter: z.strictObject({ field: Name, op: z.enum(['eq', 'gte', 'lte']) }).exactOptional(),
})

const OperationShape = z.strictObject({
  kind: z.enum(['read', 'propose', 'draft']),
  title: z.string().min(3).max(80),
  describe: z.string().min(10).max(600),
  resource: Name,
  cardinality: z.enum(['one', 'many']),
  arguments: z.record(Name, ArgumentShape),
  anyOf: z.array(Name).default([]),
  returns: z.array(Name).min(1),
  rowsMax: z.int().min(1).max(1000).default(1),
  cost: z.strictObject({ base: z.number().min(0), perRow: z.number().min(0) }),
  rate: z.strictObject({ perMinute: z.int().min(1), burst: z.int().min(1) }),
  sets: z.record(Name, Name).default({}),
  reversibility: z.enum(['reversible', 'compensable', 'final']).default('final'),
  form: z.enum(['label', 'letter']).nullable().default(null),
})

/** One YAML file of a pack, as written. Files of one system are read together; names are unique across all systems. */
export const PackShape = z.strictObject({
  system: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'a system is lower-case letters, digits and dashes'),
  resources: z.record(Name, ResourceShape).default({}),
  operations: z.record(OperationName, OperationShape).default({}),
})
export type PackShape = z.infer<typeof PackShape>
