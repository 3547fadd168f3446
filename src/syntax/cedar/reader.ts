/**
 * What the parsers of policies, scopes and expressions share: the current token, what is expected of it, names, entity
 * literals and lists. Syntax errors are reported and answered with `undefined`, which abandons the statement; mistakes
 * that leave the structure clear are reported and parsing goes on.
 */
import type { Span } from '../../text/source.ts'
import { type EscapeError, unescapePattern, unescapeString } from '../../values/string-literal.ts'
import { shown } from '../json/json.ts'
import type { EntityLiteral, LikePattern } from './ast.ts'
import { type Lexer, nextToken, refuse, type Token, type TokenKind } from './lex.ts'
import { isReserved } from './names.ts'

/** The lexer and the token that it stands behind. */
export interface Reader extends Lexer {
  token: Token
  /** Where the token before ended. */
  lastEnd: number
  /** Brackets that are open, for finding the end of a statement after an error. */
  brackets: number
  /** Expressions and entities that are open, see `EXPR_NESTING_MAX`. */
  nesting: number
}

/** A type or function name as written, normalised. */
export interface NameNode {
  readonly kind: 'name'
  readonly text: string
  readonly span: Span
}

/** A reader at the first token of what `lexer` reads. */
export function openReader(lexer: Lexer): Reader {
  const none: Token = { kind: 'end', text: '', start: lexer.at, end: lexer.at }
  const reader: Reader = { ...lexer, token: none, lastEnd: lexer.at, brackets: 0, nesting: 0 }
  reader.token = nextToken(reader)
  return reader
}

/** Moves on, and returns the token that was current. */
export function advance(reader: Reader): Token {
  const { token } = reader
  if (OPENING.has(token.kind)) reader.brackets++
  else if (CLOSING.has(token.kind)) reader.brackets--
  reader.lastEnd = token.end
  reader.token = nextToken(reader)
  return token
}

/** Moves on if the current token is a `kind`. */
export function take(reader: Reader, kind: TokenKind): boolean {
  if (reader.token.kind !== kind) return false
  advance(reader)
  return true
}

/** Whether the current token is the identifier `word`. */
export function isWord(reader: Reader, word: string): boolean {
  return reader.token.kind === 'identifier' && reader.token.text === word
}

/** The current token, which must be a `kind`; `what` names it in messages. */
export function expect(reader: Reader, kind: TokenKind, what = `\`${kind}\``): Token | undefined {
  return reader.token.kind === kind ? advance(reader) : unexpected(reader, what)
}

/** Moves over the identifier `word`, which must stand here. */
export function expectWord(reader: Reader, word: string): Token | undefined {
  return isWord(reader, word) ? advance(reader) : unexpected(reader, `\`${word}\``)
}

/** Reports the current token. */
export function unexpected(reader: Reader, expected: string, help?: string): undefined {
  const { kind, text, start, end } = reader.token
  const found = kind === 'end' ? 'the end' : shown(text)
  return refuse(reader, { code: 'R220', message: `expected ${expected}, found ${found}`, start, end, help })
}

/** The span from `start` to the end of the last token. */
export function spanFrom(reader: Reader, start: number): Span {
  return { source: reader.source, start, end: Math.max(start, reader.lastEnd) }
}

/** Reports `identifier` if it is reserved; `quoted` says that quotes would help. */
export function checkReserved(reader: Reader, identifier: Token, quoted?: string): void {
  const { text, start, end } = identifier
  if (!isReserved(text)) return
  const help = quoted === undefined ? 'choose another name' : `write \`${quoted}\``
  refuse(reader, { code: 'R221', message: `the identifier ${shown(text)} is reserved`, start, end, help })
}

/** `A::B`, or `A::B::"id"`, which is an entity. The current token is an identifier. */
export function parseNameOrEntity(reader: Reader): NameNode | EntityLiteral | undefined {
  const { start } = reader.token
  let type = ''
  for (;;) {
    const part = expect(reader, 'identifier', type === '' ? 'a name' : 'a name or an id in quotes')
    if (part === undefined) return undefined
    checkReserved(reader, part)
    type += part.text
    if (!take(reader, '::')) return { kind: 'name', text: type, span: spanFrom(reader, start) }
    if (reader.token.kind === 'string') {
      const id = stringValue(reader, advance(reader))
      return { kind: 'entity', uid: { kind: 'entity', type, id }, span: spanFrom(reader, start) }
    }
    if (reader.token.kind === '{') return unexpected(reader, 'an id in quotes', 'an entity is written `User::"alice"`')
    type += '::'
  }
}

/** The name of an entity type, after `is`. */
export function parseTypeName(reader: Reader): string | undefined {
  const help = reader.token.kind === 'string' ? 'remove the quotes' : undefined
  if (reader.token.kind !== 'identifier') return unexpected(reader, 'the name of an entity type', help)
  const name = parseNameOrEntity(reader)
  if (name?.kind !== 'entity') return name?.text
  const { start, end } = name.span
  const message = 'expected the name of an entity type, found an entity'
  return refuse(reader, { code: 'R220', message, start, end, help: `write \`${name.uid.type}\`, or compare by \`==\`` })
}

/** `item, item, … close`, a comma behind the last item allowed; moves over `close`. */
export function parseList<T>(reader: Reader, close: TokenKind, item: () => T | undefined): T[] | undefined {
  const items: T[] = []
  while (reader.token.kind !== close) {
    const next = item()
    if (next === undefined) return undefined
    items.push(next)
    if (!take(reader, ',') && reader.token.kind !== close) return unexpected(reader, `\`,\` or \`${close}\``)
  }
  advance(reader)
  return items
}

const OPENING: ReadonlySet<TokenKind> = new Set<TokenKind>(['(', '[', '{'])
const CLOSING: ReadonlySet<TokenKind> = new Set<TokenKind>([')', ']', '}'])

/** The string that a token writes; a bad escape is reported. */
export function stringValue(reader: Reader, string: Token): string {
  const unescaped = unescapeString(bodyOf(string))
  return 'error' in unescaped ? badEscape(reader, string, unescaped, '') : unescaped.value
}

/** The pattern that a token writes; a bad escape is reported. */
export function patternValue(reader: Reader, string: Token): LikePattern {
  const unescaped = unescapePattern(bodyOf(string))
  return 'error' in unescaped ? badEscape(reader, string, unescaped, []) : unescaped.pattern
}

function bodyOf(string: Token): string {
  return string.text.slice(1, -1)
}

function badEscape<T>(reader: Reader, string: Token, bad: EscapeError, value: T): T {
  const start = string.start + 1 + bad.offset
  const written = bodyOf(string).slice(bad.offset, bad.offset + bad.length)
  refuse(reader, {
    code: 'R122',
    message: `${shown(written)} is no escape of Cedar`,
    start,
    end: start + bad.length,
    help: 'a backslash is written `\\\\`, a carriage return `\\r`',
  })
  return value
}
