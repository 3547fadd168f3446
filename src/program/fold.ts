/**
 * What rules say with constants alone, computed once: expressions become values, variables that are equal to a constant
 * become that constant, so that atoms have it in their keys, and literals that are true for every row go away. What would
 * fail stays, and fails when it is evaluated. Spec: LANGUAGE section 4, "Expressions" and "Errors of a derivation".
 */
import { unreachable } from '../text/assert.ts'
import { equal } from '../values/equality.ts'
import { checkedLong, divideLong, remainderLong } from '../values/long.ts'
import { compareValues } from '../values/order.ts'
import { kindOf, type Value } from '../values/value.ts'
import { callMethod, isFailure } from './methods.ts'
import type { AggregateLiteral, CompareLiteral, Constant, Expr, Literal, Rule, VariableRef } from './program.ts'
import type { RuleDraft } from './rule-draft.ts'

/** `rule` without what is known before any row is; of a body that never holds the literal that is false is left. */
export function foldRule(rule: RuleDraft): RuleDraft {
  const { name, head, args, variables, places, locals, groups, span } = rule
  const given = rule.body.flatMap((literal) => (literal.kind === 'aggregate' ? literal.groups : []))
  const folded = foldBody(rule.body, new Set([...given, ...(groups ?? [])]))
  const { body, known } = folded
  return {
    name,
    head,
    args: args.map((arg) => foldTerm(arg, known)),
    body,
    variables,
    places,
    locals,
    ...(groups && { groups }),
    ...(span && { span }),
  }
}

/** Whether the body of a rule that was folded is false, whatever rows there are. */
export function neverHolds({ body }: Pick<Rule, 'body'>): boolean {
  return body.length === 1 && body.every((literal) => truthOf(literal) === false)
}

type Known = ReadonlyMap<number, Constant>

/** Texts that are longer are not made before they are needed. */
const TEXT_FOLDED = 4096

/** `kept` are variables that stay, for those who give them a value or group by them. */
function foldBody(
  body: readonly Literal[],
  kept: ReadonlySet<number>,
): { readonly body: readonly Literal[]; readonly known: Known } {
  const known = new Map<number, Constant>()
  let left = body
  for (;;) {
    const before = known.size
    const next: Literal[] = []
    for (const literal of left) {
      const folded = foldLiteral(literal, known)
      const truth = truthOf(folded)
      if (truth === false) return { body: [folded], known: NOTHING }
      const binding = truth === undefined ? bindingOf(folded) : undefined
      if (binding && !kept.has(binding.variable)) known.set(binding.variable, binding.constant)
      else if (truth === undefined) next.push(folded)
    }
    left = next
    if (known.size === before) return { body: left, known }
  }
}

const NOTHING: Known = new Map()

function bindingOf(literal: Literal): { readonly variable: number; readonly constant: Constant } | undefined {
  if (literal.kind !== 'compare' || literal.operator !== '=') return undefined
  const { left, right } = literal
  if (left.kind === 'variable' && right.kind === 'constant') return { variable: left.variable, constant: right }
  if (left.kind === 'constant' && right.kind === 'variable') return { variable: right.variable, constant: left }
  return undefined
}

/** `literal` with values in place of what is known. */
function foldLiteral(literal: Literal, known: Known): Literal {
  const fold = (expr: Expr) => foldExpr(expr, known)
  switch (literal.kind) {
    case 'atom':
      return { ...literal, args: literal.args.map((arg) => (arg.kind === 'any' ? arg : foldTerm(arg, known))) }
    case 'compare':
      return { ...literal, left: fold(literal.left), right: fold(literal.right) }
    case 'in': {
      const { right } = literal
      return { ...literal, left: fold(literal.left), right: 'kind' in right ? fold(right) : right.map(fold) }
    }
    case 'test':
      return { ...literal, expr: fold(literal.expr) }
    case 'split': {
      const { part, receiver, separator } = literal
      return { ...literal, part: fold(part), receiver: fold(receiver), separator: fold(separator) }
    }
    case 'aggregate':
      return foldAggregate({ ...literal, result: fold(literal.result) })
    default:
      return unreachable(literal)
  }
}

