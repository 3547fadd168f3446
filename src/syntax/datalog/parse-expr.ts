/**
 * Expressions of rules: values, variables, arithmetic and methods. Aggregates are no expressions here: `parse-literal.ts`
 * reads them where they may stand. Which methods exist is known to `src/program`. Spec: LANGUAGE sections 2 and 4.
 */
import { isTypeName } from '../../values/entity-uid.ts'
import { callExtension, EXTENSION_FUNCTIONS } from '../../values/extension.ts'
import { inLongRange } from '../../values/long.ts'
import { unescapeString } from '../../values/string-literal.ts'
import { entityUid, type Value } from '../../values/value.ts'
import { shown } from '../json/json.ts'
import type { Arithmetic, Expr } from './ast.ts'
import type { TokenKind } from './lex.ts'
import {
  atAggregate,
  continuesExpr,
  EXPR_HEIGHT_MAX,
  endOf,
  expect,
  isWord,
  nested,
  parseList,
  peek,
  type Reader,
  refuseAt,
  refuseHere,
  refuseUpperCase,
  spanFrom,
  startOf,
  take,
  textOf,
  unexpected,
} from './reader.ts'

/** An expression; `undefined` if there is none, which is reported. */
export function parseExpr(reader: Reader): Expr | undefined {
  return parseChain(reader, ADDITIVE, () => parseChain(reader, MULTIPLICATIVE, () => parseUnary(reader)))
}

/** Whether `ip("…")` or its like stands here as a value that something follows, and not as an atom. */
export function atConstructorExpr(reader: Reader): boolean {
  const isCall = isConstructor(reader) && peek(reader, 2) === 'string' && peek(reader, 3) === ')'
  return isCall && (peek(reader, 4) === 'glued' || continuesExpr(reader, 4))
}

/** Whether a constructor of an extension value and a `(` stand here. */
export function isConstructor(reader: Reader): boolean {
  return peek(reader, 1) === '(' && [...CONSTRUCTORS.keys()].some((name) => isWord(reader, name))
}

/** Reports an aggregate that is no side of `=`. */
export function refuseAggregate(reader: Reader): undefined {
  const message = 'an aggregate stands only as one side of `=`, or alone'
  return refuseHere(reader, 'R266', message, 'give it a name in the body first: `N = count(X, p(X)), N > 5`')
}

const ADDITIVE: ReadonlyMap<TokenKind, Arithmetic> = new Map([
  ['+', '+'],
  ['-', '-'],
])
const MULTIPLICATIVE: ReadonlyMap<TokenKind, Arithmetic> = new Map([
  ['*', '*'],
  ['/', '/'],
  ['%', '%'],
])

/** `operand op operand …`, from left to right. */
function parseChain(
  reader: Reader,
  operators: ReadonlyMap<TokenKind, Arithmetic>,
  operand: () => Expr | undefined,
): Expr | undefined {
  let left = operand()
  for (let operator = operators.get(peek(reader)); left && operator; operator = operators.get(peek(reader))) {
    if (operator === '-' && isHyphen(reader, left)) return refuseHyphen(reader, left)
    const { height } = reader
    reader.at++
    const right = operand()
    if (right === undefined) return
    const span = spanFrom(reader, left.span.start)
    left = grown(reader, height, { kind: 'arithmetic', operator, left, right, span })
  }
  return left
}

/** `expr`, whose first operand is `height` high and whose last one was just read, if it is not too high. */
function grown(reader: Reader, height: number, expr: Expr): Expr | undefined {
  reader.height = Math.max(reader.height, height) + 1
  if (reader.height <= EXPR_HEIGHT_MAX) return expr
  const help = 'compute parts of it in literals of their own: `N = A + B`'
  return refuseAt(reader, 'R265', `the expression chains more than ${EXPR_HEIGHT_MAX} operators`, expr.span, help)
}

/** Whether the `-` here stands inside of what looks like one word. */
function isHyphen(reader: Reader, left: Expr): boolean {
  const isTight = endOf(reader, -1) === startOf(reader) && endOf(reader) === startOf(reader, 1)
  return left.kind === 'constant' && left.bare === true && isTight
}

function refuseHyphen(reader: Reader, left: Expr): undefined {
  const { source } = reader.mistakes
  const word = /[\w-]*/y
  word.lastIndex = left.span.start
  word.test(source.text)
  const span = { source, start: left.span.start, end: word.lastIndex }
  const text = source.text.slice(span.start, span.end)
  if (source.text[span.end] !== '(') return refuseUnquoted(reader, text, span)
  return refuseAt(reader, 'R273', `${shown(text)} is no name`, span, `write ${shown(text.replaceAll('-', '_'))}`)
}

