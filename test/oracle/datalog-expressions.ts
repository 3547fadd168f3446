/**
 * Datalog's expressions for the oracle: arithmetic, methods, order and aggregate functions on values (LANGUAGE section 4).
 * Whatever cannot be computed throws `EvaluationError`; what an error means for a rule is said in `datalog-body.ts`.
 */
import type { AggregateFunction, Arithmetic, Comparison, Expr } from '../../src/syntax/datalog/ast.ts'
import type { Value } from '../../src/values/value.ts'
import { CedarError, callExtension, isExtension } from './cedar-extensions.ts'
import { globMatches, likeMatches, likePattern, normalPath } from './glob.ts'
import { compareScalars, valueKey } from './value-key.ts'

/** An error of a derivation. */
export class EvaluationError extends Error {}

/** The value of `expr`, whose variables are bound. */
export function evaluateExpr(expr: Expr, lookUp: (variable: string) => Value): Value {
  const value = (e: Expr): Value => evaluateExpr(e, lookUp)
  switch (expr.kind) {
    case 'constant':
      return expr.value
    case 'variable':
      return lookUp(expr.name)
    case 'arithmetic':
      return arithmetic(expr.operator, value(expr.left), value(expr.right))
    case 'negate': {
      const operand = value(expr.operand)
      return arithmetic('-', typeof operand === 'number' ? 0 : 0n, operand)
    }
    case 'method':
      return method(expr.method, value(expr.receiver), expr.args.map(value))
    case 'wildcard':
    case 'aggregate':
      throw new Error(`${expr.kind} stands where no value is`)
  }
}

/** Longs are exact in 64 bits and divide truncating, floats stay finite, `+` joins strings. */
function arithmetic(operator: Arithmetic, a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    if ((operator === '/' || operator === '%') && b === 0n) throw new EvaluationError('division by zero')
    return long(
      { '+': () => a + b, '-': () => a - b, '*': () => a * b, '/': () => a / b, '%': () => a % b }[operator](),
    )
  }
  if (typeof a === 'number' && typeof b === 'number') {
    return float({ '+': a + b, '-': a - b, '*': a * b, '/': a / b, '%': a % b }[operator])
  }
  if (operator === '+' && typeof a === 'string' && typeof b === 'string') return a + b
  throw new EvaluationError(`no ${operator} on these types`)
}

function long(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new EvaluationError('overflow')
  return value
}

function float(value: number): number {
  if (!Number.isFinite(value)) throw new EvaluationError('not a finite number')
  return value === 0 ? 0 : value
}

/** Whether `left operator right`: equality is of all types, order of two values of one ordered type. */
export function compare(operator: Comparison, left: Value, right: Value): boolean {
  switch (operator) {
    case '=':
      return valueKey(left) === valueKey(right)
    case '!=':
      return valueKey(left) !== valueKey(right)
    case '<':
      return order(left, right) < 0
    case '<=':
      return order(left, right) <= 0
    case '>':
      return order(left, right) > 0
    case '>=':
      return order(left, right) >= 0
  }
}

/** Negative, zero or positive, as `left` stands before, at or after `right`. */
export function order(left: Value, right: Value): number {
  if (typeof left === 'string' && typeof right === 'string') return compareScalars(left, right)
  if (typeof left === 'number' && typeof right === 'number') return left - right
  const [a, b] = [instant(left), instant(right)]
  if (a === undefined || b === undefined || a.kind !== b.kind) throw new EvaluationError('no order on these types')
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0
}

function instant(value: Value): { kind: string; value: bigint } | undefined {
  if (typeof value === 'bigint') return { kind: 'long', value }
  const isInstant = typeof value === 'object' && (value.kind === 'datetime' || value.kind === 'duration')
  return isInstant ? value : undefined
}

/** The elements of a set. */
export function elements(value: Value): readonly Value[] {
  if (typeof value === 'object' && value.kind === 'set') return value.elements
  throw new EvaluationError('not a set')
}

