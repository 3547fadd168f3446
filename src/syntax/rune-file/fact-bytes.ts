/**
 * The plain rows of fact files and of arrays in TOML, found in their bytes: no string and no array is made for a row. What is
 * not plain (a quote twice, an escape, a number that is no integer, a row of another length, …) is left where it stands, for
 * `fact-rows.ts`, `json.ts` and `toml.ts`, which also know what is wrong with it. Owns no types and no diagnostics.
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

/** How the rows of an array in TOML are written. */
export interface TomlShape {
  /** What stands in each column; at least one. */
  readonly tokens: readonly Token[]
  /** Rows are single values, not arrays of them. */
  readonly isScalar: boolean
}

/** The shape of the first row at `start`; `undefined` if it is not plain. */
export function tomlShape(bytes: Uint8Array, start: number): TomlShape | undefined {
  let at = skipTomlSpace(bytes, start)
  const isScalar = bytes[at] !== BRACKET
  const tokens: Token[] = []
  do {
    if (!isScalar) at = skipTomlSpace(bytes, at + 1)
    if (tokens.length > 0 && bytes[at] === BRACKET_END) break
    const token = tokenAt(bytes[at])
    const end = tokenEnd(bytes, at, token)
    if (end < 0) return undefined
    tokens.push(token)
    at = skipTomlSpace(bytes, end)
  } while (!isScalar && bytes[at] === COMMA)
  return { tokens, isScalar }
}

/** The scan of the rows inside of an array of this shape; a row ends after its comma, or before the bracket. */
export function scanOfToml({ tokens, isScalar }: TomlShape): Scan {
  const places = new Uint32Array(2 * tokens.length)
  return scanWith(tomlRow(places, tokens, isScalar), places)
}

/** Over white space, line breaks and comments; to the end where a comment is none. */
export function skipTomlSpace(bytes: Uint8Array, from: number): number {
  let at = from
  for (; at < bytes.length; at++) {
    const c = bytes[at] ?? 0
    if (c > HASH) break
    if (c === SPACE || c === NEWLINE || c === TAB) continue
    if (c === HASH) at = commentEnd(bytes, at)
    else if (c !== CARRIAGE_RETURN || bytes[at + 1] !== NEWLINE) break
  }
  return at
}

/** The line break after a comment, which holds no control characters. */
function commentEnd(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length) {
    const c = bytes[at] ?? 0
    if (c === NEWLINE || (c === CARRIAGE_RETURN && bytes[at + 1] === NEWLINE)) return at
    at = isControl(c) && c !== TAB ? bytes.length : at + 1
  }
  return at
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

/** What JSON and TOML write for a value of a type; `undefined` where that takes more than one look. */
export type Token = 'string' | 'integer' | 'word' | undefined

function tokenOf(type: string): Token {
  if (type === 'Long') return 'integer'
  if (type === 'Bool') return 'word'
  return type === 'Float' ? undefined : 'string'
}

/** What begins with `c`, if it is plain. */
function tokenAt(c: number | undefined): Token {
  if (c === QUOTE) return 'string'
  if (c === MINUS || isDigit(c)) return 'integer'
  return c === TRUE[0] || c === FALSE[0] ? 'word' : undefined
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

function tomlRow(places: Uint32Array, tokens: readonly Token[], isScalar: boolean): Row {
  return (bytes, start) => {
    let at = skipTomlSpace(bytes, start)
    if (!isScalar && bytes[at++] !== BRACKET) return -1
    for (let i = 0; i < tokens.length; i++) {
      if (i > 0 && bytes[at++] !== COMMA) return -1
      at = skipTomlSpace(bytes, at)
      const token = tokens[i]
      const end = tokenEnd(bytes, at, token)
      if (end < 0 || (token === 'integer' && end - at > LONG_BYTES_MAX)) return -1
      const quotes = token === 'string' ? 1 : 0
      places[2 * i] = at + quotes
      places[2 * i + 1] = end - quotes
      at = skipTomlSpace(bytes, end)
    }
    if (!isScalar) {
      if (bytes[at] === COMMA) at = skipTomlSpace(bytes, at + 1)
      if (bytes[at] !== BRACKET_END) return -1
      at = skipTomlSpace(bytes, at + 1)
    }
    return bytes[at] === COMMA ? at + 1 : bytes[at] === BRACKET_END ? at : -1
  }
}

/** An integer of so many bytes fits in 64 bits. */
const LONG_BYTES_MAX = 18

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
      if (c === BACKSLASH || isControl(c)) return -1
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

/** What JSON or TOML does not have in a string; a tab, which TOML has, is seldom seen. */
function isControl(c: number): boolean {
  return c < SPACE || c === DELETE
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
const HASH = 0x23
const COMMA = 0x2c
const MINUS = 0x2d
const ZERO = 0x30
const COLON = 0x3a
const BRACKET = 0x5b
const BACKSLASH = 0x5c
const BRACKET_END = 0x5d
const BRACE = 0x7b
const BRACE_END = 0x7d
const DELETE = 0x7f
const TRUE = [0x74, 0x72, 0x75, 0x65] as const
const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65] as const
