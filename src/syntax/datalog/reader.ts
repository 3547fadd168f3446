/**
 * What the parsers of clauses, literals and expressions share: the current token, what is expected of it, names and
 * argument lists. A syntax error is reported and answered with `undefined`, which abandons the clause; a mistake that
 * leaves the structure clear is reported, and parsing goes on. Spec: LANGUAGE section 4.
 */
import type { Code } from '../../text/codes.ts'
import type { Span } from '../../text/source.ts'
import { shown } from '../json/json.ts'
import type { AggregateFunction, Name } from './ast.ts'
import { FOREIGN_OPERATORS, FOREIGN_WORDS } from './foreign.ts'
import { COMPARISONS, type Run, type TokenKind } from './lex.ts'
import { type Mistakes, refuse } from './mistakes.ts'

/** A run and the token of it that is current. */
export interface Reader {
  readonly run: Run
  readonly mistakes: Mistakes
  /** Index of the current token. */
  at: number
  /** Parentheses, lists, calls, aggregates and `not`s that are open, see `NESTING_MAX`. */
  nesting: number
  /** The height of the expression that was read last, see `EXPR_HEIGHT_MAX`. */
  height: number
  /** Of the current clause: its variables, and its strings that look like one. */
  readonly variables: Set<string>
  readonly lookalikes: Span[]
}

/** How deep a clause may nest. */
export const NESTING_MAX = 200

/** Nodes from the root of an expression to its deepest leaf: `A + B + C` is 3 high. Recursive walks rely on both limits. */
export const EXPR_HEIGHT_MAX = 1000

/** The kind of the token `ahead` of the current one; `end` behind the last. */
export function peek(reader: Reader, ahead = 0): TokenKind {
  return reader.run.kinds[reader.at + ahead] ?? 'end'
}

/** The text of the token `ahead` of the current one. */
export function textOf(reader: Reader, ahead = 0): string {
  return reader.mistakes.source.text.slice(startOf(reader, ahead), endOf(reader, ahead))
}

/** Where the token `ahead` of the current one starts. */
export function startOf(reader: Reader, ahead = 0): number {
  return reader.run.starts[reader.at + ahead] ?? reader.run.next
}

/** Where the token `ahead` of the current one ends; `endOf(reader, -1)` is the end of the last token that was taken. */
export function endOf(reader: Reader, ahead = 0): number {
  return reader.run.ends[reader.at + ahead] ?? reader.run.next
}

/** Moves on if the current token is a `kind`. */
export function take(reader: Reader, kind: TokenKind): boolean {
  if (peek(reader) !== kind) return false
  reader.at++
  return true
}

/** Moves over a `kind`, which must stand here; `false` if it does not. */
export function expect(reader: Reader, kind: TokenKind, expected = `\`${kind}\``): boolean {
  if (take(reader, kind)) return true
  unexpected(reader, expected)
  return false
}

/** Whether the token `ahead` of the current one is the name `word`. */
export function isWord(reader: Reader, word: string, ahead = 0): boolean {
  return peek(reader, ahead) === 'name' && textOf(reader, ahead) === word
}

/** Whether the current token ends a clause: after a complete atom a glued dot does too. */
export function atClauseEnd(reader: Reader): boolean {
  return peek(reader) === '.' || peek(reader) === 'glued'
}

/** Whether the token `ahead` goes on with an expression that ends before it, and so cannot follow an atom. */
export function continuesExpr(reader: Reader, ahead: number): boolean {
  const kind = peek(reader, ahead)
  return COMPARISONS.has(kind) || ARITHMETIC.has(kind) || isWord(reader, 'in', ahead)
}

const ARITHMETIC: ReadonlySet<TokenKind> = new Set<TokenKind>(['+', '-', '*', '/', '%'])

/** The span from `start` to the end of the last token that was taken. */
export function spanFrom(reader: Reader, start: number): Span {
  return { source: reader.mistakes.source, start, end: Math.max(start, endOf(reader, -1)) }
}

/** Reports a mistake at `span`. */
export function refuseAt(reader: Reader, code: Code, message: string, span: Span, help?: string): undefined {
  return refuse(reader.mistakes, { code, message, start: span.start, end: span.end, help })
}

/** Reports a mistake at the current token. */
export function refuseHere(reader: Reader, code: Code, message: string, help?: string): undefined {
  return refuse(reader.mistakes, { code, message, start: startOf(reader), end: endOf(reader), help })
}

