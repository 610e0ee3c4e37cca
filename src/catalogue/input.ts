import { z } from 'zod'
import type { Argument, Operation } from './pack.ts'

export type InputSchema = z.ZodType<Record<string, string | number | undefined>>

/** What an operation takes, strictly: an argument it does not name is refused, and so is one of another type. */
export function inputSchema(operation: Operation): InputSchema {
  const shape: Record<string, z.ZodType<string | number | undefined>> = {}
  for (const arg of operation.args) {
    const type = typeOf(arg).describe(arg.describe)
    shape[arg.name] = arg.required ? type : arg.default === undefined ? type.optional() : type.default(arg.default)
  }
  if (operation.cardinality === 'many') {
    shape['limit'] = z.int().min(1).max(operation.rowsMax).describe(`rows at most, up to ${operation.rowsMax}`).optional()
    shape['cursor'] = z.string().max(600).describe('`next` of an earlier answer, for the rows after it').optional()
  }
  const object = z.strictObject(shape)
  if (operation.anyOf.length === 0) return object
  return object.refine((input) => operation.anyOf.some((name) => input[name] !== undefined), { error: `give at least one of ${operation.anyOf.join(', ')}` })
}

function typeOf(arg: Argument): z.ZodType<string | number> {
  switch (arg.type) {
    case 'integer':
      return z
        .int()
        .min(arg.min ?? 0)
        .max(arg.max ?? 1_000_000)
    case 'date':
      return z.iso.date().refine((date) => date >= '0001', 'there is no year 0')
    case 'choice':
      return z.enum(arg.choices)
    case 'token':
      return z
        .string()
        .max(2000)
        .regex(new RegExp(`^${arg.entity}_[0-9a-hjkmnp-tv-z]+$`), `must be a \`${arg.entity}_…\` token from an earlier answer`)
    case 'text':
      // A filter is one line; a letter may have several. No other control character: it would reach logs and terminals. No half of a
      // surrogate pair: it has no canonical spelling, so what holds one could not be journalled.
      return z
        .string()
        .min(1)
        .max(arg.lengthMax)
        .regex(arg.filter ? /^[^\p{Cc}\p{Cs}]*$/u : /^(?:[^\p{Cc}\p{Cs}]|[\n\t])*$/u, 'must not hold control characters')
  }
}
