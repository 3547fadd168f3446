/**
 * The methods of sets, which are sorted lists of distinct ids. Spec: Cedar's "Operators" (`contains`, `containsAll`,
 * `containsAny`, `isEmpty`).
 */
import { FALSE, kindOfId, TRUE, type ValueId } from '../../image/value-ids.ts'
import type { Span } from '../../text/source.ts'
import { ERROR, type Evaluate, failType } from './frame.ts'

export interface SetOperands {
  readonly receiver: Evaluate
  readonly arg: Evaluate
  readonly span: Span
}

/** `receiver.contains(arg)`. */
export function contains({ receiver, arg, span }: SetOperands): Evaluate {
  return (frame) => {
    const set = receiver(frame)
    if (set === ERROR) return ERROR
    const element = arg(frame)
    if (element === ERROR) return ERROR
    if (kindOfId(set) !== 'set') return failType(frame, span, 'set', set)
    return includes(frame.values.elementsOf(set), element) ? TRUE : FALSE
  }
}

/** `receiver.containsAll(arg)`, or `containsAny`. */
export function containsMany(quantifier: 'all' | 'any', { receiver, arg, span }: SetOperands): Evaluate {
  return (frame) => {
    const set = receiver(frame)
    if (set === ERROR) return ERROR
    const other = arg(frame)
    if (other === ERROR) return ERROR
    if (kindOfId(set) !== 'set') return failType(frame, span, 'set', set)
    if (kindOfId(other) !== 'set') return failType(frame, span, 'set', other)
    const elements = frame.values.elementsOf(set)
    const isIn = (element: ValueId) => includes(elements, element)
    const others = frame.values.elementsOf(other)
    return (quantifier === 'all' ? others.every(isIn) : others.some(isIn)) ? TRUE : FALSE
  }
}

/** `receiver.isEmpty()`. */
export function isEmpty(receiver: Evaluate, span: Span): Evaluate {
  return (frame) => {
    const set = receiver(frame)
    if (set === ERROR) return ERROR
    if (kindOfId(set) !== 'set') return failType(frame, span, 'set', set)
    return frame.values.elementsOf(set).length === 0 ? TRUE : FALSE
  }
}

function includes(sorted: Uint32Array, id: ValueId): boolean {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < id) low = middle + 1
    else high = middle
  }
  return sorted[low] === id
}
