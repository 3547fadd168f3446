/**
 * Matching an atom against the rows of a relation: a linear scan where no column is known, else a search by the known
 * columns. `RowRange` limits a scan to the rows that a semi-naive round wants.
 */
import { isGone, type Relation } from '../image/relation.ts'
import { firstRow, nextRow, searchBy } from '../image/search.ts'
import type { AtomLayout, Next } from './body-target.ts'
import type { Environment } from './expression.ts'
import { type Machine, step } from './machine.ts'

/** Rows `[from, to)`; read anew by every scan. */
export interface RowRange {
  from: number
  to: number
}

/** Calls `next` for every row of `range` that fits; where `isCompared`, known columns are compared row by row. */
export function scanRows(
  relation: Relation,
  range: RowRange,
  layout: AtomLayout,
  machine: Machine,
  next: Next,
  isCompared = false,
): Next {
  return isCompared || layout.key.length === 0
    ? scanAll(relation, range, layout, machine, next)
    : scanIndex(relation, range, layout, machine, next)
}

/** Calls `next` if no row of `range` fits. */
export function scanAbsent(
  relation: Relation,
  range: RowRange,
  layout: AtomLayout,
  machine: Machine,
  next: Next,
): Next {
  // Repeated variables can't occur: all variables of a negated atom are bound before.
  const search = scanRows(relation, range, layout, machine, () => true)
  return (environment) => !search(environment) && next(environment)
}

/** Fills `key` with the known columns' values. */
export function loadKey(layout: AtomLayout, environment: Environment, key: Int32Array | number[]): void {
  const { sources } = layout
  for (let i = 0; i < sources.length; i++) key[i] = sources[i]! < 0 ? environment[~sources[i]!]! : sources[i]!
}

function scanAll(relation: Relation, range: RowRange, layout: AtomLayout, machine: Machine, next: Next): Next {
  const { key, sources } = layout
  const isKnown = (row: number, environment: Environment) => {
    for (let i = 0; i < key.length; i++) {
      const source = sources[i]!
      if (relation.columns[key[i]!]![row] !== (source < 0 ? environment[~source] : source)) return false
    }
    return true
  }
  return (environment) => {
    for (let row = range.from; row < range.to; row++) {
      step(machine)
      if (isGone(relation, row) || !isKnown(row, environment)) continue
      if (take(relation, layout, row, environment) && next(environment)) return true
    }
    return false
  }
}

function scanIndex(relation: Relation, range: RowRange, layout: AtomLayout, machine: Machine, next: Next): Next {
  const key = new Int32Array(layout.key.length)
  const once = layout.key.length === relation.arity
  return (environment) => {
    loadKey(layout, environment, key)
    const search = searchBy(relation, layout.key)
    for (let row = firstRow(search, key, range.to); row >= range.from; row = nextRow(search, key, row)) {
      step(machine)
      if (take(relation, layout, row, environment) && next(environment)) return true
      if (once) return false
    }
    return false
  }
}

/** Binds the open columns from `row`; false where a repeated variable does not agree. */
function take(relation: Relation, layout: AtomLayout, row: number, environment: Environment): boolean {
  const { columns } = relation
  for (const bind of layout.binds) environment[bind.variable] = columns[bind.column]![row]!
  for (const repeat of layout.repeats) if (environment[repeat.variable] !== columns[repeat.column]![row]) return false
  return true
}
