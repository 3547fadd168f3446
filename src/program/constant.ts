/**
 * Constants among lowered expressions: what is known of a value before any request. Only what cannot fail is folded.
 */
import type { Span } from '../text/source.ts'
import type { Value } from '../values/value.ts'
import type { LoweredExpr } from './lowered.ts'

/** An expression that is always `value`. */
export function constant(value: Value, span: Span): LoweredExpr {
  return { kind: 'constant', value, span }
}

/** A set, constant if all its elements are. */
export function setOf(elements: readonly LoweredExpr[], span: Span): LoweredExpr {
  const values = constantsOf(elements)
  return values ? constant({ kind: 'set', elements: values }, span) : { kind: 'set', elements, span }
}

/** The values of `exprs`; `undefined` if one is no constant. */
export function constantsOf(exprs: readonly LoweredExpr[]): Value[] | undefined {
  const values: Value[] = []
  for (const expr of exprs) {
    if (expr.kind !== 'constant') return undefined
    values.push(expr.value)
  }
  return values
}