/** Reports a text that reads as more than one word. */
function refuseUnquoted(reader: Reader, text: string, span: Expr['span']): undefined {
  return refuseAt(reader, 'R273', `the text ${shown(text)} needs quotes`, span, `write \`"${text}"\``)
}

function parseUnary(reader: Reader): Expr | undefined {
  const start = startOf(reader)
  if (peek(reader) !== '-') return parsePostfix(reader, start)
  if (peek(reader, 1) === 'integer' || peek(reader, 1) === 'float') return parsePostfix(reader, start)
  reader.at++
  const operand = nested(reader, () => parseUnary(reader))
  return operand && grown(reader, 0, { kind: 'negate', operand, span: spanFrom(reader, start) })
}

/** A value and the methods called on it. */
function parsePostfix(reader: Reader, start: number): Expr | undefined {
  let receiver = parsePrimary(reader)
  while (receiver && take(reader, 'glued')) {
    if (peek(reader) === 'bad') return
    const method = textOf(reader)
    reader.at++
    let { height } = reader
    let args: Expr[] | undefined = []
    if (take(reader, '(')) {
      args = parseList(reader, ')', () => {
        const arg = nested(reader, () => parseExpr(reader))
        height = Math.max(height, reader.height)
        return arg
      })
    }
    if (args === undefined) return
    receiver = grown(reader, height, { kind: 'method', method, receiver, args, span: spanFrom(reader, start) })
  }
  return receiver
}

function parsePrimary(reader: Reader): Expr | undefined {
  reader.height = 1
  const start = startOf(reader)
  switch (peek(reader)) {
    case '-':
      reader.at++
      return parseNumber(reader, start)
    case 'integer':
    case 'float':
      return parseNumber(reader, start)
    case 'string':
      return constant(reader, start, takeString(reader))
    case 'wildcard':
    case 'variable':
      return parseVariable(reader)
    case 'name':
      return parseWord(reader)
    case '(':
      reader.at++
      return nested(reader, () => {
        const inner = parseExpr(reader)
        return inner && expect(reader, ')') ? inner : undefined
      })
    case '[':
      return unexpected(reader, 'a value', 'a list stands only behind `in`: `X in ["a", "b"]`')
    default:
      return unexpected(reader, 'a value')
  }
}

/** The number here; `start` is before it where a `-` belongs to it. */
function parseNumber(reader: Reader, start: number): Expr | undefined {
  const sign = start === startOf(reader) ? '' : '-'
  const isFloat = peek(reader) === 'float'
  const digits = textOf(reader).replaceAll('_', '')
  reader.at++
  const value = isFloat ? floatOf(sign + digits) : longOf(digits, sign)
  const expr = constant(reader, start, value ?? 0n)
  if (value === undefined) {
    const range = isFloat ? 'is too large for a Float' : 'does not fit in 64 bits'
    refuseAt(reader, 'R133', `the number ${shown(sign + digits)} ${range}`, expr.span)
  }
  return expr
}

/** Of the largest decimal number; one in base 16 has 18 with its `0x`. */
const LONG_CHARACTERS_MAX = 19

function longOf(digits: string, sign: string): bigint | undefined {
  const short = digits.replace(/^(0x|)0+(?=[0-9a-f])/i, '$1')
  // A number of millions of digits is refused before it is converted, which would take more than linear time.
  if (short.length > LONG_CHARACTERS_MAX) return undefined
  const magnitude = BigInt(short)
  const value = sign === '' ? magnitude : -magnitude
  return inLongRange(value) ? value : undefined
}

function floatOf(text: string): number | undefined {
  const value = Number(text)
  return Number.isFinite(value) ? value + 0 : undefined // no -0
}

function parseVariable(reader: Reader): Expr | undefined {
  if (peek(reader, 1) === '::') return parseEntity(reader)
  if (peek(reader, 1) === '(') return refuseUpperCase(reader)
  const start = startOf(reader)
  const name = textOf(reader)
  reader.at++
  const span = spanFrom(reader, start)
  if (name === '_') return { kind: 'wildcard', span }
  reader.variables.add(name)
  return { kind: 'variable', name, span }
}

