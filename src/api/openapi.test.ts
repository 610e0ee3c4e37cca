import { describe, expect, it } from 'vitest'
import { described, operationsIn } from '../../test/support/openapi.ts'
import { PACK } from '../../test/support/pack.ts'
import { offered } from '../catalogue/offer.ts'
import { REFUSAL_CODES, statusOf } from '../model/refusal.ts'
import { openapi } from './openapi.ts'

const ALL = Object.values(PACK.catalogue.operations)
const document = (operations = ALL) => openapi(operations.map(offered), 'https://gate.example')

describe('the OpenAPI description', () => {
  it('is one of OpenAPI 3.1 with every operation of the catalogue, what it takes, what it answers, and every status of a refusal', async () => {
    const description = await described(document())
    expect(operationsIn(description)).toEqual(ALL.map(({ name }) => name))
    expect(description.servers).toEqual([{ url: 'https://gate.example' }])
    const statuses = [...new Set(REFUSAL_CODES.map(statusOf))].map(String)
    for (const operation of ALL) {
      const { inputSchema, outputSchema } = offered(operation)
      const post = description.paths[`/v1/operations/${operation.name}`]?.post
      expect(post).toMatchObject({ operationId: operation.name, summary: operation.title, 'x-read-only': operation.kind === 'read' })
      expect(post?.requestBody?.content['application/json']?.schema).toEqual(inputSchema)
      expect(post?.responses['200']?.content['application/json']?.schema).toEqual(outputSchema)
      expect(Object.keys(post?.responses ?? {})).toEqual(expect.arrayContaining(statuses))
    }
  })

  it('describes no other operation than those given', async () => {
    expect(operationsIn(await described(document(ALL.slice(0, 1))))).toEqual([ALL[0]?.name])
    expect(operationsIn(await described(document([])))).toEqual([])
  })

  it.each<[string, string, (broken: ReturnType<typeof document>) => void]>([
    ['without a title', "required property 'title'", (broken) => Object.assign(broken, { info: { version: '1' } })],
    ['with a member OpenAPI has not', 'unevaluated properties', (broken) => Object.assign(broken, { operations: [] })],
    ['with a reference to nothing', "Can't resolve #/components/schemas/Problem", (broken) => Object.assign(broken['components'] as object, { schemas: {} })],
    [
      'with a schema of no type there is',
      'schema is invalid: data/type',
      (broken) => Object.assign(broken['components'] as object, { schemas: { Problem: { type: 'strnig' } } }),
    ],
    [
      'with a keyword nobody knows in a schema',
      'unknown keyword: "maxLenght"',
      (broken) => Object.assign(broken['components'] as object, { schemas: { Problem: { maxLenght: 3 } } }),
    ],
  ])('would not pass here %s', async (_, message, breaks) => {
    const broken = structuredClone(document())
    breaks(broken)
    await expect(described(broken)).rejects.toThrow(message)
  })
})
