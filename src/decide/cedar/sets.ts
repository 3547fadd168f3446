/**
 * The methods of sets, which are sorted lists of distinct ids. Spec: Cedar's "Operators" (`contains`, `containsAll`,
 * `containsAny`, `isEmpty`).
 */
import { FALSE, kindOfId, TRUE, type ValueId } from '../../image/value-ids.ts'
import { ERROR, type Evaluate, type Frame, failOperand, type Place } from './frame.ts'

export interface SetOperands {
  readonly receiver: Evaluate
  readonly arg: Evaluate
  readonly at: Place
}

/** `receiver.contains(arg)`. */
export function contains({ receiver, arg, at }: SetOperands): Evaluate {
  return (frame) => {
    const set = receiver(frame)
    if (set === ERROR) return ERROR
    const element = arg(frame)
    return element === ERROR ? ERROR : isElement(frame, at, set, element)
  }
}

/** Whether `element` is in `set`. */
export function isElement(frame: Frame, at: Place, set: ValueId, element: ValueId): ValueId {
  if (kindOfId(set) !== 'set') return failOperand(frame, at, 0, 'set', set)
  return frame.values.holds(set, element) ? TRUE : FALSE
}

/** `receiver.containsAll(arg)`, or `containsAny`. */
export function containsMany(quantifier: 'all' | 'any', { receiver, arg, at }: SetOperands): Evaluate {
  return (frame) => {
    const set = receiver(frame)
    if (set === ERROR) return ERROR
    const other = arg(frame)
    return other === ERROR ? ERROR : areElements(frame, at, quantifier, set, other)
  }
}

/** Whether all, or any, elements of `other` are in `set`. */
export function areElements(frame: Frame, at: Place, quantifier: 'all' | 'any', set: ValueId, other: ValueId): ValueId {
  if (kindOfId(set) !== 'set') return failOperand(frame, at, 0, 'set', set)
  if (kindOfId(other) !== 'set') return failOperand(frame, at, 1, 'set', other)
  const { values } = frame
  const size = values.sizeOf(other)
  const isAll = quantifier === 'all'
  for (let i = 0; i < size; i++)
    if (values.holds(set, values.elementAt(other, i)) !== isAll) return isAll ? FALSE : TRUE
  return isAll ? TRUE : FALSE
}

/** `receiver.isEmpty()`. */
export function isEmpty(receiver: Evaluate, at: Place): Evaluate {
  return (frame) => {
    const set = receiver(frame)
    return set === ERROR ? ERROR : hasNoElements(frame, at, set)
  }
}

/** Whether `set` is empty. */
export function hasNoElements(frame: Frame, at: Place, set: ValueId): ValueId {
  if (kindOfId(set) !== 'set') return failOperand(frame, at, 0, 'set', set)
  return frame.values.sizeOf(set) === 0 ? TRUE : FALSE
}
