/**
 * Expressions: tokens → `Expr`, by precedence climbing. Accepts what cedar-wasm accepts, within `limits.ts`: one
 * relation without parentheses, at most four `!` or `-` in a row, no division. Which calls there are is in `calls.ts`.
 * Spec: Cedar's grammar.
 */
import { shown } from '../json/json.ts'
import type { BinaryOperator, Expr, LikePattern, RecordEntry, Variable } from './ast.ts'
import { type Call, resolveCall } from './calls.ts'
import { refuse, type Token } from './lex.ts'
import { EXPR_NESTING_MAX } from './limits.ts'
import {
  advance,
  checkReserved,
  expect,
  expectWord,
  isWord,
  type NameNode,
  parseList,
  parseNameOrEntity,
  parseTypeName,
  patternValue,
  type Reader,
  spanFrom,
  stringValue,
  take,
  unexpected,
} from './reader.ts'

/** An expression, or `undefined` after a syntax error. Recursion is bounded by `EXPR_NESTING_MAX`. */
export function parseExpr(reader: Reader): Expr | undefined {
  if (reader.nesting === EXPR_NESTING_MAX) {
    const message = `the expression nests deeper than ${EXPR_NESTING_MAX} levels`
    return refuse(reader, { code: 'R232', message, start: reader.token.start, end: reader.token.end })
  }
  reader.nesting++
  const expr = isWord(reader, 'if') ? parseIf(reader) : parseOperators(reader, 0)
  reader.nesting--
  return expr
}

type Operator = BinaryOperator | 'has' | 'like' | 'is' | '=' | '/' | '%'

const RELATION = 2
const ADDITION = 3

const PRECEDENCE: ReadonlyMap<string, { readonly operator: Operator; readonly level: number }> = new Map(
  (
    [
      ['||'],
      ['&&'],
      ['==', '!=', '<', '<=', '>', '>=', 'in', 'has', 'like', 'is', '='],
      ['+', '-'],
      ['*', '/', '%'],
    ] as const
  ).flatMap((operators, level) => operators.map((operator) => [operator, { operator, level }] as const)),
)

function parseIf(reader: Reader): Expr | undefined {
  const { start } = advance(reader)
  const test = parseExpr(reader)
  if (test === undefined || expectWord(reader, 'then') === undefined) return undefined
  const then = parseExpr(reader)
  if (then === undefined || expectWord(reader, 'else') === undefined) return undefined
  const otherwise = parseExpr(reader)
  return otherwise && { kind: 'if', test, then, else: otherwise, span: spanFrom(reader, start) }
}

/** Operators of `level` or tighter. */
function parseOperators(reader: Reader, level: number): Expr | undefined {
  const { start } = reader.token
  let left = parseUnary(reader)
  let relations = 0
  while (left !== undefined) {
    const found = operatorHere(reader)
    if (found === undefined || found.level < level) return left
    // What follows `has`, `like` or `is` is complete: `a has b + 1` is no sum.
    if (relations > 0 && found.level > RELATION) return unexpected(reader, 'a weaker operator', 'add parentheses')
    const mark = advance(reader)
    if (found.level === RELATION && ++relations === 2) {
      refuse(reader, {
        code: 'R230',
        message: `\`${mark.text}\` follows another relation`,
        start: mark.start,
        end: mark.end,
        help: 'add parentheses, or join the two by `&&`',
      })
    }
    left = parseRight(reader, left, found.operator, mark, start)
  }
  return undefined
}

function operatorHere(reader: Reader): { readonly operator: Operator; readonly level: number } | undefined {
  const { kind, text } = reader.token
  return kind === 'string' ? undefined : PRECEDENCE.get(text)
}

function parseRight(reader: Reader, left: Expr, operator: Operator, mark: Token, start: number): Expr | undefined {
  switch (operator) {
    case 'has':
      return parseHas(reader, left, start)
    case 'like':
      return parseLike(reader, left, start)
    case 'is':
      return parseIs(reader, left, start)
    case '=':
    case '/':
    case '%': {
      const help = operator === '=' ? 'write `==`' : undefined
      const message = `\`${operator}\` is no operator of Cedar`
      refuse(reader, { code: 'R230', message, start: mark.start, end: mark.end, help })
      return parseRight(reader, left, operator === '=' ? '==' : '*', mark, start)
    }
    default: {
      const right = parseOperators(reader, (PRECEDENCE.get(operator)?.level ?? 0) + 1)
      return right && { kind: 'binary', operator, left, right, span: spanFrom(reader, start) }
    }
  }
}

