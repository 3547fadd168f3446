/**
 * Fact files: bytes of TSV, CSV or JSONL → rows. Plain rows are handed on as places in the bytes (`fact-bytes.ts`). Where a
 * row is not plain, a window of text is decoded from there, and its rows are read as values. Where rows go belongs to the
 * caller, who must load nothing if a mistake was reported. Spec: LANGUAGE section 3.
 */
import { isUtf8 } from 'node:buffer'
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import { decodeUtf8 } from '../../text/utf8.ts'
import type { Value } from '../../values/value.ts'
import { type Json, parseJson, shown } from '../json/json.ts'
import { type ByteCursor, type OnPlaces, type Scan, scanOf } from './fact-bytes.ts'
import { exampleOf, type FieldReader, fieldReader, jsonField } from './fact-field.ts'
import {
  type FactPlace,
  MISTAKES_MAX,
  place,
  type Reporting,
  ROW_BYTES_MAX,
  report,
  reportBytes,
  reportCsv,
  reportEmpty,
  reportLongRow,
  reportNoRow,
} from './fact-mistakes.ts'
import { type RowCursor, splitCsv, splitTsv } from './fact-rows.ts'
import type { ReadFile } from './host.ts'

/** Types as `types` writes them, one a column; names where they are known: rows written as JSON objects need them. */
export interface FactColumns {
  readonly types: readonly string[]
  readonly names?: readonly string[]
}

/** Where rows go, in their order: by `onRow`, or by `bytes` while they are plain. */
export interface RowTaker {
  /** Takes a row, whose array is its own; strings of a row may hold on to the window of the file they were cut from. */
  readonly onRow: (values: Value[], line: number) => void
  /** Absent: all rows are read as values. */
  readonly bytes?: BytesTaker
  /** Is told from time to time how much of the file has been read. */
  readonly onProgress?: (bytesRead: number, bytes: number) => void
}

export interface BytesTaker {
  /** Takes a row, or leaves it to `onRow`, and to whom reports its mistakes, by `false`. */
  readonly onPlaces: OnPlaces
  /** Comes first, and after each run of such rows, before any other row or mistake; about `rowsLeft` rows are to come. */
  settle(rowsLeft: number): void
}

/** Reads all rows of a fact file in their order; yields how many. Stops after `MISTAKES_MAX` mistakes. Linear. */
export function readFactFile(
  file: FactPlace,
  columns: FactColumns,
  read: ReadFile,
  taker: RowTaker,
  diagnostics: Diagnostics,
): number {
  const bytes = openFile(file, read, diagnostics)
  if (bytes === undefined) return 0
  const readers = columns.types.map(fieldReader)
  const isText = readers.every((reader) => reader === undefined)
  const scan = taker.bytes && columns.types.length > 0 ? scanOf(file.format, columns) : undefined
  const reading: Reading = {
    ...{ file, columns, readers, isText, scan, taker, diagnostics },
    ...{ bytes: bytes.length, bytesRead: 0, rows: 0, mistakes: 0 },
  }
  taker.bytes?.settle(estimatedRows(bytes))
  readPieces(bytes, reading)
  return reading.rows
}

/** The number of fields of a row, and the names of the columns where rows are objects. */
export interface FactShape {
  readonly arity: number
  readonly names?: readonly string[]
}

/**
 * What the first row of a fact file says; nothing where there is no row. A file that is not there is reported to
 * `diagnostics`, a row that is malformed to `ofRow`.
 */
export function factFileShape(
  file: FactPlace,
  read: ReadFile,
  diagnostics: Diagnostics,
  ofRow: Diagnostics = diagnostics,
): FactShape | undefined {
  const reporting: Reporting = { file, diagnostics: ofRow, mistakes: 0 }
  for (const bytesMax of [FIRST_BYTES, ROW_BYTES_MAX]) {
    const bytes = openFile(file, read, diagnostics, bytesMax)
    if (bytes === undefined) return undefined
    const isWhole = bytes.length < bytesMax - MARK_BYTES
    const first = firstRow(isWhole ? bytes : bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1), isWhole, reporting)
    if (first === undefined && !isWhole && reporting.mistakes === 0) continue
    return first && (file.format === 'jsonl' ? jsonShape(first.text, reporting) : { arity: first.fields })
  }
  return reportLongRow(1, reporting)
}

/** A fact file may be this large. */
export const FACT_FILE_BYTES_MAX = 2 ** 30

/** Enough for the first row of most files. */
const FIRST_BYTES = 2 ** 16
const PIECE_BYTES = 2 ** 22
const WINDOW_BYTES = 2 ** 16
const NEWLINE = 0x0a
/** The length of a byte order mark. */
const MARK_BYTES = 3

interface Reading extends Reporting {
  readonly columns: FactColumns
  readonly readers: readonly (FieldReader | undefined)[]
  /** All columns are String. */
  readonly isText: boolean
  readonly scan: Scan | undefined
  /** Of the file, and how many of them have been read. */
  readonly bytes: number
  bytesRead: number
  readonly taker: RowTaker
  rows: number
}

