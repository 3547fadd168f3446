/**
 * Rules as text that parses back to the same tree, spans aside: for messages, `explain` and tests. Owns where parentheses
 * are needed. Recursion is bounded by the limits in `reader.ts`. Spec: LANGUAGE section 4.
 */
import { unreachable } from '../../text/assert.ts'
import { printValue } from '../../values/print.ts'
import type { Aggregate, Arithmetic, Clause, Declaration, Expr, HeadArgument, List, Literal } from './ast.ts'

/** `clause` with its final dot. */
export function printClause(clause: Clause): string {
  if (clause.kind === 'decl') return printDeclaration(clause)
  const { head, body } = clause
  const text = call(head.predicate.text, head.args.map(printHeadArgument))
  return body.length === 0 ? `${text}.` : `${text} :- ${printConjunction(body)}.`
}

/** `literal` as it stands in a body. */
export function printLiteral(literal: Literal): string {
  switch (literal.kind) {
    case 'atom':
      return not(literal.negated, call(literal.predicate.text, literal.args.map(printExpr)))
    case 'compare':
      return `${printExpr(literal.left)} ${literal.operator} ${printExpr(literal.right)}`
    case 'in':
      return not(literal.negated, `${printExpr(literal.left)} in ${printSet(literal.right)}`)
    case 'test':
      return not(literal.negated, printExpr(literal.expr))
    case 'bare_aggregate':
      return printExpr(literal.aggregate)
    case 'or':
      return `(${literal.alternatives.map(printConjunction).join(' ; ')})`
    default:
      return unreachable(literal)
  }
}

/** `expr`, methods with their `()`. */
export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'constant':
      return expr.bare === true ? String(expr.value) : printValue(expr.value)
    case 'variable':
      return expr.name
    case 'wildcard':
      return '_'
    case 'arithmetic':
      return `${operand(expr.left, RANK[expr.operator])} ${expr.operator} ${operand(expr.right, RANK[expr.operator] + 1)}`
    case 'negate':
      return `-${printNegated(expr.operand)}`
    case 'method':
      return `${operand(expr.receiver, POSTFIX_RANK)}.${expr.method}(${expr.args.map(printExpr).join(', ')})`
    case 'aggregate':
      return printAggregate(expr)
    default:
      return unreachable(expr)
  }
}

/** How tightly operators bind: sums, products, the sign, methods. */
const RANK: Readonly<Record<Arithmetic, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2 }
const SIGN_RANK = 3
const POSTFIX_RANK = 4

/** `expr`, in parentheses if it binds less tightly than `rank`. */
function operand(expr: Expr, rank: number): string {
  const own = expr.kind === 'arithmetic' ? RANK[expr.operator] : expr.kind === 'negate' ? SIGN_RANK : POSTFIX_RANK
  return own < rank ? `(${printExpr(expr)})` : printExpr(expr)
}

/** What follows a sign: `-3` would be read as a constant. */
function printNegated(expr: Expr): string {
  const text = operand(expr, SIGN_RANK)
  return /^[0-9]/.test(text) ? `(${text})` : text
}

function printAggregate({ function: name, over, body }: Aggregate): string {
  const [only, ...others] = body
  const isBare =
    others.length === 0 &&
    ((only?.kind === 'atom' && !only.negated) || (only?.kind === 'or' && only.alternatives.length > 1))
  const text = printConjunction(body)
  return `${name}(${printExpr(over)}, ${isBare ? text : `(${text})`})`
}

function printDeclaration({ predicate, columns, option }: Declaration): string {
  const args = columns.map(({ name, types }) => (types.length === 0 ? name : `${name}: ${types.join(' | ')}`))
  return `decl ${call(predicate.text, args)}${option === undefined ? '' : ` ${option}`}.`
}

function printHeadArgument({ best, expr }: HeadArgument): string {
  const text = printExpr(expr)
  if (best !== undefined) return `${best} ${text}`
  // A text `min` with an operator after it would be read as the mark.
  return /^(min|max) /.test(text) ? `(${text})` : text
}

function printConjunction(literals: readonly Literal[]): string {
  return literals.map(printLiteral).join(', ')
}

function printSet(set: Expr | List): string {
  return set.kind === 'list' ? `[${set.elements.map(printExpr).join(', ')}]` : printExpr(set)
}

function call(name: string, args: readonly string[]): string {
  return args.length === 0 ? name : `${name}(${args.join(', ')})`
}

function not(negated: boolean, text: string): string {
  return negated ? `not ${text}` : text
}