/** What starts with a lower-case word. */
function parseWord(reader: Reader): Expr | undefined {
  const start = startOf(reader)
  const word = textOf(reader)
  const next = peek(reader, 1)
  if (next === '::') return parseEntity(reader)
  if (word === 'true' || word === 'false') {
    reader.at++
    return constant(reader, start, word === 'true')
  }
  if (isConstructor(reader)) return parseExtension(reader)
  if (atAggregate(reader)) return refuseAggregate(reader)
  if (word === 'not' || word === 'in') {
    return refuseHere(reader, 'R262', `the word \`${word}\` is reserved`, `write \`"${word}"\` for the text`)
  }
  if (next === '(') {
    const help = 'call methods as `X.length()`, and ask predicates in literals of their own'
    return refuseHere(reader, 'R260', `expected a value, and ${shown(word)} is no function`, help)
  }
  reader.at++
  if (next !== 'glued') {
    return { kind: 'constant', value: word, bare: true, span: spanFrom(reader, start) }
  }
  while (peek(reader) === 'glued') reader.at += 2
  const span = spanFrom(reader, start)
  return refuseUnquoted(reader, reader.mistakes.source.text.slice(start, span.end), span)
}

/** `Ns::T::"id"`; the current token is a word before `::`. */
function parseEntity(reader: Reader): Expr | undefined {
  const start = startOf(reader)
  const type = parseTypeName(reader, true)
  if (type === undefined) return
  if (peek(reader) !== 'string' || peek(reader, -1) !== '::') {
    if (peek(reader) === 'bad') return
    const message = 'the id of an entity stands in quotes'
    return refuseAt(reader, 'R268', message, spanFrom(reader, start), 'write it as `User::"alice"`')
  }
  return constant(reader, start, entityUid(type, takeString(reader)))
}

/** `Ns::T`, in normal form; with `isPrefix`, a `::` follows it. */
export function parseTypeName(reader: Reader, isPrefix = false): string | undefined {
  const start = startOf(reader)
  let type = ''
  while (WORDS.has(peek(reader))) {
    type += textOf(reader)
    reader.at++
    if (!take(reader, '::')) break
    if (isPrefix && !WORDS.has(peek(reader))) return checkTypeName(reader, start, type)
    type += '::'
  }
  if (type !== '' && !type.endsWith('::')) return checkTypeName(reader, start, type)
  return unexpected(reader, 'the name of a type')
}

const WORDS: ReadonlySet<TokenKind> = new Set<TokenKind>(['name', 'variable', 'wildcard'])

function checkTypeName(reader: Reader, start: number, type: string): string | undefined {
  if (isTypeName(type)) return type
  return refuseAt(reader, 'R262', `the type ${shown(type)} has a reserved word in it`, spanFrom(reader, start))
}

/** Constructors with an example of their texts. */
const CONSTRUCTORS: ReadonlyMap<string, string> = new Map([
  ['ip', '10.0.0.0/8'],
  ['decimal', '1.23'],
  ['datetime', '2026-01-31T10:00:00Z'],
  ['duration', '1h30m'],
])

/** `ip("…")` and its like. */
function parseExtension(reader: Reader): Expr | undefined {
  const start = startOf(reader)
  const name = textOf(reader)
  const help = `write for example \`${name}("${CONSTRUCTORS.get(name)}")\``
  reader.at += 2
  if (peek(reader) !== 'string' || peek(reader, 1) !== ')') {
    if (peek(reader) === 'bad') return
    return refuseAt(reader, 'R268', `\`${name}\` makes a value of one text in quotes`, spanFrom(reader, start), help)
  }
  const text = takeString(reader)
  reader.at++
  const made = EXTENSION_FUNCTIONS.get(name)
  const value = made && callExtension(made, [text])
  if (typeof value === 'object') return constant(reader, start, value)
  const reason = text.length > 80 ? '' : `: ${String(value).replace(/^.* extension function: /, '')}`
  refuseAt(reader, 'R268', `${shown(text)} is no \`${name}\`${reason}`, spanFrom(reader, start), help)
  return constant(reader, start, text)
}

/** The string that the current token writes; its escapes were checked by the lexer. */
function takeString(reader: Reader): string {
  const body = textOf(reader).slice(1, -1)
  if (LOOKS_LIKE_VARIABLE.test(body)) {
    reader.lookalikes.push({ source: reader.mistakes.source, start: startOf(reader) + 1, end: endOf(reader) - 1 })
  }
  reader.at++
  if (!body.includes('\\')) return body
  const read = unescapeString(body)
  return 'error' in read ? body : read.value
}

const LOOKS_LIKE_VARIABLE = /^[A-Z_][A-Za-z0-9_]*$/

function constant(reader: Reader, start: number, value: Value): Expr {
  return { kind: 'constant', value, span: spanFrom(reader, start) }
}
