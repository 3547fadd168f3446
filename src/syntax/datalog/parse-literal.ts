/**
 * Literals of rules: atoms, negation, comparisons, `in`, methods as tests, aggregates and disjunction. Decides whether a
 * parenthesis opens a group of literals or an expression. Spec: LANGUAGE section 4.
 */
import { join, type Span } from '../../text/source.ts'
import type { Aggregate, Comparison, Expr, Literal } from './ast.ts'
import { COMPARISONS, type TokenKind } from './lex.ts'
import { atConstructorExpr, isConstructor, parseExpr, refuseAggregate } from './parse-expr.ts'
import {
  aggregateNamed,
  atAggregate,
  continuesExpr,
  danglingComma,
  expect,
  foreignHelp,
  isWord,
  nameLength,
  nested,
  parseList,
  parseName,
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

/** Literals with `,` between them, at least one. */
export function parseConjunction(reader: Reader): Literal[] | undefined {
  const literals: Literal[] = []
  do {
    if (literals.length > 0 && ENDS_BODY.has(peek(reader))) return danglingComma(reader)
    const literal = parseLiteral(reader)
    if (literal === undefined) return
    literals.push(literal)
  } while (take(reader, ','))
  return literals
}

const ENDS_BODY: ReadonlySet<TokenKind> = new Set<TokenKind>(['.', 'end', ')', '}', ';'])

function parseLiteral(reader: Reader): Literal | undefined {
  const kind = peek(reader)
  if (kind === '!' || (isWord(reader, 'not') && peek(reader, 1) !== '::')) return parseNegation(reader)
  if (kind === '(' && opensGroup(reader)) return parseGroup(reader)
  if (atAggregate(reader)) return parseBareAggregate(reader)
  if (kind === 'name' && startsAtom(reader)) return parseAtom(reader)
  return parseExprLiteral(reader)
}

/** `p(X, "a")` or `p`. */
function parseAtom(reader: Reader): Literal | undefined {
  const start = startOf(reader)
  const predicate = parseName(reader)
  if (predicate === undefined) return
  const args = take(reader, '(') ? parseList(reader, ')', () => nested(reader, () => parseExpr(reader))) : []
  if (args === undefined) return
  const span = spanFrom(reader, start)
  if (!continuesExpr(reader, 0)) return { kind: 'atom', negated: false, predicate, args, span }
  const help = 'an atom has no value: name what you want of it by a variable, `p(X), X > 1`'
  return unexpected(reader, 'the end of the literal', help)
}

/** Whether the name here is a predicate's, and not a value that an expression starts with. */
function startsAtom(reader: Reader): boolean {
  if (peek(reader, 1) === '::' || isWord(reader, 'true') || isWord(reader, 'false')) return false
  const length = nameLength(reader)
  if (peek(reader, length) === '(') return !atConstructorExpr(reader)
  return !continuesExpr(reader, length)
}

/** `not literal` or `!literal`. */
function parseNegation(reader: Reader): Literal | undefined {
  const start = startOf(reader)
  reader.at++
  const literal = nested(reader, () => parseLiteral(reader))
  return literal && negate(reader, literal, spanFrom(reader, start))
}

function negate(reader: Reader, literal: Literal, span: Span): Literal | undefined {
  const message = '`not` stands before an atom, `in` or a method'
  switch (literal.kind) {
    case 'atom':
    case 'in':
    case 'test':
      if (literal.negated) return refuseAt(reader, 'R269', 'two negations follow one another', span, 'remove both')
      return { ...literal, negated: true, span }
    case 'or': {
      const [only, ...more] = literal.alternatives.flat()
      if (only && more.length === 0) return negate(reader, only, span)
      const help = 'define a predicate by what stands in the parentheses, and negate that'
      return refuseAt(reader, 'R269', message, span, help)
    }
    case 'compare':
      return refuseAt(reader, 'R269', message, span, `turn the comparison round: \`${OPPOSITE[literal.operator]}\``)
    case 'bare_aggregate':
      return refuseAt(reader, 'R269', message, span, 'compare its value: `N = count(X, p(X)), N = 0`')
  }
}

const OPPOSITE: Readonly<Record<Comparison, Comparison>> = {
  '=': '!=',
  '!=': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
}

/**
 * Whether the `(` here holds literals: it does where a comma, semicolon or comparison stands directly inside, and where
 * nothing goes on after the `)`, such as `> 5` or `.length()`.
 */
function opensGroup(reader: Reader): boolean {
  const closer = reader.run.closers[reader.at] ?? 0
  if (closer <= 0) return true
  const after = closer + 1 - reader.at
  return peek(reader, after) !== 'glued' && !continuesExpr(reader, after)
}

/** `(a, b ; c)`. */
function parseGroup(reader: Reader): Literal | undefined {
  const start = startOf(reader)
  reader.at++
  const alternatives: Literal[][] = []
  do {
    const alternative = nested(reader, () => parseConjunction(reader))
    if (alternative === undefined) return
    alternatives.push(alternative)
  } while (take(reader, ';'))
  if (!expect(reader, ')', '`,`, `;` or `)`')) return
  return { kind: 'or', alternatives, span: spanFrom(reader, start) }
}

/** What starts with an expression: a comparison, `in` or a test. */
function parseExprLiteral(reader: Reader): Literal | undefined {
  if (peek(reader) === 'variable' && peek(reader, 1) === '(') return refuseUpperCase(reader)
  // `NOT p(X)` and its like; in `NOT in S` it is a variable.
  const isPrefix = peek(reader) === 'variable' && peek(reader, 1) === 'name' && !isWord(reader, 'in', 1)
  if (isPrefix && foreignHelp(reader) !== undefined) return unexpected(reader, 'a literal')
  if (!STARTS_EXPR.has(peek(reader))) return unexpected(reader, 'a literal')
  const left = parseExpr(reader)
  if (left === undefined) return
  if (COMPARISONS.has(peek(reader))) return parseComparison(reader, left)
  if (isWord(reader, 'in')) return parseIn(reader, left)
  if (left.kind === 'method') return { kind: 'test', negated: false, expr: left, span: left.span }
  if (peek(reader) === 'bad') return
  if (foreignHelp(reader) !== undefined) return unexpected(reader, 'a comparison')
  const help = 'write an atom `p(X)`, a comparison, `in`, or a method that yields a Bool'
  return refuseAt(reader, 'R267', 'a value alone is no literal', left.span, help)
}

const STARTS_EXPR: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'name',
  'variable',
  'wildcard',
  'integer',
  'float',
  'string',
  '-',
  '(',
])