/** The parts of `text.split(separator)`. */
export function split(text: Value, separator: Value): readonly string[] {
  if (typeof text !== 'string' || typeof separator !== 'string') throw new EvaluationError('not a string')
  if (separator === '') throw new EvaluationError('an empty separator')
  return text.split(separator)
}

function method(name: string, receiver: Value, args: readonly Value[]): Value {
  if (isExtension(name)) return extension(name, [receiver, ...args])
  if (name === 'id' || name === 'type') {
    if (typeof receiver === 'object' && receiver.kind === 'entity') return receiver[name]
    throw new EvaluationError(`${name} of what is no entity`)
  }
  if (typeof receiver !== 'string') throw new EvaluationError(`${name} of what is no string`)
  const [a, b] = args
  if (name === 'substring') return substring(receiver, a, b)
  if (args.some((arg) => typeof arg !== 'string')) throw new EvaluationError(`${name} with what is no string`)
  return stringMethod(name, receiver, `${a}`, `${b}`)
}

function extension(name: string, args: readonly Value[]): Value {
  try {
    return callExtension(name, args)
  } catch (error) {
    throw error instanceof CedarError ? new EvaluationError(error.message) : error
  }
}

function stringMethod(name: string, text: string, a: string, b: string): Value {
  switch (name) {
    case 'starts_with':
      return text.startsWith(a)
    case 'ends_with':
      return text.endsWith(a)
    case 'contains':
      return text.includes(a)
    case 'matches':
      return globMatches(a, text)
    case 'like':
      return likeMatches(text, likePattern(a))
    case 'length':
      return BigInt([...text].length)
    case 'lower':
      return text.toLowerCase()
    case 'upper':
      return text.toUpperCase()
    case 'trim':
      return text.trim()
    case 'replace':
      if (a === '') throw new EvaluationError('an empty text to replace')
      return text.replaceAll(a, () => b)
    case 'concat':
      return text + a
    case 'under':
      return under(text, a)
    default:
      throw new Error(`unknown method ${name}`)
  }
}

/** From scalar `from` up to scalar `to`; what lies behind the end is empty. */
function substring(text: string, from: Value | undefined, to: Value | undefined): string {
  if (typeof from !== 'bigint' || typeof to !== 'bigint') throw new EvaluationError('substring with what is no integer')
  if (from < 0n || to < from) throw new EvaluationError('substring of no range')
  return [...text].filter((_, i) => from <= i && i < to).join('')
}

function under(path: string, dir: string): boolean {
  const [below, above] = [normalPath(path), normalPath(dir)]
  if (below === undefined || above === undefined) throw new EvaluationError('not a path')
  return above === '/' || below === above || below.startsWith(`${above}/`)
}

/** The aggregate of the values that `over` has in the distinct bindings; `undefined` where it derives nothing. */
export function aggregate(name: AggregateFunction, values: readonly Value[], emptyIsZero: boolean): Value | undefined {
  const [first] = values
  if (first === undefined) return emptyIsZero && ['count', 'count_distinct', 'sum'].includes(name) ? 0n : undefined
  switch (name) {
    case 'count':
      return BigInt(values.length)
    case 'count_distinct':
      return BigInt(new Set(values.map(valueKey)).size)
    case 'min':
      return values.reduce((best, value) => (order(value, best) < 0 ? value : best), first)
    case 'max':
      return values.reduce((best, value) => (order(value, best) > 0 ? value : best), first)
    case 'sum':
      return values.every((value) => typeof value === 'bigint') ? long(exactSum(values)) : float(floatSum(values))
    case 'mean': {
      const total = values.every((value) => typeof value === 'bigint') ? Number(exactSum(values)) : floatSum(values)
      return float(total / values.length)
    }
  }
}

function exactSum(values: readonly bigint[]): bigint {
  return values.reduce((sum, value) => sum + value, 0n)
}

/** In ascending order, so that it is the same always; where rounding matters, engines may differ. */
function floatSum(values: readonly Value[]): number {
  if (!values.every((value) => typeof value === 'number')) throw new EvaluationError('no sum of these types')
  return values.toSorted((a, b) => a - b).reduce((sum, value) => sum + value, 0)
}
