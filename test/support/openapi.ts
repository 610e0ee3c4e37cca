import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { z } from 'zod'

const Content = z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) }))
const Description = z.looseObject({
  openapi: z.literal('3.1.0'),
  servers: z.array(z.object({ url: z.string() })),
  paths: z.record(
    z.string(),
    z.partialRecord(
      z.enum(['get', 'post']),
      z.looseObject({
        operationId: z.string(),
        requestBody: z.object({ required: z.literal(true), content: Content }).optional(),
        parameters: z.array(z.looseObject({ schema: z.record(z.string(), z.unknown()) })).default([]),
        responses: z.record(z.string(), z.object({ description: z.string(), content: Content })),
      }),
    ),
  ),
  components: z.looseObject({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
})
export type Description = z.infer<typeof Description>

/**
 * A description that OpenAPI 3.1's own schema takes, whose references lead somewhere, and each of whose schemas is one of JSON Schema 2020-12,
 * with no keyword nobody knows. Throws with what is wrong.
 */
export async function described(document: Record<string, unknown>): Promise<Description> {
  const judged = await new Validator().validate(structuredClone(document))
  if (!judged.valid) throw new Error(JSON.stringify(judged.errors))
  const description = Description.parse(document)
  // Types in a list are plain 2020-12; a format is a note.
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false, schemas: description.components.schemas })
  for (const schema of schemasIn(description)) ajv.compile(schema)
  return description
}

/** The operations described, by their paths. */
export const operationsIn = ({ paths }: Description): readonly string[] =>
  Object.keys(paths).flatMap((path) => (path.startsWith('/v1/operations/') ? [path.slice('/v1/operations/'.length)] : []))

const schemasIn = ({ paths, components }: Description) =>
  [
    ...Object.values(components.schemas),
    ...Object.values(paths)
      .flatMap((methods) => Object.values(methods))
      .flatMap(({ requestBody, parameters, responses }) => [
        ...parameters.map(({ schema }) => schema),
        ...[requestBody?.content ?? {}, ...Object.values(responses).map(({ content }) => content)].flatMap((content) =>
          Object.values(content).map(({ schema }) => schema),
        ),
      ]),
  ].filter(({ $ref }) => $ref === undefined)
