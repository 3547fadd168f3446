/**
 * Cedar's tokens: text → one token at a time, with offsets into the whole source. Owns white space, comments, where a
 * string ends and which characters no token starts with; not escapes (`src/values/string-literal.ts`), nor which
 * identifiers are reserved (`names.ts`). Spec: Cedar's grammar, "Lexical structure"; LANGUAGE section 1 for `#`.
 */
import type { Code } from '../../text/codes.ts'
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Source } from '../../text/source.ts'
import { shown } from '../json/json.ts'

/** Punctuation is its own kind. `slot` is `?name`; `end` is the end of the range that is read. */
export type TokenKind = 'identifier' | 'integer' | 'string' | 'slot' | 'end' | Punctuation

export type Punctuation = Pair | Single
type Pair = '::' | '==' | '!=' | '<=' | '>=' | '||' | '&&'
type Single =
  | '@'
  | '.'
  | ','
  | ';'
  | ':'
  | '('
  | ')'
  | '{'
  | '}'
  | '['
  | ']'
  | '<'
  | '>'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '!'
  | '='

/** `text` is as written, quotes included. */
export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Where the next token starts, and what is read. */
export interface Lexer {
  readonly source: Source
  readonly end: number
  /** `#` starts a comment too, as in `.rune` files. */
  readonly hashComments: boolean
  readonly diagnostics: Diagnostics
  at: number
  /** How many were reported; at `MISTAKES_MAX` the rest of the range is not read. */
  mistakes: number
}

/** A mistake in the text, from `start` to `end`. */
export interface Mistake {
  readonly code: Code
  readonly message: string
  readonly start: number
  readonly end: number
  readonly help?: string | undefined
}

/** How many mistakes one range of text can have before the reading ends: more help nobody. */
export const MISTAKES_MAX = 50

/** The next token; characters that no token starts with are reported, a run at a time, and skipped. */
export function nextToken(lexer: Lexer): Token {
  const { text } = lexer.source
  for (;;) {
    skipBlank(lexer)
    const start = lexer.at
    if (start >= lexer.end) return token(lexer, 'end', start)
    const c = text.charCodeAt(start)
    if (isIdentifierStart(c)) return identifier(lexer, 'identifier', start)
    if (isDigit(c)) return integer(lexer)
    if (c === QUOTE) return string(lexer)
    if (c === 0x3f /* ? */ && start + 1 < lexer.end && isIdentifierStart(text.charCodeAt(start + 1))) {
      return identifier(lexer, 'slot', start + 1)
    }
    const mark = punctuation(lexer, start)
    if (mark !== undefined) {
      lexer.at = start + mark.length
      return token(lexer, mark, start)
    }
    skipUnknown(lexer)
  }
}

/** Reports a mistake; after the last one that is reported the lexer is at the end. */
export function refuse(lexer: Lexer, mistake: Mistake): undefined {
  const { code, message, start, end, help } = mistake
  if (lexer.mistakes >= MISTAKES_MAX) return undefined
  lexer.mistakes++
  const span = { source: lexer.source, start, end }
  lexer.diagnostics.error(code, message, span, help === undefined ? {} : { help })
  if (lexer.mistakes < MISTAKES_MAX) return undefined
  lexer.diagnostics.error('R233', `more than ${MISTAKES_MAX} mistakes: the rest is not read`, span)
  lexer.at = lexer.end
  return undefined
}