/** `left op right`; the operator is the current token. */
function parseComparison(reader: Reader, left: Expr): Literal | undefined {
  const operator = textOf(reader) === '==' ? '=' : (textOf(reader) as Comparison)
  reader.at++
  if (atAggregate(reader) && (operator !== '=' || left.kind === 'aggregate')) return refuseAggregate(reader)
  const right = atAggregate(reader) ? parseAggregate(reader) : parseExpr(reader)
  if (right === undefined) return
  if (COMPARISONS.has(peek(reader))) {
    return refuseHere(reader, 'R267', 'comparisons do not chain', 'write two: `1 < X, X < 5`')
  }
  if (right.kind === 'aggregate' && continuesExpr(reader, 0)) return refuseAggregate(reader)
  return { kind: 'compare', operator, left, right, span: join(left.span, right.span) }
}

/** `left in right`; the `in` is the current token. */
function parseIn(reader: Reader, left: Expr): Literal | undefined {
  reader.at++
  const start = startOf(reader)
  if (!take(reader, '[')) {
    const right = parseExpr(reader)
    return right && { kind: 'in', negated: false, left, right, span: join(left.span, right.span) }
  }
  const elements = parseList(reader, ']', () => nested(reader, () => parseExpr(reader)))
  if (elements === undefined) return
  const right = { kind: 'list', elements, span: spanFrom(reader, start) } as const
  return { kind: 'in', negated: false, left, right, span: join(left.span, right.span) }
}

/** An aggregate that stands alone, or before `=`. */
function parseBareAggregate(reader: Reader): Literal | undefined {
  const aggregate = parseAggregate(reader)
  if (aggregate === undefined) return
  if (peek(reader) === '=' || peek(reader) === '==') return parseComparison(reader, aggregate)
  if (continuesExpr(reader, 0)) return refuseAggregate(reader)
  return { kind: 'bare_aggregate', aggregate, span: aggregate.span }
}

/** `count(X, body)` or `count { X : body }`; the current token is its name. */
function parseAggregate(reader: Reader): Aggregate | undefined {
  const start = startOf(reader)
  const name = textOf(reader)
  const aggregate = aggregateNamed(name)
  if (aggregate === undefined) return
  const help = `write \`${name}(X, p(X))\`, or \`${name} { X : p(X) }\``
  reader.at++
  const isBraced = peek(reader) === '{'
  if (!take(reader, isBraced ? '{' : '(')) return refuseHere(reader, 'R266', `\`${name}\` takes no \`:\` here`, help)
  if (
    peek(reader) === 'name' &&
    startsAtom(reader) &&
    peek(reader, nameLength(reader)) === '(' &&
    !isConstructor(reader)
  ) {
    return refuseHere(reader, 'R266', `\`${name}\` does not say what it aggregates`, help)
  }
  const over = nested(reader, () => parseExpr(reader))
  if (over === undefined) return
  if (peek(reader) === ')' || peek(reader) === '}') {
    return refuseHere(reader, 'R266', `\`${name}\` has no body`, help)
  }
  if (!expect(reader, isBraced ? ':' : ',')) return
  const body = nested(reader, () => parseLiteral(reader))
  if (body === undefined) return
  if (peek(reader) === ',' || peek(reader) === ';') {
    const message = 'the body of an aggregate is one literal'
    return refuseHere(reader, 'R266', message, `put several in parentheses: \`${name}(X, (p(X), q(X)))\``)
  }
  if (!expect(reader, isBraced ? '}' : ')')) return
  const [only, ...others] = body.kind === 'or' ? body.alternatives : []
  const literals = only && others.length === 0 ? only : [body]
  return { kind: 'aggregate', function: aggregate, over, body: literals, span: spanFrom(reader, start) }
}
