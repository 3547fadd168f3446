/**
 * The tokens of rules, one run at a time: all up to the dot that certainly ends a clause. Owns white space, comments,
 * where strings and numbers end, which dots are glued, and which brackets belong together; not what a number or a string
 * stands for, nor which words are reserved. Linear in the text, without recursion. Spec: LANGUAGE sections 1, 2 and 4.
 */
import { loneSurrogateAt, unescapeString } from '../../values/string-literal.ts'
import { shown } from '../json/json.ts'
import { FOREIGN_OPERATORS } from './foreign.ts'
import { MISTAKES_MAX, type Mistakes, refuse } from './mistakes.ts'

/**
 * `name` starts lower-case, `variable` upper-case or with `_`, `wildcard` is `_`. `glued` is a dot without white space on
 * either side and with a name after it; `.` any other dot. `foreign` is an operator of another language. `bad` was
 * reported already. `end` is the end of the range.
 */
export type TokenKind =
  | 'name'
  | 'variable'
  | 'wildcard'
  | 'integer'
  | 'float'
  | 'string'
  | 'glued'
  | 'foreign'
  | 'bad'
  | 'end'
  | Punctuation

type Punctuation = Bracket | Operator | ',' | ';' | ':' | '::' | ':-' | '.' | '!' | '|'
type Bracket = '(' | ')' | '[' | ']' | '{' | '}'
type Operator = '=' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%'

/** Tokens as columns; the last one is a `.` or the `end`. */
export interface Run {
  readonly kinds: readonly TokenKind[]
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  /**
   * For an opening bracket the index of its closing one, 0 if there is none; negative where a `,`, a `;` or a comparison
   * stands directly inside. 0 for other tokens.
   */
  readonly closers: readonly number[]
  /** Where the next run starts. */
  readonly next: number
}

/** Reads the run of `text` that starts at `start`; `text` is the source up to the end of the range. */
export function lexRun(text: string, start: number, mistakes: Mistakes): Run {
  const end = text.length
  const lexer: Lexer = { text, end, mistakes, at: start, kinds: [], starts: [], ends: [], closers: [], open: [] }
  for (;;) {
    skipBlank(lexer)
    const at = lexer.at
    const kind = at >= end || mistakes.count > MISTAKES_MAX ? 'end' : scan(lexer)
    bracket(lexer, kind)
    lexer.kinds.push(kind)
    lexer.starts.push(at)
    lexer.ends.push(lexer.at)
    if (kind === '.' || kind === 'end') break
  }
  const { kinds, starts, ends, closers, at } = lexer
  return { kinds, starts, ends, closers, next: at }
}

/** The comparisons. */
export const COMPARISONS: ReadonlySet<TokenKind> = new Set<TokenKind>(['=', '==', '!=', '<', '<=', '>', '>='])

interface Lexer {
  readonly text: string
  readonly end: number
  readonly mistakes: Mistakes
  at: number
  readonly kinds: TokenKind[]
  readonly starts: number[]
  readonly ends: number[]
  readonly closers: number[]
  /** Indexes of the opening brackets that are not closed yet. */
  readonly open: number[]
}

/** Pairs brackets, and marks those that hold a list or a comparison. Mismatched ones are the parser's to report. */
function bracket(lexer: Lexer, kind: TokenKind): void {
  const { open, closers, kinds } = lexer
  const index = kinds.length
  closers.push(0)
  if (kind === '(' || kind === '[' || kind === '{') {
    open.push(index)
  } else if (kind === ')' || kind === ']' || kind === '}') {
    const opening = open.pop()
    if (opening !== undefined) closers[opening] = closers[opening] === MARKED ? -index : index
  } else if (kind === ',' || kind === ';' || COMPARISONS.has(kind)) {
    const opening = open.at(-1)
    if (opening !== undefined) closers[opening] = MARKED
  }
}

/** No closing bracket has the index 0, so -1 cannot be one that was negated before its token was pushed. */
const MARKED = -1

function skipBlank(lexer: Lexer): void {
  const { text, end } = lexer
  while (lexer.at < end) {
    const c = text.charCodeAt(lexer.at)
    if (isSpace(c)) {
      lexer.at++
    } else if (c === HASH || (c === SLASH && text.charCodeAt(lexer.at + 1) === SLASH)) {
      const newline = text.indexOf('\n', lexer.at)
      lexer.at = newline < 0 ? end : newline
    } else if (c === SLASH && text.charCodeAt(lexer.at + 1) === STAR) {
      skipBlockComment(lexer)
    } else {
      return
    }
  }
}

