import { readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { Fault } from '../model/fault.ts'
import type { Spelling } from './internal/cell.ts'
import type { Encoding } from './internal/csv.ts'
import { FIELD_NAMES, type Field } from './internal/fields.ts'

/** Which header fills a field, or one text that fills it in every row, or nothing although an alias is there. */
export type Source = { readonly header: string } | { readonly always: string } | null

export type Mapping = { readonly fields: ReadonlyMap<Field, Source>; readonly spelling: Spelling; readonly encoding: Encoding }

export const NO_MAPPING: Mapping = { fields: new Map(), spelling: { decimal: null, dates: null }, encoding: 'utf-8' }

const word = z.string().min(1)
const source = z.union([word, z.strictObject({ always: word }), z.null()]).optional()
const mappingFile = z.strictObject({
  ...(Object.fromEntries(FIELD_NAMES.map((name) => [name, source])) as Record<Field, typeof source>),
  decimal: z.enum(['point', 'comma']).optional(),
  dates: z.enum(['month-first', 'day-first']).optional(),
  encoding: z.enum(['utf-8', 'windows-1252']).optional(),
})

/**
 * Reads a mapping file: YAML, one line per field as `field: header`, `field: { always: text }` or `field: ~`, and how the file is spelled.
 * test/fixtures/mapping.yaml has one of each. Fault `config_invalid` with every line that is not so.
 */
export function readMapping(file: string): Mapping {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('config_invalid', `the mapping file \`${file}\` cannot be read`, 'check its path', { cause })
  }
  return parseMapping(text, file)
}

/** @internal */
export function parseMapping(text: string, file: string): Mapping {
  const document = parseDocument(text, { uniqueKeys: true })
  const faults = document.errors.map((error) => `line ${error.linePos?.[0].line ?? 1}: ${error.message.split('\n', 1)[0]}`)
  const read = mappingFile.safeParse(faults.length === 0 ? (document.toJS() ?? {}) : {})
  if (faults.length > 0 || !read.success) {
    const all = [...faults, ...(read.error?.issues ?? []).map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`)]
    throw new Fault('config_invalid', `the mapping file \`${file}\` is not valid:\n  ${all.join('\n  ')}`, `its fields are ${FIELD_NAMES.join(', ')}`)
  }
  const { decimal, dates, encoding, ...fields } = read.data
  const given = Object.entries(fields).flatMap(([name, found]) => (found === undefined ? [] : [[name as Field, toSource(found)] as const]))
  return { fields: new Map(given), spelling: { decimal: decimal ?? null, dates: dates ?? null }, encoding: encoding ?? 'utf-8' }
}

const toSource = (found: string | { readonly always: string } | null): Source => (typeof found === 'string' ? { header: found } : found)