/** The bytes of the file, without a byte order mark. */
function openFile(
  file: FactPlace,
  read: ReadFile,
  diagnostics: Diagnostics,
  firstBytes = FACT_FILE_BYTES_MAX,
): Uint8Array | undefined {
  const bytes = read(file.path, { maxBytes: FACT_FILE_BYTES_MAX, firstBytes })
  if ('reason' in bytes) {
    diagnostics.error('R700', `fact file ${shown(file.path)} cannot be read: ${bytes.reason}`, file.span)
    return undefined
  }
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return hasMark ? bytes.subarray(MARK_BYTES) : bytes
}

/** As many rows as there are if the rest is as its start. */
function estimatedRows(bytes: Uint8Array): number {
  const start = bytes.subarray(0, WINDOW_BYTES)
  const rows = start.reduce((count, byte) => (byte === NEWLINE ? count + 1 : count), 0)
  return start.length === 0 ? 0 : Math.ceil((rows / start.length) * bytes.length)
}

/** Cuts the file into pieces that end with a line; a piece of which nothing could be taken is read again, twice as long. */
function readPieces(bytes: Uint8Array, reading: Reading): undefined {
  let line = 1
  let size = PIECE_BYTES
  while (reading.bytesRead < bytes.length && reading.mistakes < MISTAKES_MAX) {
    const start = reading.bytesRead
    const isLast = start + size >= bytes.length
    const end = isLast ? bytes.length : bytes.lastIndexOf(NEWLINE, start + size - 1) + 1
    const piece: ByteCursor = { bytes: bytes.subarray(start, Math.max(start, end)), isLast, at: 0, line }
    if (!isUtf8(piece.bytes)) return reportBytes(piece.bytes, line, reading)
    readPiece(piece, reading)
    line = piece.line
    reading.bytesRead += piece.at
    reading.taker.onProgress?.(reading.bytesRead, bytes.length)
    if (isLast) return
    if (piece.at > 0) size = PIECE_BYTES
    else if (size < ROW_BYTES_MAX) size *= 2
    else return reportLongRow(line, reading)
  }
}

/** Reads the rows of a piece; one that its end may have cut stays. */
function readPiece(piece: ByteCursor, reading: Reading): void {
  const { bytes } = piece
  let size = WINDOW_BYTES
  while (piece.at < bytes.length && reading.mistakes < MISTAKES_MAX) {
    readPlainRows(piece, reading)
    if (piece.at === bytes.length) return
    const newline = bytes.indexOf(NEWLINE, piece.at + size - 1)
    const end = newline < 0 ? bytes.length : newline + 1
    const text = UTF8.decode(bytes.subarray(piece.at, end))
    const window: RowCursor = { text, isLast: piece.isLast && end === bytes.length, at: 0, line: piece.line }
    readRows(window, reading)
    piece.line = window.line
    if (window.at === 0) {
      if (end === bytes.length) return
      size *= 2
    } else {
      piece.at = window.at === text.length ? end : piece.at + Buffer.byteLength(text.slice(0, window.at))
      size = WINDOW_BYTES
    }
  }
}

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true })

function readPlainRows(piece: ByteCursor, reading: Reading): void {
  const { scan, taker } = reading
  if (scan === undefined || taker.bytes === undefined) return
  const { line } = piece
  scan(piece, taker.bytes.onPlaces)
  reading.rows += piece.line - line
  const bytesRead = reading.bytesRead + piece.at
  taker.bytes.settle(bytesRead === 0 ? 0 : Math.ceil((reading.rows / bytesRead) * (reading.bytes - bytesRead)))
}

function readRows(piece: RowCursor, reading: Reading): void {
  const { text } = piece
  if (reading.file.format === 'jsonl') readJsonRows(piece, reading)
  const take = (fields: string[], start: number, end: number): boolean => {
    readFields(fields, { text, start, end, line: piece.line }, reading)
    return reading.mistakes < MISTAKES_MAX
  }
  if (reading.file.format === 'tsv') splitTsv(piece, take)
  const mistake = reading.file.format === 'csv' ? splitCsv(piece, take) : undefined
  if (mistake !== undefined) reportCsv(mistake, piece, reading)
}

/** A row as text: `[start, end)` of a piece. */
interface RowText {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly line: number
}

/** The array of fields becomes that of the values. */
function readFields(fields: string[], row: RowText, reading: Reading): undefined {
  const { readers } = reading
  if (row.start === row.end) {
    reportEmpty(placeOf(row, reading), reading)
  } else if (fields.length !== readers.length) {
    report(reading, 'R703', counted(fields.length, 'field', readers.length), placeOf(row, reading))
  } else if (reading.isText) {
    reading.rows++
    reading.taker.onRow(fields, row.line)
  } else {
    const values: Value[] = fields
    for (let i = 0; i < fields.length; i++) {
      const reader = readers[i]
      if (reader === undefined) continue
      const field = fields[i] ?? ''
      const value = reader(field)
      if (value === undefined) return reportField(field, i, fields, row, reading)
      values[i] = value
    }
    reading.rows++
    reading.taker.onRow(values, row.line)
  }
}

