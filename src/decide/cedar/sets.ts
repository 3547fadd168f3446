/**
 * The methods of sets, which are sorted lists of distinct ids. Spec: Cedar's "Operators" (`contains`, `containsAll`,
 * `containsAny`, `isEmpty`).
 */
import { FALSE, kindOfId, TRUE, type ValueId } from '../../image/value-ids.ts'
import type { Span } from '../../text/source.ts'
import { ERROR, type Evaluate, type Frame, failType } from './frame.ts'

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
    return element === ERROR ? ERROR : isElement(frame, span, set, element)
  }
}

/** Whether `element` is in `set`. */
export function isElement(frame: Frame, span: Span, set: ValueId, element: ValueId): ValueId {
  if (kindOfId(set) !== 'set') return failType(frame, span, 'set', set)
  return frame.values.holds(set, element) ? TRUE : FALSE
}

/** `receiver.containsAll(arg)`, or `containsAny`. */
export function containsMany(quantifier: 'all' | 'any', { receiver, arg, span }: SetOperands): Evaluate {
  return (frame) => {
    const set = receiver(frame)
    if (set === ERROR) return ERROR
    const other = arg(frame)
    return other === ERROR ? ERROR : areElements(frame, span, quantifier, set, other)
  }
}

/** Whether all, or any, elements of `other` are in `set`. */
export function areElements(
  frame: Frame,
  span: Span,
  quantifier: 'all' | 'any',
  set: ValueId,
  other: ValueId,
): ValueId {
  if (kindOfId(set) !== 'set') return failType(frame, span, 'set', set)
  if (kindOfId(other) !== 'set') return failType(frame, span, 'set', other)
  const { values } = frame
  const size = values.sizeOf(other)
  const isAll = quantifier === 'all'
  for (let i = 0; i < size; i++)
    if (values.holds(set, values.elementAt(other, i)) !== isAll) return isAll ? FALSE : TRUE
  return isAll ? TRUE : FALSE
}

/** `receiver.isEmpty()`. */
export function isEmpty(receiver: Evaluate, span: Span): Evaluate {
  return (frame) => {
    const set = receiver(frame)
    return set === ERROR ? ERROR : hasNoElements(frame, span, set)
  }
}

/** Whether `set` is empty. */
export function hasNoElements(frame: Frame, span: Span, set: ValueId): ValueId {
  if (kindOfId(set) !== 'set') return failType(frame, span, 'set', set)
  return frame.values.sizeOf(set) === 0 ? TRUE : FALSE
}
