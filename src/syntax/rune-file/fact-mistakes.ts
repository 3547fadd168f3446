/**
 * What is wrong with a fact file: each mistake names file and line, shows the line, and says where the facts are wanted. Owns
 * what many kinds of mistakes have in common; what one says stands where it is found.
 */
import type { Code } from '../../text/codes.ts'
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import { decodeUtf8 } from '../../text/utf8.ts'
import type { FactFile } from './ast.ts'
import type { CsvMistake, RowCursor } from './fact-rows.ts'

/** What of a `FactFile` says where the facts are. */
export type FactPlace = Pick<FactFile, 'path' | 'format' | 'span'>

/** So many mistakes end the reading. */
export const MISTAKES_MAX = 20

/** A row may be this long. */
export const ROW_BYTES_MAX = 2 ** 26

export interface Reporting {
  readonly file: FactPlace
  readonly diagnostics: Diagnostics
  mistakes: number
}

/** A span over the text of a row, which is its own source. */
export function place(reporting: Reporting, text: string, line: number): Span {
  return { source: { path: reporting.file.path, text, firstLine: line }, start: 0, end: text.length }
}

export function report(reporting: Reporting, code: Code, message: string, span: Span, help?: string): undefined {
  reporting.mistakes++
  const related = [{ message: 'the facts are wanted here', span: reporting.file.span }]
  reporting.diagnostics.error(code, message, span, { ...(help !== undefined && { help }), related })
}

export function reportEmpty(span: Span, reporting: Reporting): undefined {
  report(reporting, 'R705', 'an empty line is no row', span, 'remove the line')
}

export function reportNoRow(span: Span, reporting: Reporting): undefined {
  report(reporting, 'R705', 'a row is neither an array nor an object', span, 'write `["alice", "admin"]`')
}

export function reportLongRow(line: number, reporting: Reporting): undefined {
  report(reporting, 'R705', `a row is longer than ${ROW_BYTES_MAX / 2 ** 20} MiB`, place(reporting, '', line))
}

export function reportCsv(mistake: CsvMistake, piece: RowCursor, reporting: Reporting): undefined {
  const newline = piece.text.indexOf('\n', mistake.at)
  const end = newline < 0 ? piece.text.length : newline
  const span = place(reporting, piece.text.slice(piece.at, end), piece.line)
  const start = mistake.at - piece.at
  const help = 'a field with a comma, a quote or a line break stands in quotes, and each of its quotes twice'
  report(reporting, 'R705', mistake.message, { ...span, start, end: start + 1 }, help)
  // The rest of the file cannot be split.
  reporting.mistakes = MISTAKES_MAX
}

export function reportBytes(bytes: Uint8Array, firstLine: number, reporting: Reporting): undefined {
  const decoded = decodeUtf8(bytes)
  const offset = decoded.ok ? 0 : decoded.offset
  const before = decoded.text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  const newline = decoded.text.indexOf('\n', offset)
  const line = decoded.text.slice(lineStart, newline < 0 ? undefined : newline)
  const span = place(reporting, line, firstLine + before.split('\n').length - 1)
  const start = offset - lineStart
  report(reporting, 'R101', 'the file is not UTF-8', { ...span, start, end: start + 1 }, 'save the file as UTF-8')
}
