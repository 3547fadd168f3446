/**
 * Goals of demand evaluation: a predicate with some columns given, what has been found for it so far, and how a row or an
 * error of it meets an atom. Which goals there are and when they are complete is the business of `solve.ts`.
 */
import type { ValueId } from '../image/value-ids.ts'
import type { PredicateId, Rule } from '../program/program.ts'
import type { AtomLayout, Next } from './body-target.ts'
import type { Environment } from './expression.ts'
import { type Machine, step } from './machine.ts'

/** In a pattern: any value. In an error row: a value that could not be computed. */
export const OPEN = -1

export interface Answer {
  readonly rows: readonly (readonly ValueId[])[]
  /** Derivations that failed; `OPEN` stands for a value that is not known. */
  readonly errors: readonly ErrorRow[]
}

export interface ErrorRow {
  readonly row: readonly ValueId[]
  readonly rule: Rule
  readonly message: string
}

export interface Goal extends Answer {
  readonly predicate: PredicateId
  readonly pattern: readonly ValueId[]
  readonly rows: ValueId[][]
  readonly errors: ErrorRow[]
  readonly keys: Map<string, number>
  readonly waiting: Set<Goal>
  queued: boolean
  complete: boolean
}

/** A goal for which nothing has been found yet. */
export function newGoal(predicate: PredicateId, pattern: readonly ValueId[]): Goal {
  return {
    predicate,
    pattern,
    rows: [],
    errors: [],
    keys: new Map(),
    waiting: new Set(),
    queued: false,
    complete: false,
  }
}

/** Binds the open columns from `row`; false where a known or repeated one does not agree. */
export function takeRow(layout: AtomLayout, row: readonly ValueId[], environment: Environment): boolean {
  for (let i = 0; i < layout.key.length; i++) {
    const source = layout.sources[i]!
    if (row[layout.key[i]!] !== (source < 0 ? environment[~source]! : source)) return false
  }
  for (const bind of layout.binds) environment[bind.variable] = row[bind.column]!
  for (const repeat of layout.repeats) if (environment[repeat.variable] !== row[repeat.column]) return false
  return true
}

/** Hands on each error of `goal` that fits, with the variables that it knows. */
export function matchErrors(
  machine: Machine,
  layout: AtomLayout,
  goal: Goal,
  environment: Environment,
  failed: (known: readonly number[]) => Next,
): void {
  for (let i = 0; i < goal.errors.length; i++) {
    const { row, message } = goal.errors[i]!
    step(machine)
    const fits = layout.key.every((column, k) => {
      const source = layout.sources[k]!
      return row[column] === OPEN || row[column] === (source < 0 ? environment[~source]! : source)
    })
    if (!fits) continue
    const known = new Map<number, ValueId>()
    let agrees = true
    for (const { column, variable } of [...layout.binds, ...layout.repeats]) {
      if (row[column] === OPEN) continue
      if (known.has(variable) && known.get(variable) !== row[column]) agrees = false
      known.set(variable, row[column]!)
    }
    if (!agrees) continue
    for (const [variable, id] of known) environment[variable] = id
    machine.failure = message
    failed([...known.keys()])(environment)
  }
}
