/**
 * The plain rows of fact files, found in their bytes: no string and no array is made for a row. What is not plain (a quote
 * twice, an escape, a number that is no integer, a row of another length, …) is left where it stands, for `fact-rows.ts` and
 * `json.ts`, which also know what is wrong with it. Owns no types and no diagnostics.
 */

/** Whole rows of a file, in valid UTF-8; `at` is the next row, on line `line` of the file. */
export interface ByteCursor {
  readonly bytes: Uint8Array
  /** Whether the file ends with `bytes`. */
  readonly isLast: boolean
  at: number
  line: number
}

/** Takes a row: the field of column `i` is `[places[2 * i], places[2 * i + 1])` of `bytes`. `false` leaves the row where it stands. */
export type OnPlaces = (bytes: Uint8Array, places: Uint32Array) => boolean

/** Takes rows from where the cursor is until the end, or up to one that is not plain. Linear. */
export type Scan = (cursor: ByteCursor, onPlaces: OnPlaces) => void

/** The scan of a format for rows of columns with these types, at least one, and names. */
export function scanOf(
  format: 'tsv' | 'csv' | 'jsonl',
  { types, names }: { readonly types: readonly string[]; readonly names?: readonly string[] },
): Scan {
  const places = new Uint32Array(2 * types.length)
  if (format === 'jsonl') {
    const keys = names?.map((name) => new TextEncoder().encode(name))
    return scanWith(jsonRow(places, types.map(tokenOf), keys), places)
  }
  return scanWith(format === 'tsv' ? tsvRow(places) : csvRow(places), places)
}

/** Writes the places of the row at `start`; the offset after it and its line break, -1 if it is not plain. */
type Row = (bytes: Uint8Array, start: number, isLast: boolean) => number

function scanWith(row: Row, places: Uint32Array): Scan {
  return (cursor, onPlaces) => {
    const { bytes, isLast } = cursor
    while (cursor.at < bytes.length) {
      const end = row(bytes, cursor.at, isLast)
      if (end < 0 || !onPlaces(bytes, places)) return
      cursor.at = Math.min(end, bytes.length)
      cursor.line++
    }
  }
}

function tsvRow(places: Uint32Array): Row {
  return (bytes, start) => {
    let at = start
    let place = 0
    places[0] = start
    for (; at < bytes.length; at++) {
      const c = bytes[at] ?? 0
      if (c > NEWLINE) continue
      if (c === NEWLINE) break
      if (c !== TAB) continue
      places[place + 1] = at
      place += 2
      if (place === places.length) return -1
      places[place] = at + 1
    }
    const end = at < bytes.length && at > start && bytes[at - 1] === CARRIAGE_RETURN ? at - 1 : at
    places[place + 1] = end
    return place + 2 < places.length || end === start ? -1 : at + 1
  }
}

function csvRow(places: Uint32Array): Row {
  return (bytes, start, isLast) => {
    let at = start
    for (let place = 0; place < places.length; place += 2) {
      const isQuoted = bytes[at] === QUOTE
      const from = isQuoted ? at + 1 : at
      const to = isQuoted ? quoteEnd(bytes, from) : fieldEnd(bytes, from)
      if (to < 0) return -1
      places[place] = from
      places[place + 1] = to
      at = isQuoted ? to + 1 : to
      if (place + 2 < places.length && bytes[at++] !== COMMA) return -1
    }
    if (at === start) return -1
    if (at === bytes.length) return isLast ? at : -1
    if (bytes[at] === CARRIAGE_RETURN) at++
    return bytes[at] === NEWLINE ? at + 1 : -1
  }
}

/** The quote that ends the text from `from` on, on the same line; -1 if there is none, or if it stands there twice. */
function quoteEnd(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at] !== QUOTE && bytes[at] !== NEWLINE) at++
  return bytes[at] === QUOTE && bytes[at + 1] !== QUOTE ? at : -1
}

/** The end of a field without quotes; -1 if one stands in it. */
function fieldEnd(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const c = bytes[at] ?? 0
    if (c > COMMA) continue
    if (c === COMMA || c === NEWLINE) return at
    if (c === CARRIAGE_RETURN && bytes[at + 1] === NEWLINE) return at
    if (c === QUOTE) return -1
  }
  return bytes.length
}

