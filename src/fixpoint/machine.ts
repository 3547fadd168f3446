/**
 * The machine that runs compiled bodies: what a run needs beyond the environment. One a thread; a request sets `values` and
 * `budget` for its own time. Failures of expressions travel as `ERROR` with the message in `failure`, not as exceptions.
 */
import { inlineInt, intId, isInlineInt, kindOfId, type ValueId, type Values } from '../image/value-ids.ts'
import { compareScalars } from '../values/order.ts'

/** In place of a value id: the expression failed, and `machine.failure` says why. */
export const ERROR = -1

export interface Machine {
  values: Values
  /** Why the current binding failed. */
  failure: string
  /** Counted down by one for each row that is looked at. */
  steps: number
  /** Called when `steps` is used up: sets it anew or throws. */
  refill: () => void
}

/** A machine over `values` without limits. */
export function createMachine(values: Values): Machine {
  const machine: Machine = { values, failure: '', steps: 0, refill: () => undefined }
  machine.refill = () => {
    machine.steps = Number.MAX_SAFE_INTEGER
  }
  return machine
}

/** Counts one step. */
export function step(machine: Machine): void {
  if (--machine.steps < 0) machine.refill()
}

/** Counts so many steps; yields 0, which is how many are still to be counted. */
export function spendSteps(machine: Machine, count: number): number {
  machine.steps -= count
  if (machine.steps < 0) machine.refill()
  return 0
}

/** Counts the work on texts of so many units together: only long ones weigh. */
export function stepOverText(machine: Machine, units: number): void {
  machine.steps -= units >> 8
  if (machine.steps < 0) machine.refill()
}

/** Notes why an expression failed. */
export function fail(machine: Machine, message: string): typeof ERROR {
  machine.failure = message
  return ERROR
}

/** Negative, zero or positive; undefined where the two values have no common order. */
export function compareIds(values: Values, a: ValueId, b: ValueId): number | undefined {
  if (isInlineInt(a) && isInlineInt(b)) return inlineInt(a) - inlineInt(b)
  const kind = kindOfId(a)
  if (kind !== kindOfId(b)) return undefined
  switch (kind) {
    case 'string':
      return compareScalars(values.textOf(a), values.textOf(b))
    case 'long':
      return sign(values.longOf(a), values.longOf(b))
    case 'float':
      return (values.valueOf(a) as number) - (values.valueOf(b) as number)
    case 'datetime':
    case 'duration':
      return sign((values.valueOf(a) as { value: bigint }).value, (values.valueOf(b) as { value: bigint }).value)
    default:
      return undefined
  }
}

/** The id of an integer of unlimited size; `ERROR` where it is beyond 64 bits. */
export function longId(machine: Machine, value: bigint, what: string): ValueId {
  if (value !== BigInt.asIntN(64, value)) return fail(machine, `integer overflow in ${what}`)
  return machine.values.long(value)
}

/** The id of a float; `ERROR` where it is not finite. */
export function floatId(machine: Machine, value: number, what: string): ValueId {
  return Number.isFinite(value) ? machine.values.float(value) : fail(machine, `${what} is not a finite float`)
}

/** `intId` for the machine's values. */
export function smallIntId(machine: Machine, value: number): ValueId {
  return intId(machine.values, value)
}

function sign(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
