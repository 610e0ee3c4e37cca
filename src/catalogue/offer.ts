import { z } from 'zod'
import { inputSchema } from './input.ts'
import { type FieldType, fieldOf, type Operation } from './pack.ts'

type JsonSchema = Record<string, unknown>

/** An operation as a client is shown it. The same schemas serve MCP, OpenAPI and the connector. */
export type Offered = {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly readOnly: boolean
  readonly inputSchema: JsonSchema
  readonly outputSchema: JsonSchema
}

export function offered(operation: Operation): Offered {
  const { $schema: _dialect, ...input } = z.toJSONSchema(inputSchema(operation), { io: 'input' })
  const hint = operation.anyOf.length > 0 ? ` Give at least one of: ${operation.anyOf.join(', ')}.` : ''
  return {
    name: operation.name,
    title: operation.title,
    description: `${operation.describe}${hint}`,
    readOnly: operation.kind === 'read',
    inputSchema: input,
    outputSchema: answerSchema(operation),
  }
}

const JSON_TYPES: Readonly<Record<FieldType, string>> = {
  text: 'string',
  date: 'string',
  instant: 'string',
  integer: 'integer',
  decimal: 'number',
  flag: 'boolean',
}

/** A field may come covered, so each may be text whatever its type. */
function answerSchema(operation: Operation): JsonSchema {
  const row =
    operation.kind === 'read'
      ? readRow(operation)
      : { id: { type: 'string', description: 'what to ask its state by' }, state: { type: 'string' }, waitsFor: { type: 'string' } }
  return {
    type: 'object',
    properties: {
      rows: { type: 'array', items: { type: 'object', properties: row, required: Object.keys(row), additionalProperties: false } },
      covered: { type: 'object', description: 'how each field that is not clear was covered', additionalProperties: { enum: ['token', 'partial', 'redact'] } },
      next: { type: 'string', description: 'pass as `cursor` for the rows after these' },
      entry: {
        type: 'object',
        properties: {
          index: { type: 'integer' },
          digest: { type: 'string', description: 'of what was released' },
          leaf: { type: 'string', description: 'hash of the journal entry, which the receipt of this index proves' },
        },
        required: ['index', 'digest', 'leaf'],
        additionalProperties: false,
      },
    },
    required: ['rows', 'covered', 'entry'],
    additionalProperties: false,
  }
}

const readRow = (operation: Operation): JsonSchema =>
  Object.fromEntries(
    operation.returns.map((name) => {
      const field = fieldOf(operation.resource, name)
      return [name, { type: [...new Set([JSON_TYPES[field.type], 'string', 'null'])], description: field.describe }]
    }),
  )
