/**
 * `+ - *`, negation and `< <=` over value ids. Small integers are computed as they are; all others as `bigint`. Spec:
 * Cedar's "Arithmetic operators" and "Comparison operators".
 */
import { FALSE, inlineInt, intId, isInlineInt, kindOfId, TRUE, type ValueId } from '../../image/value-ids.ts'
import { checkedLong } from '../../values/long.ts'
import { ERROR, type Evaluate, type Frame, fail, failOperand, type Place } from './frame.ts'

type Operator = '+' | '-' | '*'

export interface Operands {
  readonly left: Evaluate
  readonly right: Evaluate
  readonly at: Place
}

/** `left operator right`; both are evaluated before either is checked. */
export function arithmetic(operator: Operator, { left, right, at }: Operands): Evaluate {
  return (frame) => {
    const a = left(frame)
    if (a === ERROR) return ERROR
    const b = right(frame)
    return b === ERROR ? ERROR : compute(frame, at, operator, a, b)
  }
}

/** `a operator b`. */
export function compute(frame: Frame, at: Place, operator: Operator, a: ValueId, b: ValueId): ValueId {
  if (isInlineInt(a) && isInlineInt(b)) return intId(frame.values, small(operator, inlineInt(a), inlineInt(b)))
  if (kindOfId(a) !== 'long') return failOperand(frame, at, 0, 'long', a)
  if (kindOfId(b) !== 'long') return failOperand(frame, at, 1, 'long', b)
  const x = frame.values.longOf(a)
  const y = frame.values.longOf(b)
  const result = checkedLong(big(operator, x, y))
  if (result !== undefined) return frame.values.long(result)
  return fail(
    frame,
    at.span,
    `integer overflow while attempting to ${VERBS[operator]} the values \`${x}\` and \`${y}\``,
  )
}

/** `-operand`. */
export function negate(operand: Evaluate, at: Place): Evaluate {
  return (frame) => {
    const a = operand(frame)
    return a === ERROR ? ERROR : opposite(frame, at, a)
  }
}

/** `-a`. */
export function opposite(frame: Frame, at: Place, a: ValueId): ValueId {
  if (isInlineInt(a)) return intId(frame.values, -inlineInt(a))
  if (kindOfId(a) !== 'long') return failOperand(frame, at, 0, 'long', a)
  const x = frame.values.longOf(a)
  const result = checkedLong(-x)
  if (result !== undefined) return frame.values.long(result)
  return fail(frame, at.span, `integer overflow while attempting to negate the value \`${x}\``)
}

/** `left < right`, or `left <= right`. */
export function less(orEqual: boolean, { left, right, at }: Operands): Evaluate {
  return (frame) => {
    const a = left(frame)
    if (a === ERROR) return ERROR
    const b = right(frame)
    return b === ERROR ? ERROR : isLess(frame, at, orEqual, a, b)
  }
}

/** Whether `a < b`, or `a <= b`. */
export function isLess(frame: Frame, at: Place, orEqual: boolean, a: ValueId, b: ValueId): ValueId {
  if (isInlineInt(a) && isInlineInt(b)) return inlineInt(a) < inlineInt(b) || (orEqual && a === b) ? TRUE : FALSE
  const kind = kindOfId(a)
  if (kind !== kindOfId(b) || !isOrdered(kind)) return failOrder(frame, at, a, b)
  return magnitude(frame, a) < magnitude(frame, b) || (orEqual && a === b) ? TRUE : FALSE
}

const VERBS: Readonly<Record<Operator, string>> = { '+': 'add', '-': 'subtract', '*': 'multiply' }

/** INVARIANT: inline integers are below 2^26, so that their products are exact. */
function small(operator: Operator, a: number, b: number): number {
  return operator === '+' ? a + b : operator === '-' ? a - b : a * b
}

function big(operator: Operator, a: bigint, b: bigint): bigint {
  return operator === '+' ? a + b : operator === '-' ? a - b : a * b
}

function isOrdered(kind: string): boolean {
  return kind === 'long' || kind === 'datetime' || kind === 'duration'
}

function magnitude(frame: Frame, id: ValueId): bigint {
  if (kindOfId(id) === 'long') return frame.values.longOf(id)
  const value = frame.values.valueOf(id)
  return typeof value === 'object' && 'value' in value ? value.value : 0n
}

/** As in Cedar, a Long on either side asks for a Long on the other, and then so do datetimes and durations. */
function failOrder(frame: Frame, at: Place, a: ValueId, b: ValueId): typeof ERROR {
  const left = kindOfId(a)
  const right = kindOfId(b)
  if (left === 'long') return failOperand(frame, at, 1, 'long', b)
  if (right === 'long') return failOperand(frame, at, 0, 'long', a)
  if (isOrdered(left)) return failOperand(frame, at, 1, left, b)
  if (isOrdered(right)) return failOperand(frame, at, 0, right, a)
  const help = 'Only types long, datetime, duration support comparison'
  return failOperand(frame, at, 0, 'one of [long, datetime, duration]', a, help)
}