/** Reports the current token, where `expected` should stand. */
export function unexpected(reader: Reader, expected: string, help?: string): undefined {
  const kind = peek(reader)
  if (kind === 'bad') return
  const foreign = foreignHelp(reader)
  if (foreign !== undefined)
    return refuseHere(reader, 'R263', `rules do not write ${shown(textOf(reader))} here`, foreign)
  const found = kind === 'end' ? 'the end' : shown(textOf(reader))
  return refuseHere(reader, 'R260', `expected ${expected}, found ${found}`, help ?? longStringHelp(reader))
}

/** What to write instead of the current token, if it is an operator or a word of another language. */
export function foreignHelp(reader: Reader): string | undefined {
  const kind = peek(reader)
  if (kind === 'foreign') return FOREIGN_OPERATORS.get(textOf(reader))
  return kind === 'name' || kind === 'variable' ? FOREIGN_WORDS.get(textOf(reader).toLowerCase()) : undefined
}

/** Where a quote was forgotten, a string holds lines of rules, and the error is found behind it. */
function longStringHelp(reader: Reader): string | undefined {
  const spansLines = (ahead: number) => peek(reader, ahead) === 'string' && textOf(reader, ahead).includes('\n')
  const isNear = spansLines(-1) || spansLines(0)
  return isNear ? 'the string here spans several lines: is its closing quote missing?' : undefined
}

/** Reads what `parse` reads, one level deeper. */
export function nested<T>(reader: Reader, parse: () => T | undefined): T | undefined {
  if (reader.nesting >= NESTING_MAX) {
    const help = 'define predicates for parts of it'
    return refuseHere(reader, 'R265', `the clause nests deeper than ${NESTING_MAX} levels`, help)
  }
  reader.nesting++
  const result = parse()
  reader.nesting--
  return result
}

/** `item, item, … close` up to and with `close`; the opening bracket was taken. An empty list is fine. */
export function parseList<T>(reader: Reader, close: TokenKind, item: () => T | undefined): T[] | undefined {
  const items: T[] = []
  if (take(reader, close)) return items
  for (;;) {
    const next = item()
    if (next === undefined) return
    items.push(next)
    if (take(reader, close)) return items
    if (!expect(reader, ',', `\`,\` or \`${close}\``)) return
    if (peek(reader) === close) return danglingComma(reader)
  }
}

/** Reports the `,` that was taken last. */
export function danglingComma(reader: Reader): undefined {
  const end = endOf(reader, -1)
  return refuse(reader.mistakes, {
    code: 'R260',
    message: 'nothing follows this `,`',
    start: end - 1,
    end,
    help: 'remove it, or write what it announces',
  })
}

/** A possibly dotted name; the current token is a `name`. A reserved word is reported, and read as a name. */
export function parseName(reader: Reader): Name | undefined {
  const start = startOf(reader)
  let text = textOf(reader)
  reader.at++
  while (take(reader, 'glued')) {
    if (peek(reader) === 'bad') return
    text += `.${textOf(reader)}`
    reader.at++
  }
  const span = spanFrom(reader, start)
  if (RESERVED.has(text)) {
    refuseAt(reader, 'R262', `the word \`${text}\` is reserved`, span, 'choose another name')
  }
  return { text, span }
}

/** How many tokens the dotted name that starts here takes. */
export function nameLength(reader: Reader): number {
  let length = 1
  while (peek(reader, length) === 'glued') length += 2
  return length
}

/** Reports an upper-case word with arguments. */
export function refuseUpperCase(reader: Reader): undefined {
  const name = textOf(reader)
  const lower = name.replace(/^_*(.)/, (_, first: string) => first.toLowerCase())
  const help = /^[a-z]/.test(lower) ? `write ${shown(lower)}: upper-case words are variables` : undefined
  return refuseHere(reader, 'R264', `the predicate ${shown(name)} does not start with a lower-case letter`, help)
}

/** The function that the word `text` names. */
export function aggregateNamed(text: string): AggregateFunction | undefined {
  return AGGREGATES.find((name) => name === text)
}

/** Whether an aggregate starts here; with Soufflé's `count : {…}`, so that it gets a message of its own. */
export function atAggregate(reader: Reader): boolean {
  if (peek(reader) !== 'name' || aggregateNamed(textOf(reader)) === undefined) return false
  const next = peek(reader, 1)
  return next === '(' || next === '{' || next === ':'
}

const AGGREGATES: readonly AggregateFunction[] = ['count', 'count_distinct', 'sum', 'min', 'max', 'mean']

/** Words that name no predicate. */
export const RESERVED: ReadonlySet<string> = new Set([...AGGREGATES, 'decl', 'not', 'in', 'true', 'false'])
