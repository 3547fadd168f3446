/**
 * Cedar expressions, lowered. Each node keeps Cedar's meaning, the order of evaluation and of errors included, so nothing
 * that could fail is ever folded away. Entity literals and globs are in `lower-entity.ts`, `context.facts` in
 * `lower-facts.ts`. Recursion is bounded by `EXPR_HEIGHT_MAX`. Spec: LANGUAGE sections 5 and 6, Cedar's "Operators".
 */
import type { Expr } from '../syntax/cedar/ast.ts'
import { unreachable } from '../text/assert.ts'
import type { Span } from '../text/source.ts'
import { callExtension, EXTENSION_FUNCTIONS } from '../values/extension.ts'
import { compareScalars } from '../values/order.ts'
import { constant, constantsOf, setOf } from './constant.ts'
import { lowerGroup, lowerLiteral } from './lower-entity.ts'
import { lowerFactsGet, lowerFactsHas, lowerProbe, reportWholeContext } from './lower-facts.ts'
import type { LoweredExpr } from './lowered.ts'
import type { PolicyLowering } from './lowering.ts'

type Binary = Extract<Expr, { kind: 'binary' }>

/** Lowers `expr`. */
export function lowerExpr(expr: Expr, lowering: PolicyLowering): LoweredExpr {
  const { span } = expr
  const lower = (inner: Expr) => lowerExpr(inner, lowering)
  switch (expr.kind) {
    case 'literal':
      return constant(expr.value, span)
    case 'entity':
      return lowerLiteral(expr, lowering)
    case 'variable':
      if (expr.name === 'context' && lowering.facts) return reportWholeContext(expr.span, lowering)
      return { kind: 'variable', name: expr.name, span }
    case 'not':
      return negation(lower(expr.operand), span)
    case 'negate':
      return { kind: 'negate', operand: lower(expr.operand), span }
    case 'binary':
      return lowerBinary(expr, lowering)
    case 'if':
      return { kind: 'if', test: lower(expr.test), whenTrue: lower(expr.then), whenFalse: lower(expr.else), span }
    case 'is': {
      const operand = lower(expr.operand)
      return {
        kind: 'is',
        operand,
        type: expr.type,
        ...(expr.in && { group: lowerGroup(expr.in, lowering, lower) }),
        span,
      }
    }
    case 'has': {
      const facts = lowerFactsHas(expr, lowering)
      if (facts) return facts
      return { kind: 'has', operand: lowerOwner(expr.operand, lowering), attributes: expr.attributes, span }
    }
    case 'get':
      return (
        lowerFactsGet(expr, lowering) ?? {
          kind: 'get',
          operand: lowerOwner(expr.operand, lowering),
          attribute: expr.attribute,
          span,
        }
      )
    case 'like':
      return { kind: 'like', operand: lower(expr.operand), pattern: expr.pattern, span }
    case 'set':
      return setOf(expr.elements.map(lower), span)
    case 'record':
      return lowerRecord(expr, lowering)
    case 'method': {
      const probe = lowerProbe(expr, lowering)
      const args = expr.args.map(lower)
      if (probe) return { kind: 'probe', ...probe, ...(args[0] && { arg: args[0] }), span }
      return { kind: 'method', method: expr.method, receiver: lower(expr.receiver), args, span }
    }
    case 'extension':
      return extensionOf(expr.name, expr.args.map(lower), span)
    default:
      return unreachable(expr)
  }
}

/** What stands before `.` or `has` and has nothing to do with facts: the one place where `context` may be named. */
function lowerOwner(expr: Expr, lowering: PolicyLowering): LoweredExpr {
  const { span } = expr
  if (expr.kind === 'variable') return { kind: 'variable', name: expr.name, span }
  if (expr.kind !== 'get') return lowerExpr(expr, lowering)
  return { kind: 'get', operand: lowerOwner(expr.operand, lowering), attribute: expr.attribute, span }
}

function negation(operand: LoweredExpr, span: Span): LoweredExpr {
  if (operand.kind === 'constant' && typeof operand.value === 'boolean') return constant(!operand.value, span)
  return { kind: 'not', operand, span }
}

function lowerBinary(expr: Binary, lowering: PolicyLowering): LoweredExpr {
  const { operator, span } = expr
  if (operator === '&&' || operator === '||') return lowerChain(expr, lowering)
  const left = lowerExpr(expr.left, lowering)
  if (operator === 'in')
    return {
      kind: 'in',
      operand: left,
      group: lowerGroup(expr.right, lowering, (inner) => lowerExpr(inner, lowering)),
      span,
    }
  const right = lowerExpr(expr.right, lowering)
  switch (operator) {
    case '==':
      return { kind: 'equal', left, right, span }
    case '!=':
      return negation({ kind: 'equal', left, right, span }, span)
    case '<':
    case '<=':
      return { kind: 'less', orEqual: operator === '<=', left, right, span }
    case '>':
    case '>=':
      return negation({ kind: 'less', orEqual: operator === '>', left, right, span }, span)
    default:
      return { kind: 'arithmetic', operator, left, right, span }
  }
}

/** `a && (b && c)` and `(a && b) && c` are the same list: each operand is checked, and the first false one ends it. */
function lowerChain(expr: Binary, lowering: PolicyLowering): LoweredExpr {
  const kind = expr.operator === '&&' ? 'and' : 'or'
  const operands: LoweredExpr[] = []
  let left: Expr = expr
  const rights: Expr[] = []
  while (left.kind === 'binary' && left.operator === expr.operator) {
    rights.push(left.right)
    left = left.left
  }
  for (const operand of [left, ...rights.reverse()]) {
    const lowered = lowerExpr(operand, lowering)
    for (const one of lowered.kind === kind ? lowered.operands : [lowered]) operands.push(one)
  }
  return { kind, operands, span: expr.span }
}

function lowerRecord(expr: Extract<Expr, { kind: 'record' }>, lowering: PolicyLowering): LoweredExpr {
  const entries = expr.entries
    .map(({ key, value }) => ({ key, value: lowerExpr(value, lowering) }))
    .sort((a, b) => compareScalars(a.key, b.key))
  const values = constantsOf(entries.map(({ value }) => value))
  if (values === undefined) return { kind: 'record', entries, span: expr.span }
  const fields = new Map(values.map((value, i) => [entries[i]?.key ?? '', value]))
  return constant({ kind: 'record', fields }, expr.span)
}

/** A call, or its value where it is sure to have one. */
function extensionOf(name: string, args: readonly LoweredExpr[], span: Span): LoweredExpr {
  const extension = EXTENSION_FUNCTIONS.get(name)
  const values = constantsOf(args)
  const result = extension && values && callExtension(extension, values)
  // Strings are errors, and happen when they happen: on the way of an evaluation that reaches them.
  if (result !== undefined && typeof result !== 'string') return constant(result, span)
  return { kind: 'extension', name, args, span }
}
