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
    paths: {
      ...Object.fromEntries(operations.map((operation) => [`/v1/operations/${operation.name}`, { post: pathOf(operation) }])),
      '/v1/receipts/{index}': { get: receiptPath() },
    },
    components: {
      securitySchemes: {
        dpop: { type: 'http', scheme: 'DPoP', description: 'access token bound to the device key; `DPoP` header with a proof for this method and URL' },
      },
      schemas: { Problem: withoutDialect(z.toJSONSchema(Problem)) },
    },
  }
}

/** Problems are the same everywhere. */
const problems = (): Record<string, unknown> => {
  const statuses = [...new Set(REFUSAL_CODES.map(statusOf))].toSorted((a, b) => a - b)
  const problem = { description: 'refused', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } }
  return Object.fromEntries(statuses.map((status) => [status, problem]))
}

const receiptPath = (): Record<string, unknown> => ({
  operationId: 'getReceipt',
  summary: "The receipt of an answer's entry",
  description:
    'Proof that the entry stands in the journal (C2SP tlog-proof), for entries of this session or its person. `receipt_not_yet` for a few seconds after the answer. Keep it with the answer: `gatehouse receipt verify` and any C2SP verifier check it offline.',
  parameters: [{ name: 'index', in: 'path', required: true, schema: { type: 'integer', minimum: 0 }, description: '`entry.index` of the answer' }],
  responses: { 200: { description: 'the receipt', content: { 'text/plain': { schema: { type: 'string' } } } }, ...problems() },
})

function pathOf(operation: Offered): Record<string, unknown> {
  return {
    operationId: operation.name,
    summary: operation.title,
    description: operation.description,
    'x-read-only': operation.readOnly,
    requestBody: { required: true, content: { 'application/json': { schema: operation.inputSchema } } },
    responses: {
      200: { description: 'covered rows and the journal entry that proves them', content: { 'application/json': { schema: operation.outputSchema } } },
      ...problems(),
    },
  }
}

const withoutDialect = ({ $schema: _dialect, ...schema }: Record<string, unknown>): Record<string, unknown> => schema