function skipBlockComment(lexer: Lexer): void {
  const { text, end, mistakes, at } = lexer
  const close = text.indexOf('*/', at + 2)
  lexer.at = close < 0 ? end : close + 2
  if (close >= 0) return
  const message = 'the comment is not closed: it holds all that follows'
  refuse(mistakes, { code: 'R130', message, start: at, end: at + 2, help: 'write `*/` where it ends' })
}

/** Moves over the token that starts at `lexer.at`, and yields its kind. */
function scan(lexer: Lexer): TokenKind {
  const { text, at } = lexer
  const c = text.charCodeAt(at)
  if (isWordStart(c)) return scanWord(lexer)
  const single = SINGLE[c]
  if (single !== undefined) {
    lexer.at++
    return single
  }
  if (c === DOT) return scanDot(lexer)
  if (isDigit(c)) return scanNumber(lexer)
  if (c === QUOTE || c === APOSTROPHE) return scanString(lexer, c)
  for (let length = Math.min(3, lexer.end - at); length > 0; length--) {
    const operator = text.slice(at, at + length)
    const kind = OPERATORS.get(operator) ?? (FOREIGN_OPERATORS.has(operator) ? 'foreign' : undefined)
    if (kind === undefined) continue
    lexer.at += length
    return kind
  }
  return scanBad(lexer)
}

function scanWord(lexer: Lexer): TokenKind {
  const { text, end, at } = lexer
  let i = at + 1
  while (i < end && isWordPart(text.charCodeAt(i))) i++
  if (i < end && isForeignPart(text.charCodeAt(i))) return scanBad(lexer)
  lexer.at = i
  const first = text.charCodeAt(at)
  if (first >= LOWER_A) return 'name'
  return first === UNDERSCORE && i === at + 1 ? 'wildcard' : 'variable'
}

/** A dot is glued to what ends right before it and to the word right after it. */
function scanDot(lexer: Lexer): TokenKind {
  const at = lexer.at++
  const isGlued = at > 0 && lexer.ends.at(-1) === at && lexer.at < lexer.end
  return isGlued && isWordStart(lexer.text.charCodeAt(lexer.at)) ? 'glued' : '.'
}

function scanNumber(lexer: Lexer): TokenKind {
  const { text, end, at: start, mistakes } = lexer
  const isHex = text.charCodeAt(start) === ZERO && text.charCodeAt(start + 1) === LOWER_X
  let i = start + 1
  for (; i < end; i++) {
    const c = text.charCodeAt(i)
    if (isWordPart(c)) continue
    const before = text.charCodeAt(i - 1)
    const continues = c === DOT || ((c === PLUS || c === MINUS) && (before === LOWER_E || before === UPPER_E))
    if (isHex || !continues || i + 1 >= end || !isDigit(text.charCodeAt(i + 1))) break
  }
  lexer.at = i
  const number = text.slice(start, i)
  if (number.length <= NUMBER_UNITS_MAX) {
    if (INTEGER.test(number)) return 'integer'
    if (FLOAT.test(number)) return 'float'
  }
  refuse(mistakes, {
    code: 'R132',
    message: `${shown(number)} is not a number`,
    start,
    end: i,
    help: numberHelp(number),
  })
  return 'bad'
}

function numberHelp(number: string): string {
  if (number.length > NUMBER_UNITS_MAX) return `a number has at most ${NUMBER_UNITS_MAX} characters`
  if (/^[0-9.]+$/.test(number) && /\..*\./.test(number))
    return 'write an address as `ip("10.0.0.1")`, other text in quotes'
  if (/^0[0-9]/.test(number)) return 'remove the leading zeros; a date is written `datetime("2026-01-31")`'
  return 'numbers are written `3`, `1_000`, `0xff`, `1.5`; text stands in quotes'
}

function scanString(lexer: Lexer, quote: number): TokenKind {
  const { text, end, at: start, mistakes } = lexer
  let hasEscape = false
  let i = start + 1
  for (; i < end; i++) {
    const c = text.charCodeAt(i)
    if (c === quote) break
    if (c === BACKSLASH) {
      hasEscape = true
      i++
    } else if (c === CARRIAGE_RETURN) {
      hasEscape = true
    }
  }
  if (i >= end) {
    lexer.at = end
    const mark = text[start] ?? ''
    const message = 'the string is not closed: it holds all that follows'
    refuse(mistakes, { code: 'R130', message, start, end: start + 1, help: `write \`${mark}\` where it ends` })
    return 'bad'
  }
  lexer.at = i + 1
  const body = text.slice(start + 1, i)
  return (hasEscape && hasBadEscape(body, start + 1, mistakes)) || isIllFormed(body, start + 1, mistakes)
    ? 'bad'
    : 'string'
}