/** `e has a.b.c` or `e has "a"`. */
function parseHas(reader: Reader, operand: Expr, start: number): Expr | undefined {
  if (reader.token.kind === 'string') {
    const attribute = stringValue(reader, advance(reader))
    return { kind: 'has', operand, attributes: [attribute], span: spanFrom(reader, start) }
  }
  const attributes: string[] = []
  do {
    const attribute = expect(reader, 'identifier', 'an attribute')
    if (attribute === undefined) return undefined
    checkReserved(reader, attribute, attributes.length === 0 ? `"${attribute.text}"` : undefined)
    attributes.push(attribute.text)
  } while (take(reader, '.'))
  return { kind: 'has', operand, attributes, span: spanFrom(reader, start) }
}

function parseLike(reader: Reader, operand: Expr, start: number): Expr | undefined {
  const string = expect(reader, 'string', 'a pattern in quotes')
  if (string === undefined) return undefined
  const pattern: LikePattern = patternValue(reader, string)
  return { kind: 'like', operand, pattern, span: spanFrom(reader, start) }
}

function parseIs(reader: Reader, operand: Expr, start: number): Expr | undefined {
  const type = parseTypeName(reader)
  if (type === undefined) return undefined
  if (!isWord(reader, 'in')) return { kind: 'is', operand, type, span: spanFrom(reader, start) }
  advance(reader)
  const group = parseOperators(reader, ADDITION)
  return group && { kind: 'is', operand, type, in: group, span: spanFrom(reader, start) }
}

const UNARY_MAX = 4

/** `!!e`, `--e`, or `e`; the last `-` before an integer belongs to the integer. */
function parseUnary(reader: Reader): Expr | undefined {
  const { kind } = reader.token
  if (kind !== '!' && kind !== '-') return parseMember(reader)
  const starts: number[] = []
  while (reader.token.kind === kind) starts.push(advance(reader).start)
  const first = starts[0] ?? 0
  if (starts.length > UNARY_MAX) {
    const message = `more than ${UNARY_MAX} \`${kind}\` in a row`
    refuse(reader, { code: 'R230', message, start: first, end: reader.lastEnd, help: 'remove pairs of them' })
    starts.length = UNARY_MAX
  }
  let operand: Expr | undefined
  if (kind === '-' && reader.token.kind === 'integer') {
    const integer = advance(reader)
    const folded = !ACCESS.has(reader.token.kind)
    const start = folded ? (starts.pop() ?? integer.start) : integer.start
    operand = integerLiteral(reader, integer, { negative: folded, start })
    if (!folded) operand = parseAccesses(reader, operand, integer.start)
  } else operand = parseMember(reader)
  for (let start = starts.pop(); start !== undefined && operand !== undefined; start = starts.pop()) {
    operand = { kind: kind === '!' ? 'not' : 'negate', operand, span: spanFrom(reader, start) }
  }
  return operand
}

const ACCESS: ReadonlySet<string> = new Set(['.', '[', '('])
const LONG_MAX = 2n ** 63n - 1n

function integerLiteral(
  reader: Reader,
  integer: Token,
  as: { readonly negative: boolean; readonly start: number },
): Expr {
  const digits = integer.text.replace(/^0+(?=\d)/, '')
  // Longer ones are never converted: that would cost more than linear time.
  const magnitude = digits.length > 19 ? undefined : BigInt(digits)
  const span = spanFrom(reader, as.start)
  if (magnitude !== undefined && magnitude <= LONG_MAX + (as.negative ? 1n : 0n)) {
    return { kind: 'literal', value: as.negative ? -magnitude : magnitude, span }
  }
  const message = 'the integer does not fit in 64 bits'
  refuse(reader, {
    code: 'R123',
    message,
    start: as.start,
    end: integer.end,
    help: as.negative ? `the smallest is ${-LONG_MAX - 1n}` : `the largest is ${LONG_MAX}`,
  })
  return { kind: 'literal', value: 0n, span }
}

function parseMember(reader: Reader): Expr | undefined {
  const { start } = reader.token
  const primary = parsePrimary(reader)
  return primary && parseAccesses(reader, primary, start)
}

function parseAccesses(reader: Reader, primary: Expr, start: number): Expr | undefined {
  let expr: Expr | undefined = primary
  while (expr !== undefined && ACCESS.has(reader.token.kind)) expr = parseAccess(reader, expr, start)
  return expr
}

