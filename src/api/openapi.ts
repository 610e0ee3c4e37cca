import { z } from 'zod'
import type { Offered } from '../catalogue/offer.ts'
import { Problem } from '../contract/connector.ts'
import { REFUSAL_CODES, statusOf, titleOf } from '../model/refusal.ts'

/** The OpenAPI 3.1 description of what stands, generated from the catalogue: it cannot lag behind it. */
export function openapi(operations: readonly Offered[], publicUrl: string): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Gatehouse',
      version: '1',
      description: `Narrow operations on company data for AI agents. Every request carries a DPoP proof (RFC 9449). A refusal is a problem (RFC 9457) with one of these codes: ${REFUSAL_CODES.map((code) => `\`${code}\` (${titleOf(code)})`).join(', ')}.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl }],
    security: [{ dpop: [] }],
    paths: Object.fromEntries(operations.map((operation) => [`/v1/operations/${operation.name}`, { post: pathOf(operation) }])),
    components: {
      securitySchemes: {
        dpop: { type: 'http', scheme: 'DPoP', description: 'access token bound to the device key; `DPoP` header with a proof for this method and URL' },
      },
      schemas: { Problem: withoutDialect(z.toJSONSchema(Problem)) },
    },
  }
}

function pathOf(operation: Offered): Record<string, unknown> {
  const statuses = [...new Set(REFUSAL_CODES.map(statusOf))].toSorted((a, b) => a - b)
  const problem = { description: 'refused', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } }
  return {
    operationId: operation.name,
    summary: operation.title,
    description: operation.description,
    'x-read-only': operation.readOnly,
    requestBody: { required: true, content: { 'application/json': { schema: operation.inputSchema } } },
    responses: {
      200: { description: 'covered rows and the journal entry that proves them', content: { 'application/json': { schema: operation.outputSchema } } },
      ...Object.fromEntries(statuses.map((status) => [status, problem])),
    },
  }
}

const withoutDialect = ({ $schema: _dialect, ...schema }: Record<string, unknown>): Record<string, unknown> => schema
