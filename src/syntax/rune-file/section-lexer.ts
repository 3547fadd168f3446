/**
 * Just enough of the three languages of a `.rune` file to know what is a string, a comment or a bracket, and so which
 * lines can be headers. Owns no meaning: each section is read by its own parser. Spec: LANGUAGE section 1.
 */

/** How the text of a section is lexed; `none` for the text of an unknown section, which is skipped line by line. */
export type Language = 'toml' | 'datalog' | 'cedar' | 'none'

/** Where a reader of lines stands: what it must remember from one line to the next. */
export interface LineState {
  /** Open brackets. */
  depth: number
  /** Where a dotted key of TOML has more segments than `KEY_SEGMENTS_MAX`; -1 if none has. */
  deepKey: number
  /** Where a number of TOML ends that has more digits than `DIGITS_MAX`; -1 if none does. */
  longNumber: number
}

/** A dotted key of this many segments would nest tables too deep for anybody to read. */
export const KEY_SEGMENTS_MAX = 64

/** A number of more digits fits in 64 bits no more, and takes longer to read than its length says. */
export const DIGITS_MAX = 10_000

/** The start of the first line after `at` that is outside of strings and comments, or the end of the text. */
export function skipLine(text: string, at: number, language: Language, state: LineState): number {
  if (language === 'none') return afterNewline(text, at)
  let dots = 0
  let digits = 0
  let i = at
  while (i < text.length) {
    const c = text.charCodeAt(i)
    if (c === NEWLINE) return i + 1
    if (c === DOT) {
      if (++dots === KEY_SEGMENTS_MAX && language === 'toml' && state.deepKey < 0) state.deepKey = i
      i++
      continue
    }
    if (endsKey(c)) dots = 0
    if (isDigit(c)) {
      if (++digits > DIGITS_MAX && language === 'toml') state.longNumber = i
    } else if (c !== UNDERSCORE) digits = 0
    if (c === OPEN_SQUARE || c === OPEN_CURLY || c === OPEN_ROUND) state.depth++
    else if (c === CLOSE_SQUARE || c === CLOSE_CURLY || c === CLOSE_ROUND) state.depth = Math.max(0, state.depth - 1)
    const skipped = skipOpaque(text, i, language)
    if (skipped < 0) i++
    else i = skipped
  }
  return i
}

/** The offset after the string or comment (without its line break) that starts at `at`; -1 if none does. */
export function skipOpaque(text: string, at: number, language: Language): number {
  const c = text.charCodeAt(at)
  if (c === HASH) return endOfLine(text, at)
  if (language === 'toml') return c === QUOTE || c === APOSTROPHE ? skipTomlString(text, at) : -1
  if (c === QUOTE || (c === APOSTROPHE && language === 'datalog')) return skipString(text, at, c)
  if (c !== SLASH) return -1
  const next = text.charCodeAt(at + 1)
  if (next === SLASH) return endOfLine(text, at)
  return next === STAR && language === 'datalog' ? after(text.indexOf('*/', at + 2), 2, text) : -1
}

/** The offset after the TOML string that starts at `at`; of the line break, where one of a single line is not closed. */
export function skipTomlString(text: string, at: number): number {
  const quote = text.charCodeAt(at)
  const isLong = text.charCodeAt(at + 1) === quote && text.charCodeAt(at + 2) === quote
  for (let i = at + (isLong ? 3 : 1); i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === NEWLINE && !isLong) return i
    if (c === BACKSLASH && quote === QUOTE && (isLong || text.charCodeAt(i + 1) !== NEWLINE)) i++
    else if (c === quote && !isLong) return i + 1
    else if (c === quote && text.charCodeAt(i + 1) === quote && text.charCodeAt(i + 2) === quote) {
      // Up to two quotes may stand before the three that close it.
      let end = i + 3
      while (end < i + 5 && text.charCodeAt(end) === quote) end++
      return end
    }
  }
  return text.length
}

/** The offset of the line break that ends the line of `at`, or of the end of the text. */
export function endOfLine(text: string, at: number): number {
  const newline = text.indexOf('\n', at)
  return newline < 0 ? text.length : newline
}

const NEWLINE = 0x0a
const QUOTE = 0x22
const HASH = 0x23
const APOSTROPHE = 0x27
const OPEN_ROUND = 0x28
const CLOSE_ROUND = 0x29
const STAR = 0x2a
const COMMA = 0x2c
const DOT = 0x2e
const SLASH = 0x2f
const EQUALS = 0x3d
const OPEN_SQUARE = 0x5b
const BACKSLASH = 0x5c
const CLOSE_SQUARE = 0x5d
const UNDERSCORE = 0x5f
const OPEN_CURLY = 0x7b
const CLOSE_CURLY = 0x7d

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39
}

function endsKey(c: number): boolean {
  return c === EQUALS || c === COMMA || c === OPEN_SQUARE || c === OPEN_CURLY || c === CLOSE_SQUARE || c === CLOSE_CURLY
}

function skipString(text: string, at: number, quote: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === BACKSLASH) i++
    else if (c === quote) return i + 1
  }
  return text.length
}

function afterNewline(text: string, at: number): number {
  return after(text.indexOf('\n', at), 1, text)
}

function after(index: number, length: number, text: string): number {
  return index < 0 ? text.length : index + length
}
