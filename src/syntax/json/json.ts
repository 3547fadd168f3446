/**
 * JSON without loss: text → `Json`, where integers are exact 64-bit `bigint`s and no key is special. Stricter than
 * JavaScript's own reader: duplicate keys, lone surrogates and integers beyond 64 bits are refused. Owns neither what the
 * JSON means (`entities.ts`, `est.ts`) nor JavaScript values (`from-js.ts`). Spec: RFC 8259.
 */
import type { Code } from '../../text/codes.ts'
import type { Diagnostics } from '../../text/diagnostic.ts'
import { visible } from '../../text/display.ts'
import type { Source } from '../../text/source.ts'
import { inLongRange } from '../../values/long.ts'

/** A JSON value: `bigint` is a number written as an integer, `number` (finite, never `-0`) any other. */
export type Json = null | boolean | string | bigint | number | Json[] | Map<string, Json>

/** A text of JSON inside of a source: from `start` (0 by default) to `end` (by default that of the source). */
export interface JsonText {
  readonly source: Source
  readonly start?: number
  readonly end?: number
}

/** How deep arrays and objects may nest; about what cedar-wasm takes. */
export const JSON_DEPTH_MAX = 125

/**
 * The value that a text writes, `undefined` after a mistake. The first mistake of syntax ends the run; duplicate keys,
 * lone surrogates and integers beyond 64 bits are all reported, up to 100. Linear; recursion is bounded by `JSON_DEPTH_MAX`.
 */
export function parseJson(text: JsonText, diagnostics: Diagnostics): Json | undefined {
  const { source, start = 0, end = source.text.length } = text
  const reader: Reader = { source, text: source.text, end, at: start, mistakes: 0, diagnostics }
  const value = readValue(reader, 0)
  if (value === undefined) return undefined
  skipSpace(reader)
  if (reader.at < end) return unexpected(reader, 'the end of the text')
  return reader.mistakes > 0 ? undefined : value
}

/** So many mistakes end the reading. */
const MISTAKES_MAX = 100

interface Reader {
  readonly source: Source
  readonly text: string
  readonly end: number
  readonly diagnostics: Diagnostics
  at: number
  mistakes: number
}

function readValue(reader: Reader, depth: number): Json | undefined {
  if (reader.mistakes >= MISTAKES_MAX) return undefined
  skipSpace(reader)
  const c = reader.at < reader.end ? reader.text.charCodeAt(reader.at) : END
  switch (c) {
    case QUOTE:
      return readString(reader)
    case 0x7b /* { */:
      return depth === JSON_DEPTH_MAX ? tooDeep(reader) : readObject(reader, depth + 1)
    case 0x5b /* [ */:
      return depth === JSON_DEPTH_MAX ? tooDeep(reader) : readArray(reader, depth + 1)
    case 0x74 /* t */:
      return readWord(reader, 'true', true)
    case 0x66 /* f */:
      return readWord(reader, 'false', false)
    case 0x6e /* n */:
      return readWord(reader, 'null', null)
    default:
      return c === MINUS || isDigit(c) ? readNumber(reader) : unexpected(reader, 'a value')
  }
}

function readObject(reader: Reader, depth: number): Json | undefined {
  const fields = new Map<string, Json>()
  reader.at++
  if (skipTo(reader, 0x7d /* } */)) return fields
  for (;;) {
    skipSpace(reader)
    const keyStart = reader.at
    if (reader.text.charCodeAt(keyStart) !== QUOTE || keyStart >= reader.end)
      return unexpected(reader, 'a key in quotes')
    const key = readString(reader)
    if (key === undefined) return undefined
    if (fields.has(key)) {
      refuse(reader, 'R281', `the key ${shown(key)} stands twice in one object`, keyStart, 'remove one of the two')
    }
    if (!skipTo(reader, 0x3a /* : */)) return unexpected(reader, '`:`')
    const value = readValue(reader, depth)
    if (value === undefined) return undefined
    fields.set(key, value)
    if (skipTo(reader, COMMA)) continue
    return skipTo(reader, 0x7d) ? fields : unexpected(reader, '`,` or `}`')
  }
}

function readArray(reader: Reader, depth: number): Json | undefined {
  const elements: Json[] = []
  reader.at++
  if (skipTo(reader, 0x5d /* ] */)) return elements
  for (;;) {
    const value = readValue(reader, depth)
    if (value === undefined) return undefined
    elements.push(value)
    if (skipTo(reader, COMMA)) continue
    return skipTo(reader, 0x5d) ? elements : unexpected(reader, '`,` or `]`')
  }
}

function readWord<T extends Json>(reader: Reader, word: string, value: T): T | undefined {
  const end = reader.at + word.length
  if (end > reader.end || !reader.text.startsWith(word, reader.at)) return unexpected(reader, 'a value')
  reader.at = end
  return value
}