function readJsonRows(piece: RowCursor, reading: Reading): void {
  const { text } = piece
  while (piece.at < text.length && reading.mistakes < MISTAKES_MAX) {
    const newline = text.indexOf('\n', piece.at)
    const end = newline < 0 ? text.length : newline
    readJsonRow({ text, start: piece.at, end, line: piece.line }, reading)
    piece.at = newline < 0 ? text.length : newline + 1
    piece.line++
  }
}

function readJsonRow(row: RowText, reading: Reading): undefined {
  const { columns } = reading
  const span = placeOf(row, reading)
  const json = parseRow(span, reading)
  const fields = json === undefined ? undefined : jsonFields(json, span, reading)
  if (fields === undefined) return
  const values: Value[] = []
  for (const [i, field] of fields.entries()) {
    const type = columns.types[i] ?? 'String'
    const value = jsonField(field, type)
    if (value === undefined) {
      const name = columns.names?.[i]
      return report(
        reading,
        'R704',
        `column ${name === undefined ? i + 1 : shown(name)} is no ${typeName(type)}`,
        span,
        `wanted: ${exampleOf(type)}`,
      )
    }
    values.push(value)
  }
  reading.rows++
  reading.taker.onRow(values, row.line)
}

/** The fields of a row in the order of the columns. */
function jsonFields(json: Json, span: Span, reading: Reading): readonly Json[] | undefined {
  const { types, names } = reading.columns
  if (Array.isArray(json)) {
    if (json.length === types.length) return json
    return report(reading, 'R703', counted(json.length, 'field', types.length), span)
  }
  if (!(json instanceof Map)) return reportNoRow(span, reading)
  if (names === undefined) {
    const help = 'declare them: `decl p(user: String, role: String).`, or write rows as arrays'
    return report(reading, 'R705', 'rows that are objects need columns with names', span, help)
  }
  if (json.size !== types.length) return report(reading, 'R703', counted(json.size, 'field', types.length), span)
  const fields: Json[] = []
  for (const name of names) {
    const field = json.get(name)
    if (field === undefined) return report(reading, 'R703', `the row lacks the column ${shown(name)}`, span)
    fields.push(field)
  }
  return fields
}

/** The first row of a file that starts with `bytes`: its text, and how many fields it has but for JSON. */
function firstRow(
  bytes: Uint8Array,
  isLast: boolean,
  reporting: Reporting,
): { readonly text: string; readonly fields: number } | undefined {
  const decoded = decodeUtf8(bytes)
  const cursor: RowCursor = { text: decoded.text, isLast, at: 0, line: 1 }
  let row: { readonly text: string; readonly fields: number } | undefined
  const take = ({ length }: string[], start: number, end: number): boolean => {
    row = { text: cursor.text.slice(start, end), fields: length }
    return false
  }
  const isCsv = reporting.file.format === 'csv'
  const mistake = isCsv ? splitCsv(cursor, take) : splitTsv(cursor, take)
  if (!decoded.ok && decoded.offset < (row?.text.length ?? bytes.length)) return reportBytes(bytes, 1, reporting)
  if (mistake) return reportCsv(mistake, cursor, reporting)
  return row
}

function jsonShape(text: string, reporting: Reporting): FactShape | undefined {
  const span = place(reporting, text, 1)
  const json = parseRow(span, reporting)
  if (json === undefined) return undefined
  if (Array.isArray(json)) return { arity: json.length }
  return json instanceof Map ? { arity: json.size, names: [...json.keys()] } : reportNoRow(span, reporting)
}

function parseRow(span: Span, reporting: Reporting): Json | undefined {
  if (span.source.text.trim() === '') return reportEmpty(span, reporting)
  const json = parseJson(span, reporting.diagnostics)
  if (json === undefined) reporting.mistakes++
  return json
}

function placeOf(row: RowText, reading: Reporting): Span {
  return place(reading, row.text.slice(row.start, row.end), row.line)
}

function reportField(
  field: string,
  column: number,
  fields: readonly unknown[],
  row: RowText,
  reading: Reading,
): undefined {
  const type = reading.columns.types[column] ?? 'String'
  const whole = placeOf(row, reading)
  const span = reading.file.format === 'tsv' ? fieldSpan(whole, column) : whole
  const where = fields.length > 1 ? ` in column ${column + 1}` : ''
  report(reading, 'R704', `${shown(field)}${where} is no ${typeName(type)}`, span, `wanted: ${exampleOf(type)}`)
}

function fieldSpan(row: Span, column: number): Span {
  const { text } = row.source
  let start = 0
  for (let i = 0; i < column; i++) start = text.indexOf('\t', start) + 1
  const tab = text.indexOf('\t', start)
  return { ...row, start, end: tab < 0 ? text.length : tab }
}

function counted(found: number, noun: string, wanted: number): string {
  return `the row has ${found} ${noun}${found === 1 ? '' : 's'}, not ${wanted}`
}

function typeName(type: string): string {
  return shown(type.replace(/^entity:/, ''))
}
