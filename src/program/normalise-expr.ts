/**
 * Expressions of rules, normalised: names become numbers, constants values, and what yields rows (`split`) or stands where
 * only a variable or a constant can becomes a literal of its own. Spec: LANGUAGE section 4, "Expressions" and "Methods".
 */
import type * as ast from '../syntax/datalog/ast.ts'
import { assert } from '../text/assert.ts'
import type { Code } from '../text/codes.ts'
import type { Extra } from '../text/diagnostic.ts'
import type { Span } from '../text/source.ts'
import { didYouMean } from '../text/suggest.ts'
import { CONFORMS, METHODS } from './methods.ts'
import type { Column, Constant, Expr, Literal, VariableRef } from './program.ts'
import { readConstant } from './rule-constants.ts'
import { newVariable, type RuleScope, variableOf } from './rule-draft.ts'

/** `expr`; literals that it needs are added to `out`. Without `out`, it can't need any. */
export function normaliseExpr(expr: ast.Expr, scope: RuleScope, out?: Literal[]): Expr {
  const { span } = expr
  switch (expr.kind) {
    case 'constant':
      return constantOf(expr, scope)
    case 'variable':
      return variableOf(scope, expr.name, span)
    case 'wildcard':
      return newVariable(scope, '_', span)
    case 'negate':
      return { kind: 'negate', operand: normaliseExpr(expr.operand, scope, out), span }
    case 'arithmetic': {
      const left = normaliseExpr(expr.left, scope, out)
      return { kind: 'arithmetic', operator: expr.operator, left, right: normaliseExpr(expr.right, scope, out), span }
    }
    case 'method':
      return expr.method === 'split' ? liftSplit(expr, scope, out) : normaliseMethod(expr, scope, out)
    default:
      return refuse(scope, 'R341', 'an aggregate stands only as one side of `=`', span)
  }
}

/** `expr` as an operand of an atom or a head; what is neither variable nor constant gets a made-up variable. */
export function normaliseArgument(
  expr: ast.Expr,
  column: Pick<Column, 'declared'>,
  scope: RuleScope,
  out: Literal[],
): VariableRef | Constant {
  if (expr.kind === 'constant') return constantOf(expr, scope, column)
  const normal = normaliseExpr(expr, scope, out)
  if (normal.kind === 'variable' || normal.kind === 'constant') return normal
  const made = newVariable(scope, '$', expr.span)
  out.push({ kind: 'compare', operator: '=', left: made, right: normal, span: expr.span })
  return made
}

/** `part = receiver.split(separator)`. */
export function normaliseSplit(
  part: Expr,
  expr: ast.Expr & { kind: 'method' },
  scope: RuleScope,
  out: Literal[],
): void {
  const method = normaliseMethod(expr, scope, out)
  if (method.kind !== 'method') return
  const [separator] = method.args
  assert(separator, '`split` takes one argument')
  out.push({ kind: 'split', part, receiver: method.receiver, separator, span: expr.span })
}

/** Whether `expr` is `receiver.split(separator)`. */
export function isSplit(expr: ast.Expr): expr is ast.Expr & { kind: 'method' } {
  return expr.kind === 'method' && expr.method === 'split'
}

/** Reports a mistake, which drops the rule; the result stands for what cannot be there. */
export function refuse(
  scope: RuleScope,
  code: Code,
  message: string,
  span: Span,
  help: Extra | (() => Extra) = {},
): Constant {
  scope.failed = true
  scope.context.diagnostics.error(code, message, span, help)
  return { kind: 'constant', value: false }
}

function constantOf(
  expr: ast.Expr & { kind: 'constant' },
  scope: RuleScope,
  column: Pick<Column, 'declared'> = {},
): Constant {
  const value = readConstant(expr.value, expr.span, column, scope.context)
  if (value === undefined) scope.failed = true
  return { kind: 'constant', value: value ?? false }
}

function liftSplit(expr: ast.Expr & { kind: 'method' }, scope: RuleScope, out?: Literal[]): Expr {
  if (!out) {
    const help = { help: 'bind the parts first: `P = X.split(",")`' }
    return refuse(scope, 'R341', '`split` yields rows, which cannot stand under `not`', expr.span, help)
  }
  const part = newVariable(scope, '$', expr.span)
  normaliseSplit(part, expr, scope, out)
  return part
}

function normaliseMethod(expr: ast.Expr & { kind: 'method' }, scope: RuleScope, out?: Literal[]): Expr {
  const { method, span } = expr
  const found = METHODS.get(method)
  if (!found || method === CONFORMS) {
    const known = [...METHODS.keys()].filter((name) => name !== CONFORMS)
    const help = () => didYouMean(method, known, `methods are \`${known.slice(0, 16).join('`, `')}\`, and Cedar's`)
    return refuse(scope, 'R343', `there is no method \`${method}\``, span, help)
  }
  const { length } = found.parameters
  if (expr.args.length !== length) {
    const takes = length === 0 ? 'no values' : length === 1 ? 'one value' : `${length} values`
    return refuse(scope, 'R343', `\`${method}\` takes ${takes}, not ${expr.args.length}`, span)
  }
  for (const arg of expr.args) {
    const why = arg.kind === 'constant' && typeof arg.value === 'string' ? found.refuses?.(arg.value) : undefined
    if (why !== undefined) return refuse(scope, 'R344', why, arg.span)
  }
  const receiver = normaliseExpr(expr.receiver, scope, out)
  return { kind: 'method', method, receiver, args: expr.args.map((arg) => normaliseExpr(arg, scope, out)), span }
}