function hasBadEscape(body: string, start: number, mistakes: Mistakes): boolean {
  const read = unescapeString(body)
  if (!('error' in read)) return false
  const { offset, length } = read
  refuse(mistakes, {
    code: 'R131',
    message: `${shown(body.slice(offset, offset + length))} is not an escape`,
    start: start + offset,
    end: start + offset + length,
    help: 'a backslash is written `\\\\`, a line break `\\n`, a carriage return `\\r`, any character `\\u{1f600}`',
  })
  return true
}

function isIllFormed(body: string, start: number, mistakes: Mistakes): boolean {
  const offset = loneSurrogateAt(body)
  if (offset === undefined) return false
  const at = start + offset
  refuse(mistakes, { code: 'R101', message: 'the string holds half of a surrogate pair', start: at, end: at + 1 })
  return true
}

/** A word with characters that names cannot have, or a run of characters that no token starts with. */
function scanBad(lexer: Lexer): TokenKind {
  const { text, end, at: start, mistakes } = lexer
  const isWord = isWordStart(text.charCodeAt(start)) || isForeignPart(text.charCodeAt(start))
  let i = start + 1
  for (; i < end; i++) {
    const c = text.charCodeAt(i)
    if (isWord ? !isWordPart(c) && !isForeignPart(c) : !isStray(c)) break
  }
  lexer.at = i
  const bad = text.slice(start, i)
  const isQuote = /[\u2018-\u201f\u00ab\u00bb]/.test(bad)
  const help = isQuote
    ? 'strings stand in straight quotes, `"` or `\'`'
    : 'names are of ASCII letters, digits and `_`; other text stands in quotes'
  refuse(mistakes, { code: 'R134', message: `${shown(bad)} does not belong to rules`, start, end: i, help })
  return 'bad'
}

const HASH = 0x23
const QUOTE = 0x22
const APOSTROPHE = 0x27
const STAR = 0x2a
const PLUS = 0x2b
const MINUS = 0x2d
const DOT = 0x2e
const SLASH = 0x2f
const ZERO = 0x30
const UPPER_E = 0x45
const BACKSLASH = 0x5c
const UNDERSCORE = 0x5f
const LOWER_A = 0x61
const LOWER_E = 0x65
const LOWER_X = 0x78
const CARRIAGE_RETURN = 0x0d

const NUMBER_UNITS_MAX = 400
const INTEGER = /^(?:0x[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0|[1-9][0-9]*(?:_[0-9]+)*)$/
const FLOAT = /^(?:0|[1-9][0-9]*(?:_[0-9]+)*)(?:\.[0-9]+(?:_[0-9]+)*)?(?:[eE][+-]?[0-9]+)?$/

/** Tokens of one character that start no longer one, by character code. */
const SINGLE: readonly (TokenKind | undefined)[] = (() => {
  const table = new Array<TokenKind | undefined>(0x80).fill(undefined)
  for (const kind of ['(', ')', '[', ']', '{', '}', ',', ';', '+', '*', '/', '%'] as const) {
    table[kind.charCodeAt(0)] = kind
  }
  return table
})()

const OPERATORS: ReadonlyMap<string, TokenKind> = new Map(
  ([':', '::', ':-', '=', '==', '!', '!=', '<', '<=', '>', '>=', '-', '|'] as const).map((kind) => [kind, kind]),
)

function isSpace(c: number): boolean {
  return c === 0x20 || (c >= 0x09 && c <= 0x0d) || (c > 0x7f && /\s/.test(String.fromCharCode(c)))
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39
}

function isWordStart(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || c === UNDERSCORE
}

function isWordPart(c: number): boolean {
  return isWordStart(c) || isDigit(c)
}

/** A character beyond ASCII that is no white space. */
function isForeignPart(c: number): boolean {
  return c > 0x7f && !isSpace(c)
}

/** An ASCII character that no token starts with. */
function isStray(c: number): boolean {
  return c < 0x09 || (c > 0x0d && c < 0x20) || c === 0x7f || '$&?@\\^`~'.includes(String.fromCharCode(c))
}
