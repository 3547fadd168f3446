/**
 * The types of the variables of one rule, from the types of the columns that it reads. What cannot be is reported by
 * listeners: inference has none, the check has one. Spec: LANGUAGE sections 2 ("Types") and 4.
 */
import { unreachable } from '../text/assert.ts'
import type { Span } from '../text/source.ts'
import { areDisjoint, intersect, NOTHING, NUMERIC, ORDERED, only, typeOf, typeOfKind, union } from './column-types.ts'
import { METHODS } from './methods.ts'
import { listOf, planBody, type Step } from './plan.ts'
import type { AggregateLiteral, AtomLiteral, ColumnType, Expr, Literal, PredicateId } from './program.ts'

/** What a rule is typed against. */
export interface TypeSource {
  readonly columnType: (predicate: PredicateId, column: number) => ColumnType
  /** Called for what can have no value; both types are of something. */
  readonly clash?: (clash: Clash) => void
}

/** A value of type `found` stands where only `wanted` can. */
export type Clash = { readonly found: ColumnType; readonly wanted: ColumnType; readonly span?: Span } & (
  | { readonly kind: 'atom'; readonly atom: AtomLiteral; readonly column: number; readonly variable?: number }
  | { readonly kind: 'compare'; readonly operator: string; readonly left: Expr; readonly right: Expr }
  /** `what` names the operator, method or aggregate. */
  | { readonly kind: 'operand'; readonly what: string; readonly operand: Expr }
)

/** By variable: the types that it can have. Absent is any. */
export type TypeEnvironment = Map<number, ColumnType>

/** The types of the variables once all of `body` holds, each literal seen after those that bind its variables. */
export function typesOfBody(
  body: readonly Literal[],
  source: TypeSource,
  given: TypeEnvironment = new Map(),
  steps: readonly Step[] = planBody(body, { bound: given.keys() }).steps,
): TypeEnvironment {
  const types = new Map(given)
  const typing: Typing = { types, source }
  // Atoms first: what they say of their variables holds whatever the order.
  const atoms = steps.filter((step) => step.kind === 'match')
  for (const { literal } of [...atoms, ...steps.filter((step) => step.kind !== 'match')]) {
    const found = body[literal]
    if (found) typeLiteral(found, typing)
  }
  return types
}

/** The type of an expression whose variables have these types. */
export function typeOfExpr(expr: Expr, typing: Typing): ColumnType {
  switch (expr.kind) {
    case 'constant':
      return only(typeOf(expr.value))
    case 'variable':
      return typing.types.get(expr.variable) ?? 'any'
    case 'negate':
      return need(expr.operand, NUMERIC, '`-`', typing, expr.span)
    case 'arithmetic': {
      const { operator, span } = expr
      const allowed = operator === '+' ? WITH_STRINGS : NUMERIC
      return needBoth({ operator, left: expr.left, right: expr.right, span }, allowed, typing)
    }
    default: {
      const method = METHODS.get(expr.method)
      if (!method) return 'any'
      const what = `\`${expr.method}\``
      if (method.receiver !== 'any') need(expr.receiver, only(typeOfKind(method.receiver)), what, typing, expr.span)
      for (const [i, kind] of method.parameters.entries()) {
        const arg = expr.args[i]
        if (arg) need(arg, only(typeOfKind(kind)), what, typing, expr.span)
      }
      return only(typeOfKind(method.result))
    }
  }
}

export interface Typing {
  readonly types: TypeEnvironment
  readonly source: TypeSource
}

const WITH_STRINGS = union(NUMERIC, only('String'))
const SET = only('Set')
const BOOL = only('Bool')
const STRING = only('String')

function typeLiteral(literal: Literal, typing: Typing): void {
  switch (literal.kind) {
    case 'atom':
      typeAtom(literal, typing)
      break
    case 'compare':
      typeComparison(literal, typing)
      break
    case 'in': {
      const left = typeOfExpr(literal.left, typing)
      if ('kind' in literal.right) {
        need(literal.right, SET, '`in`', typing, literal.span)
        break
      }
      const right = listOf(literal)
        .map((element) => typeOfExpr(element, typing))
        .reduce(union, NOTHING)
      const [first = literal.left] = listOf(literal)
      const both = meet({ operator: 'in', left: literal.left, right: first, span: literal.span }, left, right, typing)
      if (!literal.negated) assign(literal.left, both, typing)
      break
    }
    case 'test':
      compareOperand(literal.expr, typeOfExpr(literal.expr, typing), BOOL, 'a literal', typing, literal.span)
      break
    case 'split': {
      need(literal.receiver, STRING, '`split`', typing, literal.span)
      need(literal.separator, STRING, '`split`', typing, literal.span)
      const comparison = { operator: '=', left: literal.part, right: literal.receiver, span: literal.span }
      assign(literal.part, meet(comparison, typeOfExpr(literal.part, typing), STRING, typing), typing)
      break
    }
    case 'aggregate':
      typeAggregate(literal, typing)
      break
    default:
      unreachable(literal)
  }
}