function readNumber(reader: Reader): Json | undefined {
  const { text, end } = reader
  const start = reader.at
  let at = start
  if (text.charCodeAt(at) === MINUS) at++
  const digitsStart = at
  at = skipDigits(text, at, end)
  const leadingZero = text.charCodeAt(digitsStart) === ZERO && at > digitsStart + 1
  let integer = true
  let complete = at > digitsStart && !leadingZero
  if (at < end && text.charCodeAt(at) === 0x2e /* . */) {
    integer = false
    const from = at + 1
    at = skipDigits(text, from, end)
    complete &&= at > from
  }
  if (at < end && (text.charCodeAt(at) | 0x20) === 0x65 /* e */) {
    integer = false
    at++
    if (at < end && (text.charCodeAt(at) === MINUS || text.charCodeAt(at) === 0x2b)) at++
    const from = at
    at = skipDigits(text, from, end)
    complete &&= at > from
  }
  reader.at = at
  if (!complete) {
    refuse(
      reader,
      'R151',
      `${shown(text.slice(start, at))} is no JSON number`,
      start,
      leadingZero ? 'remove the leading zeros' : undefined,
    )
    return undefined
  }
  return integer ? integerOf(reader, start) : floatOf(reader, start)
}

function integerOf(reader: Reader, start: number): bigint {
  const { text, at } = reader
  if (at - start < 16) return BigInt(Number(text.slice(start, at)))
  // At most 19 digits and a sign: longer ones are never converted, which would cost more than linear time.
  const value = at - start > 20 ? undefined : BigInt(text.slice(start, at))
  if (value !== undefined && inLongRange(value)) return value
  refuse(reader, 'R151', `the integer ${shown(text.slice(start, at))} does not fit in 64 bits`, start)
  return 0n
}

function floatOf(reader: Reader, start: number): number {
  const value = Number(reader.text.slice(start, reader.at))
  if (!Number.isFinite(value)) {
    refuse(reader, 'R151', `the number ${shown(reader.text.slice(start, reader.at))} is out of range`, start)
  }
  return value + 0 // no -0
}

function readString(reader: Reader): string | undefined {
  const { text, end } = reader
  const start = reader.at
  let from = start + 1
  let read = ''
  for (let at = from; at < end; ) {
    const c = text.charCodeAt(at)
    if (c === QUOTE) {
      reader.at = at + 1
      const value = read === '' ? text.slice(from, at) : read + text.slice(from, at)
      if (!value.isWellFormed()) refuse(reader, 'R101', 'a string holds half of a surrogate pair', start)
      return value
    }
    if (c === 0x5c /* \ */) {
      const character = readEscape(reader, at)
      if (character === undefined) return undefined
      read += text.slice(from, at) + character
      from = at = reader.at
    } else if (c < 0x20) {
      reader.at = at + 1
      const written = `\\u${c.toString(16).padStart(4, '0')}`
      return refuse(reader, 'R150', 'a control character stands in a string', at, `write \`${written}\``)
    } else at++
  }
  reader.at = end
  return refuse(reader, 'R150', 'a string is not closed', start, 'add `"`')
}

/** The character that the escape at `at` stands for; leaves the reader behind it. */
function readEscape(reader: Reader, at: number): string | undefined {
  const c = reader.text.slice(at + 1, Math.min(at + 2, reader.end))
  const simple = ESCAPES.get(c)
  reader.at = Math.min(at + 2, reader.end)
  if (simple !== undefined) return simple
  if (c === 'u') {
    const digits = reader.text.slice(at + 2, Math.min(at + 6, reader.end))
    reader.at = at + 2 + digits.length
    if (/^[0-9a-fA-F]{4}$/.test(digits)) return String.fromCharCode(Number.parseInt(digits, 16))
  }
  const written = reader.text.slice(at, reader.at)
  return refuse(reader, 'R150', `${shown(written)} is no JSON escape`, at, 'a backslash is written `\\\\`')
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

const END = -1
const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const ZERO = 0x30

function isDigit(c: number): boolean {
  return c >= ZERO && c <= 0x39
}

function skipDigits(text: string, from: number, end: number): number {
  let at = from
  while (at < end && isDigit(text.charCodeAt(at))) at++
  return at
}

function skipSpace(reader: Reader): void {
  const { text, end } = reader
  let at = reader.at
  while (at < end) {
    const c = text.charCodeAt(at)
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) break
    at++
  }
  reader.at = at
}

/** Skips space and then `c`, if it stands there. */
function skipTo(reader: Reader, c: number): boolean {
  skipSpace(reader)
  if (reader.at >= reader.end || reader.text.charCodeAt(reader.at) !== c) return false
  reader.at++
  return true
}

function unexpected(reader: Reader, expected: string): undefined {
  const scalar = reader.at < reader.end ? reader.text.codePointAt(reader.at) : undefined
  const found = scalar === undefined ? 'the end' : shown(String.fromCodePoint(scalar).toWellFormed())
  const start = reader.at
  reader.at = Math.min(reader.end, start + (scalar !== undefined && scalar > 0xffff ? 2 : 1))
  return refuse(reader, 'R280', `expected ${expected}, found ${found}`, start)
}

function tooDeep(reader: Reader): undefined {
  const start = reader.at++
  return refuse(reader, 'R282', `the JSON nests deeper than ${JSON_DEPTH_MAX} levels`, start)
}

/** Reports a mistake from `start` to where the reader is. */
function refuse(reader: Reader, code: Code, message: string, start: number, help?: string): undefined {
  reader.mistakes++
  const span = { source: reader.source, start, end: Math.max(reader.at, start) }
  reader.diagnostics.error(code, message, span, help === undefined ? {} : { help })
  return undefined
}

/** User text as messages show it: in backticks, on one line, cut. */
export function shown(text: string): string {
  return `\`${visible(text.length > 80 ? `${text.slice(0, 77)}…` : text)}\``
}
