/**
 * Searches: the rows of a relation that have given ids in some columns, newest first. Few rows are compared one by one. For
 * more there is a hashed index over these columns, or one over fewer of them that leads to few rows, whose other columns are
 * compared: so keys share indexes. Which ones are made is chosen from the keys that are asked and from the rows.
 */
import { firstOf, follow, type Index, indexOn, isGone, keyEquals, type Relation } from './relation.ts'

/** The rows of `relation` by the columns `key`, ascending; without an index they are compared one by one. */
export interface Search {
  readonly relation: Relation
  readonly key: readonly number[]
  readonly index: Index | undefined
}

/** So many rows are compared as fast as they are found by an index. */
export const ROWS_SCANNED = 8
/** An index no key of which has more rows serves longer keys as well; of 16 rows that lie apart, a search takes several times as long. */
export const ROWS_SHARED = 8

/** How to find rows by `key`; an index is made for this thread if there is none that serves. */
export function searchBy(relation: Relation, key: readonly number[]): Search {
  const index = relation.count <= ROWS_SCANNED ? undefined : (servingIndex(relation, key) ?? indexOn(relation, key))
  return { relation, key, index }
}

/** The index that a search by `key` uses, if it is there and has all rows. */
export function servingIndex({ indexes, count }: Relation, key: readonly number[]): Index | undefined {
  let shared: Index | undefined
  for (let i = 0; i < indexes.length; i++) {
    const index = indexes[i]!
    if (index.synced < count || !isPart(index.key, key)) continue
    if (index.key.length === key.length) return index
    if (index.counted === count && index.longest <= ROWS_SHARED) shared = index
  }
  return shared
}

/** The newest row below `limit` that has `values` in the columns of the key, or -1. */
export function firstRow({ relation, key, index }: Search, values: ArrayLike<number>, limit: number): number {
  if (!index) return scanBelow(relation, key, values, limit)
  return follow(relation, index, key, values, firstOf(index, key, values), limit)
}

/** The next older row with the same values, or -1. */
export function nextRow({ relation, key, index }: Search, values: ArrayLike<number>, row: number): number {
  if (!index) return scanBelow(relation, key, values, row)
  return follow(relation, index, key, values, index.next[row]!, row)
}

/** The rows below `limit` that are there and hold `id` in `column`, newest first. */
export function rowsWith(relation: Relation, column: number, id: number, limit = relation.count): number[] {
  const search = searchBy(relation, [column])
  const key = [id]
  const rows: number[] = []
  for (let row = firstRow(search, key, limit); row >= 0; row = nextRow(search, key, row)) rows.push(row)
  return rows
}

/** The indexes, made for this thread where there are none, by which searches by all of `keys` are served. */
export function indexesFor(relation: Relation, keys: readonly (readonly number[])[]): Index[] {
  if (relation.count <= ROWS_SCANNED) return []
  const chosen = coverKeys(keys, (key) => hasShortRuns(relation, indexOn(relation, key)))
  return chosen.map((key) => indexOn(relation, key))
}

/**
 * The fewest of `keys` that serve all of them: each by itself, or by a part of it that `isShort`. This is less than the
 * minimum chain cover of sorted indexes (Subotić et al., "Automatic index selection for large-scale Datalog computation",
 * 2018): what is hashed serves any longer keys, whether they are parts of each other or not.
 */
export function coverKeys(
  keys: readonly (readonly number[])[],
  isShort: (key: readonly number[]) => boolean,
): (readonly number[])[] {
  const chosen: (readonly number[])[] = []
  for (const key of keys.toSorted((a, b) => a.length - b.length)) {
    if (!chosen.some((other) => isPart(other, key) && isShort(other))) chosen.push(key)
  }
  return chosen
}

/** Whether no key of `index`, which has all rows, has more than a few; looks at those that came since it was asked. */
function hasShortRuns(relation: Relation, index: Index): boolean {
  while (index.counted < relation.count && index.longest <= ROWS_SHARED) {
    index.longest = Math.max(index.longest, runBelow(relation, index, index.counted++))
  }
  return index.longest <= ROWS_SHARED
}

/** How many rows have the key of `row` and are not newer, up to one more than few. */
function runBelow({ columns }: Relation, { key, next }: Index, row: number): number {
  let run = 1
  for (let entry = next[row]!; entry !== 0 && run <= ROWS_SHARED; entry = next[entry - 1]!) {
    let isSame = true
    for (let i = 0; i < key.length; i++) isSame &&= columns[key[i]!]![entry - 1] === columns[key[i]!]![row]
    if (isSame) run++
  }
  return run
}

function scanBelow(relation: Relation, key: readonly number[], values: ArrayLike<number>, limit: number): number {
  for (let row = Math.min(limit, relation.count) - 1; row >= 0; row--) {
    if (keyEquals(relation, key, row, values) && !isGone(relation, row)) return row
  }
  return -1
}

/** Whether all columns of `part` are in `key`. */
export function isPart(part: readonly number[], key: readonly number[]): boolean {
  for (let i = 0; i < part.length; i++) if (!key.includes(part[i]!)) return false
  return true
}