function typeAtom(atom: AtomLiteral, { types, source }: Typing): void {
  for (const [column, arg] of atom.args.entries()) {
    if (arg.kind === 'any') continue
    const wanted = source.columnType(atom.predicate, column)
    const found = arg.kind === 'constant' ? only(typeOf(arg.value)) : (types.get(arg.variable) ?? 'any')
    if (areDisjoint(found, wanted)) {
      const variable = arg.kind === 'variable' ? { variable: arg.variable } : {}
      source.clash?.({ kind: 'atom', atom, column, ...variable, found, wanted, ...spanOf(atom.span) })
    }
    if (arg.kind === 'variable' && !atom.negated) types.set(arg.variable, intersect(found, wanted))
  }
}

function typeComparison(literal: Literal & { kind: 'compare' }, typing: Typing): void {
  const { operator, left, right } = literal
  if (operator === '=' || operator === '!=') {
    const both = meet(literal, typeOfExpr(left, typing), typeOfExpr(right, typing), typing)
    if (operator === '!=') return
    assign(left, both, typing)
    assign(right, both, typing)
    return
  }
  needBoth(literal, ORDERED, typing)
}

function typeAggregate(literal: AggregateLiteral, typing: Typing): void {
  const { types, source } = typing
  const given: TypeEnvironment = new Map(literal.groups.map((group) => [group, types.get(group) ?? 'any']))
  const inner: Typing = { types: typesOfBody(literal.body, source, given), source }
  const { span } = literal
  const result = resultType(literal, inner)
  const comparison = { operator: '=', left: literal.result, right: literal.over, span }
  assign(literal.result, meet(comparison, typeOfExpr(literal.result, typing), result, typing), typing)
}

/** The type of an aggregate's result; `inner` are the types within its body. */
export function resultType(literal: AggregateLiteral, inner: Typing): ColumnType {
  const { over, span } = literal
  const what = `\`${literal.function}\``
  switch (literal.function) {
    case 'sum':
      return need(over, NUMERIC, what, inner, span)
    case 'mean':
      need(over, NUMERIC, what, inner, span)
      return only('Float')
    case 'min':
    case 'max':
      return need(over, ORDERED, what, inner, span)
    default:
      return only('Long')
  }
}

interface Comparison {
  readonly operator: string
  readonly left: Expr
  readonly right: Expr
  readonly span?: Span | undefined
}

/** The types that both sides of a comparison can have. */
function meet(by: Comparison, left: ColumnType, right: ColumnType, { source }: Typing): ColumnType {
  if (areDisjoint(left, right)) {
    const { operator, span } = by
    source.clash?.({
      kind: 'compare',
      operator,
      left: by.left,
      right: by.right,
      found: left,
      wanted: right,
      ...spanOf(span),
    })
  }
  return intersect(left, right)
}

/** From here on a variable has the types `type`. */
function assign(expr: Expr, type: ColumnType, { types }: Typing): void {
  if (expr.kind === 'variable') types.set(expr.variable, type)
}

/** The types of `expr` among `allowed`. */
function need(expr: Expr, allowed: ColumnType, what: string, typing: Typing, span?: Span): ColumnType {
  const found = typeOfExpr(expr, typing)
  compareOperand(expr, found, allowed, what, typing, span)
  return intersect(found, allowed)
}

/** The types that both sides can have among `allowed`; one mistake is reported, not one a side. */
function needBoth(by: Comparison, allowed: ColumnType, typing: Typing): ColumnType {
  const left = typeOfExpr(by.left, typing)
  const right = typeOfExpr(by.right, typing)
  const isLeft = areDisjoint(left, allowed)
  const [operand, found] = isLeft ? [by.left, left] : [by.right, right]
  compareOperand(operand, found, allowed, `\`${by.operator}\``, typing, by.span)
  if (areDisjoint(found, allowed)) return NOTHING
  return meet(by, intersect(left, allowed), intersect(right, allowed), typing)
}

function compareOperand(
  operand: Expr,
  found: ColumnType,
  wanted: ColumnType,
  what: string,
  { source }: Typing,
  span?: Span,
): void {
  if (areDisjoint(found, wanted)) source.clash?.({ kind: 'operand', what, operand, found, wanted, ...spanOf(span) })
}

function spanOf(span: Span | undefined): { span?: Span } {
  return span ? { span } : {}
}
