/** The rows of a relation that fit a pattern, each of which is a step of the request. */
import { isGone, type Relation } from '../image/relation.ts'
import { firstRow, nextRow, searchBy } from '../image/search.ts'
import type { ValueId } from '../image/value-ids.ts'
import { OPEN } from './goal.ts'
import { type Machine, step } from './machine.ts'

/** Those below `limit`. */
export function matchingRows(
  relation: Relation,
  pattern: readonly ValueId[],
  limit: number,
  machine: Machine,
): ValueId[][] {
  const columns = pattern.flatMap((id, column) => (id === OPEN ? [] : [column]))
  const rows: ValueId[][] = []
  const take = (row: number) => {
    step(machine)
    rows.push(relation.columns.map((column) => column[row]!))
  }
  if (columns.length === 0) {
    for (let row = 0; row < limit; row++) if (!isGone(relation, row)) take(row)
  } else {
    const key = columns.map((column) => pattern[column]!)
    const search = searchBy(relation, columns)
    for (let row = firstRow(search, key, limit); row >= 0; row = nextRow(search, key, row)) take(row)
  }
  return rows
}
