import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parse } from 'csv-parse'
import { parse as parseText } from 'csv-parse/sync'
import type { RefusedCell } from '../report.ts'

export type Encoding = 'utf-8' | 'windows-1252'

/** A record with the line it begins on, counted from 1 as an editor does. */
export type CsvRecord = { readonly line: number; readonly cells: readonly string[] }

export type CsvFile = {
  readonly records: readonly CsvRecord[]
  readonly refused: readonly RefusedCell[]
  /** SHA-256 of the file's bytes, hex. */
  readonly digest: string
}

type Parsed = { readonly record: readonly string[]; readonly info: { readonly lines: number } }

/**
 * Every record of a CSV file (RFC 4180), the header first; comma, semicolon or tab, whichever its first line has most of. What cannot be read is
 * listed, not guessed: bytes that are no text, and a quote out of place, after which nothing more is read.
 */
export async function readCsv(asked: {
  readonly file: string
  readonly encoding: Encoding
  readonly onBytes: (done: number, total: number) => void
}): Promise<CsvFile> {
  const { file, encoding, onBytes } = asked
  const { size, delimiter } = await look(file)
  const hash = createHash('sha256')
  const [broken, unreadable, records]: [RefusedCell[], UnreadableCell[], CsvRecord[]] = [[], [], []]

  async function* text(): AsyncGenerator<string> {
    const decoder = new TextDecoder(encoding)
    let [line, bytes] = [1, 0]
    for await (const chunk of wholeLines(createReadStream(file, { highWaterMark: 1 << 18 }))) {
      hash.update(chunk)
      if (encoding === 'utf-8' && !isUtf8(chunk)) unreadable.push(...unreadableCells(chunk, line, delimiter))
      line += chunk.reduce((count, byte) => (byte === NEWLINE ? count + 1 : count), 0)
      onBytes((bytes += chunk.length), size)
      yield decoder.decode(chunk, { stream: true })
    }
  }
  const parser = parse({ relax_column_count: true, skip_empty_lines: true, info: true, delimiter })
  try {
    await pipeline(Readable.from(text()), parser, async (parsed: AsyncIterable<Parsed>) => {
      for await (const { record, info } of parsed) records.push({ line: info.lines - linesWithin(record), cells: record })
    })
  } catch (cause) {
    const { code, lines } = cause as { readonly code?: string; readonly lines?: number }
    if (!code?.startsWith('CSV_')) throw cause
    broken.push({ line: lines ?? 1, column: '', reason: 'a quote stands where none may, or never closes; nothing after it could be read' })
  }
  const notText = unreadable.map(({ line, place }) => ({ line, column: records[0]?.cells[place]?.trim() ?? '', reason: 'not UTF-8 text' }))
  return { records, refused: [...notText, ...broken], digest: hash.digest('hex') }
}

const NEWLINE = 0x0a

const linesWithin = (cells: readonly string[]): number => cells.reduce((sum, cell) => sum + (cell.match(/\n/g)?.length ?? 0), 0)

async function look(file: string): Promise<{ readonly size: number; readonly delimiter: string }> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, 0)
    const [first] = buffer
      .subarray(0, bytesRead)
      .toString('latin1')
      .replaceAll(/"[^"]*"/g, '')
      .split('\n', 1)
    const counts = [',', ';', '\t'].map((delimiter) => ({ delimiter, count: (first ?? '').split(delimiter).length }))
    const [most] = counts.sort((a, b) => b.count - a.count)
    return { size: (await handle.stat()).size, delimiter: most?.delimiter ?? ',' }
  } finally {
    await handle.close()
  }
}

/** The stream cut at line ends, so that no character is split over two chunks. */
async function* wholeLines(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0)
  for await (const chunk of stream) {
    const all = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    const end = all.lastIndexOf(NEWLINE) + 1
    if (end > 0) yield all.subarray(0, end)
    held = all.subarray(end)
  }
  if (held.length > 0) yield held
}

type UnreadableCell = { readonly line: number; readonly place: number }

/** The lines of this chunk that are not UTF-8, each with the place of its first cell that is not. */
function unreadableCells(chunk: Buffer, firstLine: number, delimiter: string): readonly UnreadableCell[] {
  const found: UnreadableCell[] = []
  for (let [from, line] = [0, firstLine]; from < chunk.length; line++) {
    const end = chunk.indexOf(NEWLINE, from)
    const bytes = chunk.subarray(from, end === -1 ? chunk.length : end)
    if (!isUtf8(bytes)) found.push({ line, place: placeOfUnreadable(bytes, delimiter) })
    from += bytes.length + 1
  }
  return found
}

function placeOfUnreadable(bytes: Buffer, delimiter: string): number {
  const [cells] = parseText(bytes.toString('latin1'), { delimiter, relax_quotes: true, relax_column_count: true, skip_records_with_error: true })
  return (cells ?? []).findIndex((cell) => !isUtf8(Buffer.from(cell, 'latin1')))
}