/** What JSON writes for a value of a type; `undefined` where that takes more than one look. */
type Token = 'string' | 'integer' | 'word' | undefined

function tokenOf(type: string): Token {
  if (type === 'Long') return 'integer'
  if (type === 'Bool') return 'word'
  return type === 'Float' ? undefined : 'string'
}

function jsonRow(places: Uint32Array, tokens: readonly Token[], keys: readonly Uint8Array[] | undefined): Row {
  return (bytes, start) => {
    let at = skipSpace(bytes, start)
    const isObject = bytes[at] === BRACE
    if (!isObject && bytes[at] !== BRACKET) return -1
    if (isObject) places.fill(NOWHERE)
    for (let i = 0; i < tokens.length; i++) {
      at = skipSpace(bytes, at + 1)
      let column = i
      if (isObject) {
        const end = tokenEnd(bytes, at, 'string')
        column = end < 0 || keys === undefined ? -1 : columnOf(bytes, at + 1, end - 1, keys, i)
        if (column < 0 || places[2 * column] !== NOWHERE) return -1
        at = skipSpace(bytes, end)
        if (bytes[at] !== COLON) return -1
        at = skipSpace(bytes, at + 1)
      }
      const token = tokens[column]
      const end = tokenEnd(bytes, at, token)
      if (end < 0) return -1
      const quotes = token === 'string' ? 1 : 0
      places[2 * column] = at + quotes
      places[2 * column + 1] = end - quotes
      at = skipSpace(bytes, end)
      if (i + 1 < tokens.length && bytes[at] !== COMMA) return -1
    }
    if (bytes[at] !== (isObject ? BRACE_END : BRACKET_END)) return -1
    at = skipSpace(bytes, at + 1)
    return at === bytes.length || bytes[at] === NEWLINE ? at + 1 : -1
  }
}

/** The column whose name `[start, end)` is: most rows name them in order. */
function columnOf(bytes: Uint8Array, start: number, end: number, keys: readonly Uint8Array[], likely: number): number {
  const isKey = (key: Uint8Array | undefined) =>
    key !== undefined && key.length === end - start && key.every((byte, i) => byte === bytes[start + i])
  return isKey(keys[likely]) ? likely : keys.findIndex(isKey)
}

/** The offset after the token at `at`; -1 if there is another one, or one that is not plain. */
function tokenEnd(bytes: Uint8Array, start: number, token: Token): number {
  let at = start
  if (token === 'string') {
    if (bytes[at++] !== QUOTE) return -1
    for (; at < bytes.length; at++) {
      const c = bytes[at] ?? 0
      if (c === QUOTE) return at + 1
      if (c === BACKSLASH || c < SPACE) return -1
    }
    return -1
  }
  if (token === 'word')
    return isWord(bytes, at, TRUE) ? at + TRUE.length : isWord(bytes, at, FALSE) ? at + FALSE.length : -1
  if (token === undefined) return -1
  if (bytes[at] === MINUS) at++
  const digits = at
  while (isDigit(bytes[at])) at++
  return at === digits || (bytes[digits] === ZERO && at > digits + 1) ? -1 : at
}

function isWord(bytes: Uint8Array, at: number, word: readonly number[]): boolean {
  return word.every((byte, i) => bytes[at + i] === byte)
}

function isDigit(c: number | undefined): boolean {
  return c !== undefined && c >= ZERO && c <= ZERO + 9
}

/** Up to the end of the line. */
function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === CARRIAGE_RETURN) at++
  return at
}

/** No place, since files are smaller. */
const NOWHERE = 0xffffffff

const TAB = 0x09
const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const ZERO = 0x30
const COLON = 0x3a
const BRACKET = 0x5b
const BACKSLASH = 0x5c
const BRACKET_END = 0x5d
const BRACE = 0x7b
const BRACE_END = 0x7d
const TRUE = [0x74, 0x72, 0x75, 0x65] as const
const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65] as const