/** Whether `c` can start an identifier; identifiers are ASCII. */
export function isIdentifierStart(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || c === 0x5f
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const LF = 0x0a
const CR = 0x0d

const PAIRS: ReadonlySet<string> = new Set<Pair>(['::', '==', '!=', '<=', '>=', '||', '&&'])
const SINGLES = '@.,;:(){}[]<>+-*/%!='

function isPair(text: string): text is Pair {
  return PAIRS.has(text)
}

function isSingle(text: string): text is Single {
  return text !== '' && SINGLES.includes(text)
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39
}

/** Unicode's `White_Space`, which is not JavaScript's `\s`. */
const OTHER_SPACE = /\p{White_Space}/u

function isSpace(c: number): boolean {
  return c <= 0x20 ? c === 0x20 || (c >= 0x09 && c <= 0x0d) : c >= 0x80 && OTHER_SPACE.test(String.fromCharCode(c))
}

function token(lexer: Lexer, kind: TokenKind, start: number): Token {
  return { kind, text: lexer.source.text.slice(start, lexer.at), start, end: lexer.at }
}

function skipBlank(lexer: Lexer): void {
  const { text } = lexer.source
  let at = lexer.at
  while (at < lexer.end) {
    const c = text.charCodeAt(at)
    if (isSpace(c)) at++
    else if (c === 0x2f /* / */ && at + 1 < lexer.end && text.charCodeAt(at + 1) === 0x2f) at = lineEnd(lexer, at)
    else if (c === 0x23 /* # */ && lexer.hashComments) at = lineEnd(lexer, at)
    else break
  }
  lexer.at = at
}

function lineEnd(lexer: Lexer, from: number): number {
  const { text } = lexer.source
  let at = from
  while (at < lexer.end && text.charCodeAt(at) !== LF && text.charCodeAt(at) !== CR) at++
  return at
}

function identifier(lexer: Lexer, kind: 'identifier' | 'slot', from: number): Token {
  const { text } = lexer.source
  const start = lexer.at
  let at = from
  while (at < lexer.end && (isIdentifierStart(text.charCodeAt(at)) || isDigit(text.charCodeAt(at)))) at++
  lexer.at = at
  return token(lexer, kind, start)
}

function integer(lexer: Lexer): Token {
  const start = lexer.at
  while (lexer.at < lexer.end && isDigit(lexer.source.text.charCodeAt(lexer.at))) lexer.at++
  return token(lexer, 'integer', start)
}

/** A string may span lines. One that is not closed is read to the end of its first line, so that the rest is checked. */
function string(lexer: Lexer): Token {
  const { text } = lexer.source
  const start = lexer.at
  for (let at = start + 1; at < lexer.end; at++) {
    const c = text.charCodeAt(at)
    if (c === BACKSLASH) at++
    else if (c === QUOTE) {
      lexer.at = at + 1
      return token(lexer, 'string', start)
    }
  }
  lexer.at = lineEnd(lexer, start)
  const unclosed = token(lexer, 'string', start)
  refuse(lexer, { code: 'R121', message: 'a string is not closed', start, end: lexer.at, help: 'add `"` at its end' })
  return unclosed
}

function punctuation(lexer: Lexer, start: number): Punctuation | undefined {
  const pair = lexer.source.text.slice(start, Math.min(start + 2, lexer.end))
  if (isPair(pair)) return pair
  const single = pair.slice(0, 1)
  return isSingle(single) ? single : undefined
}

function skipUnknown(lexer: Lexer): void {
  const { source } = lexer
  const start = lexer.at
  const first = String.fromCodePoint(source.text.codePointAt(start) ?? 0)
  lexer.at = Math.min(start + first.length, lexer.end)
  while (lexer.at < lexer.end && source.text.startsWith(first, lexer.at)) lexer.at += first.length
  const message = `the character ${shown(first.toWellFormed())} does not belong to Cedar`
  refuse(lexer, { code: 'R120', message, start, end: lexer.at, help: UNKNOWN_HELP.get(first) })
}

const UNKNOWN_HELP: ReadonlyMap<string, string> = new Map([
  ["'", 'a string is written in double quotes'],
  ['&', 'write `&&`'],
  ['|', 'write `||`'],
  ['?', 'a slot is `?principal` or `?resource`'],
  ['#', 'a comment starts with `//`'],
  ['“', 'a string is written in straight double quotes'],
  ['”', 'a string is written in straight double quotes'],
])