function parseAccess(reader: Reader, operand: Expr, start: number): Expr | undefined {
  const mark = advance(reader)
  if (mark.kind === '(') {
    const message = 'only functions and methods can be called'
    return refuse(reader, { code: 'R229', message, start: mark.start, end: mark.end })
  }
  if (mark.kind === '[') {
    const string = expect(reader, 'string', 'an attribute in quotes')
    if (string === undefined || expect(reader, ']') === undefined) return undefined
    return { kind: 'get', operand, attribute: stringValue(reader, string), span: spanFrom(reader, start) }
  }
  const name = expect(reader, 'identifier', 'an attribute or a method')
  if (name === undefined) return undefined
  if (take(reader, '(')) {
    const args = parseList(reader, ')', () => parseExpr(reader))
    return args && checkCall(reader, name, { name: name.text, receiver: operand, args, span: spanFrom(reader, start) })
  }
  checkReserved(reader, name, `["${name.text}"]`)
  return { kind: 'get', operand, attribute: name.text, span: spanFrom(reader, start) }
}

function parsePrimary(reader: Reader): Expr | undefined {
  const { token } = reader
  switch (token.kind) {
    case 'integer':
      return integerLiteral(reader, advance(reader), { negative: false, start: token.start })
    case 'string':
      return { kind: 'literal', value: stringValue(reader, advance(reader)), span: spanFrom(reader, token.start) }
    case 'identifier':
      return parseWord(reader)
    case 'slot':
      return slotInCondition(reader)
    case '(': {
      advance(reader)
      const inner = parseExpr(reader)
      return inner && expect(reader, ')') && inner
    }
    case '[': {
      advance(reader)
      const elements = parseList(reader, ']', () => parseExpr(reader))
      return elements && { kind: 'set', elements, span: spanFrom(reader, token.start) }
    }
    case '{':
      return parseRecord(reader)
    default:
      return unexpected(
        reader,
        'an expression',
        token.kind === '!' || token.kind === '-' ? 'add parentheses' : undefined,
      )
  }
}

function slotInCondition(reader: Reader): Expr {
  const { text, start, end } = advance(reader)
  const message = `the slot \`${text}\` stands outside of the scope`
  refuse(reader, { code: 'R227', message, start, end, help: 'slots stand in the scope, to the right of `==` or `in`' })
  return { kind: 'literal', value: false, span: spanFrom(reader, start) }
}

/** `true`, `principal`, `User::"alice"`, `ip("…")`. */
function parseWord(reader: Reader): Expr | undefined {
  const { text, start } = reader.token
  if (text === 'true' || text === 'false') {
    advance(reader)
    return { kind: 'literal', value: text === 'true', span: spanFrom(reader, start) }
  }
  if (text === 'if') return unexpected(reader, 'an operand', 'put `if … then … else …` in parentheses')
  const name = parseNameOrEntity(reader)
  if (name === undefined || name.kind === 'entity') return name
  if (reader.token.kind === '(') {
    advance(reader)
    const args = parseList(reader, ')', () => parseExpr(reader))
    return args && checkCall(reader, name.span, { name: name.text, args, span: spanFrom(reader, start) })
  }
  return variable(reader, name)
}

/** The expression of a call; a call that Cedar does not know is reported at its name. */
function checkCall(reader: Reader, name: { readonly start: number; readonly end: number }, call: Call): Expr {
  const resolved = resolveCall(call)
  if (!('problem' in resolved)) return resolved
  const { start, end } = name
  refuse(reader, { code: 'R229', message: resolved.problem, start, end, help: resolved.help })
  return { kind: 'literal', value: false, span: call.span }
}

const VARIABLES: readonly Variable[] = ['principal', 'action', 'resource', 'context']

function variable(reader: Reader, { text, span }: NameNode): Expr {
  const name = VARIABLES.find((known) => known === text)
  if (name !== undefined) return { kind: 'variable', name, span }
  refuse(reader, {
    code: 'R228',
    message: `\`${text}\` is no variable`,
    start: span.start,
    end: span.end,
    help: `the variables are ${VARIABLES.map((known) => `\`${known}\``).join(', ')}; a string is written \`"${text}"\``,
  })
  return { kind: 'literal', value: false, span }
}

function parseRecord(reader: Reader): Expr | undefined {
  const { start } = advance(reader)
  const keys = new Set<string>()
  const entries = parseList(reader, '}', () => parseEntry(reader, keys))
  return entries && { kind: 'record', entries, span: spanFrom(reader, start) }
}

function parseEntry(reader: Reader, keys: Set<string>): RecordEntry | undefined {
  const { kind, start, end } = reader.token
  if (kind !== 'identifier' && kind !== 'string') return unexpected(reader, 'a key: a name or a string')
  const token = advance(reader)
  if (kind === 'identifier') checkReserved(reader, token, `"${token.text}"`)
  const key = kind === 'string' ? stringValue(reader, token) : token.text
  if (keys.has(key))
    refuse(reader, { code: 'R231', message: `the key ${shown(token.text)} stands twice in one record`, start, end })
  keys.add(key)
  if (expect(reader, ':') === undefined) return undefined
  const value = parseExpr(reader)
  return value && { key, value, span: spanFrom(reader, start) }
}