function foldAggregate(literal: AggregateLiteral): AggregateLiteral {
  const { body, known } = foldBody(literal.body, new Set(literal.groups))
  return { ...literal, body, over: foldExpr(literal.over, known) }
}

/** Whether a literal of constants holds; nothing where it has others, or fails. */
function truthOf(literal: Literal): boolean | undefined {
  switch (literal.kind) {
    case 'compare':
      return compareConstants(literal)
    case 'in': {
      const { left, right, negated } = literal
      if (left.kind !== 'constant' || 'kind' in right) return undefined
      if (!right.every((element) => element.kind === 'constant')) return undefined
      return right.some(({ value }) => equal(value, left.value)) !== negated
    }
    case 'test': {
      const { expr, negated } = literal
      return expr.kind === 'constant' && typeof expr.value === 'boolean' ? expr.value !== negated : undefined
    }
    default:
      return undefined
  }
}

function compareConstants({ operator, left, right }: CompareLiteral): boolean | undefined {
  if (left.kind !== 'constant' || right.kind !== 'constant') return undefined
  if (operator === '=' || operator === '!=') return equal(left.value, right.value) === (operator === '=')
  const kind = kindOf(left.value)
  if (kind !== kindOf(right.value) || !ORDERED.has(kind)) return undefined
  const order = compareValues(left.value, right.value)
  switch (operator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    default:
      return order >= 0
  }
}

const ORDERED: ReadonlySet<string> = new Set(['long', 'float', 'string', 'datetime', 'duration'])

function foldTerm<T extends VariableRef | Constant>(term: T, known: Known): T | Constant {
  return (term.kind === 'variable' ? known.get(term.variable) : undefined) ?? term
}

function foldExpr(expr: Expr, known: Known): Expr {
  switch (expr.kind) {
    case 'variable':
    case 'constant':
      return foldTerm(expr, known)
    case 'negate': {
      const operand = foldExpr(expr.operand, known)
      return valueOr(operand.kind === 'constant' ? negate(operand.value) : undefined, { ...expr, operand })
    }
    case 'arithmetic': {
      const [left, right] = [foldExpr(expr.left, known), foldExpr(expr.right, known)]
      const isKnown = left.kind === 'constant' && right.kind === 'constant'
      return valueOr(isKnown ? arithmetic(expr.operator, left.value, right.value) : undefined, { ...expr, left, right })
    }
    default: {
      const [receiver, args] = [foldExpr(expr.receiver, known), expr.args.map((arg) => foldExpr(arg, known))]
      const values = args.flatMap((arg) => (arg.kind === 'constant' ? [arg.value] : []))
      const isKnown = receiver.kind === 'constant' && values.length === args.length
      const result = isKnown ? callMethod(expr.method, receiver.value, values) : undefined
      return valueOr(result !== undefined && isFailure(result) ? undefined : result, { ...expr, receiver, args })
    }
  }
}

function valueOr(value: Value | undefined, expr: Expr): Expr {
  if (value === undefined || (typeof value === 'string' && value.length > TEXT_FOLDED)) return expr
  return { kind: 'constant', value }
}

function negate(value: Value): Value | undefined {
  if (typeof value === 'bigint') return checkedLong(-value)
  return typeof value === 'number' ? -value : undefined
}

type Operator = (Expr & { kind: 'arithmetic' })['operator']

function arithmetic(operator: Operator, a: Value, b: Value): Value | undefined {
  if (typeof a === 'bigint' && typeof b === 'bigint') return ofLongs(operator, a, b)
  if (typeof a === 'string' && typeof b === 'string') return operator === '+' ? a + b : undefined
  if (typeof a !== 'number' || typeof b !== 'number') return undefined
  const result = ofFloats(operator, a, b)
  return Number.isFinite(result) ? result : undefined
}

function ofLongs(operator: Operator, a: bigint, b: bigint): bigint | undefined {
  switch (operator) {
    case '+':
      return checkedLong(a + b)
    case '-':
      return checkedLong(a - b)
    case '*':
      return checkedLong(a * b)
    case '/':
      return divideLong(a, b)
    default:
      return remainderLong(a, b)
  }
}

function ofFloats(operator: Operator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    default:
      return a % b
  }
}
