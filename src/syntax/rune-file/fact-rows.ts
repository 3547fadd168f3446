/**
 * The rows of TSV and CSV texts: where rows and fields end. TSV has no escapes; CSV is that of RFC 4180 with `\n` or
 * `\r\n`. Neither has a header row. Owns no types and no diagnostics.
 */

/** What is being split: a piece of a file that starts with a row, `at` the next row, on line `line` of the file. */
export interface RowCursor {
  readonly text: string
  /** Whether the file ends with `text`. */
  readonly isLast: boolean
  at: number
  line: number
}

/** Takes the fields of the row in `[start, end)` of the text; `false` ends the splitting. */
export type OnFields = (fields: string[], start: number, end: number) => boolean

/** Splits all rows of a text of tab-separated fields. */
export function splitTsv(cursor: RowCursor, onFields: OnFields): void {
  const { text } = cursor
  while (cursor.at < text.length) {
    const start = cursor.at
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : beforeReturn(text, start, newline)
    const fields: string[] = []
    let from = start
    for (let i = start; i < end; i++) {
      if (text.charCodeAt(i) !== TAB) continue
      fields.push(text.slice(from, i))
      from = i + 1
    }
    fields.push(text.slice(from, end))
    if (!onFields(fields, start, end)) return
    cursor.at = newline < 0 ? text.length : newline + 1
    cursor.line++
  }
}

/** Splits the complete rows of a text of comma-separated fields; what is wrong with a row, if one is malformed. */
export function splitCsv(cursor: RowCursor, onFields: OnFields): CsvMistake | undefined {
  const { text } = cursor
  while (cursor.at < text.length) {
    const start = cursor.at
    const fields: string[] = []
    let at = start
    for (;;) {
      const end = text.charCodeAt(at) === QUOTE ? closingQuote(text, at) : fieldEnd(text, at)
      if (end < 0) return cursor.isLast ? { message: 'the quote is not closed', at } : undefined
      const field = text.slice(at, end)
      if (field.startsWith('"')) fields.push(field.slice(1, -1).replaceAll('""', '"'))
      else if (field.includes('"')) return { message: 'a quote inside of a field that is not quoted', at }
      else fields.push(field)
      at = end
      if (text.charCodeAt(at) !== COMMA) break
      at++
    }
    const isReturn = text.charCodeAt(at) === CARRIAGE_RETURN
    const newline = isReturn ? at + 1 : at
    if (newline < text.length && text.charCodeAt(newline) !== NEWLINE) {
      return { message: 'text after the closing quote of a field', at }
    }
    if (!onFields(fields, start, at)) return undefined
    cursor.line += linesIn(text, start, at) + 1
    cursor.at = Math.min(newline + 1, text.length)
  }
  return undefined
}

/** What is wrong with a CSV text at an offset. */
export interface CsvMistake {
  readonly message: string
  readonly at: number
}

const TAB = 0x09
const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
const QUOTE = 0x22
const COMMA = 0x2c

function beforeReturn(text: string, start: number, newline: number): number {
  return newline > start && text.charCodeAt(newline - 1) === CARRIAGE_RETURN ? newline - 1 : newline
}

/** The offset after the quote that closes the field at `from`; -1 if none does. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text.charCodeAt(at + 1) !== QUOTE) return at + 1
  }
  return -1
}

/** The end of a field without quotes: a comma, a line break or the end of the text. */
function fieldEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === COMMA || c === NEWLINE) return at
    if (c === CARRIAGE_RETURN && text.charCodeAt(at + 1) === NEWLINE) return at
  }
  return text.length
}

function linesIn(text: string, start: number, end: number): number {
  let lines = 0
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
