/**
 * Predicates with a `min` or `max` head: of all rows that agree in the other columns only the best counts. A better row is
 * appended and the one that it replaces is marked dead, so that row numbers stay orders of arrival within a stratum.
 */
import { insert, type Relation } from '../image/relation.ts'
import type { Predicate } from '../program/program.ts'
import { compareIds, type Machine } from './machine.ts'

export interface Best {
  /** Takes the rows that are there as facts. */
  seed(relation: Relation, machine: Machine): void
  /** Appends `tuple` if it beats the best row of its group so far; says whether it did. */
  offer(relation: Relation, tuple: ArrayLike<number>, machine: Machine): boolean
  /** Whether no better row has replaced `row`. */
  isAlive(row: number): boolean
}

/** The keeper of the best rows of one predicate. */
export function createBest(best: NonNullable<Predicate['best']>): Best {
  const bestRow = new Map<string, number>()
  const dead = new Set<number>()
  const groupOf = (tuple: ArrayLike<number>) => Array.from(tuple, (id, i) => (i === best.column ? '' : id)).join()
  const beats = (machine: Machine, id: number, than: number) => isBetter(machine, best.order, id, than)
  const note = (group: string, row: number) => {
    const old = bestRow.get(group)
    if (old !== undefined) dead.add(old)
    bestRow.set(group, row)
  }
  const column = (relation: Relation, row: number) => relation.columns[best.column]![row]!
  return {
    seed: (relation, machine) => {
      for (let row = 0; row < relation.count; row++) {
        const group = groupOf(relation.columns.map((c) => c[row]!))
        const old = bestRow.get(group)
        if (old === undefined || beats(machine, column(relation, row), column(relation, old))) note(group, row)
        else dead.add(row)
      }
    },
    offer: (relation, tuple, machine) => {
      const group = groupOf(tuple)
      const old = bestRow.get(group)
      if (old !== undefined && !beats(machine, tuple[best.column]!, column(relation, old))) return false
      if (!insert(relation, tuple)) return false
      note(group, relation.count - 1)
      return true
    },
    isAlive: (row) => !dead.has(row),
  }
}

/** Whether `id` beats `than`; values without an order never do. */
export function isBetter(machine: Machine, order: 'min' | 'max', id: number, than: number): boolean {
  const difference = compareIds(machine.values, id, than)
  return difference !== undefined && (order === 'min' ? difference < 0 : difference > 0)
}
