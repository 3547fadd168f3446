/**
 * Offset indexes (compressed sparse rows): the rows of a finished relation, put in the order of one column, with an array
 * that says where the rows of each id start. No hashing, and the rows of a key lie side by side.
 */
import { isGone, type Relation } from '../image/relation.ts'
import { type Bounds, spanOf } from './bounds.ts'

export interface Offsets {
  /** The id that the first of `starts` is for. */
  readonly base: number
  /** How many ids there are. */
  readonly span: number
  /** By id - `base`: where its rows start; those of the last id end at the last entry. */
  readonly starts: Uint32Array
  /** The relation's columns in the order of the key, and of a run's `order` column within it. */
  readonly columns: readonly Uint32Array[]
}

/** Whether an array by id costs no more than some words a row. */
export function isDense(bounds: Bounds, rows: number): boolean {
  return spanOf(bounds) <= Math.max(SPAN_ALWAYS, SPAN_PER_ROW * rows)
}

const SPAN_ALWAYS = 1 << 16
const SPAN_PER_ROW = 8

/** The rows of `relation` by its column `key`, whose bounds are given; equal keys by the column `order`, or as they came. */
export function buildOffsets(
  relation: Relation,
  key: number,
  bounds: Bounds,
  order?: { readonly column: number; readonly bounds: Bounds },
): Offsets {
  const { columns } = relation
  const span = spanOf(bounds)
  const base = span === 0 ? 0 : bounds.min
  if (!order && relation.deaths === undefined && isAscending(columns[key]!, relation.count)) {
    return { base, span, starts: startsOf(columns[key]!, relation.count, bounds), columns }
  }
  const rows = liveRows(relation)
  const sorted = order ? sortBy(rows, columns[order.column]!, order.bounds).rows : rows
  const { rows: byKey, starts } = sortBy(sorted, columns[key]!, bounds)
  const moved = columns.map((column, i) => (i === key ? NO_WORDS : gather(column, byKey)))
  return { base, span, starts, columns: moved }
}

/** The key's own column is not needed: its id is what one comes with. */
const NO_WORDS = new Uint32Array(0)

/** What `column` holds in `rows`. */
export function gather(column: Uint32Array, rows: Uint32Array): Uint32Array {
  const moved = new Uint32Array(rows.length)
  for (let i = 0; i < rows.length; i++) moved[i] = column[rows[i]!]!
  return moved
}

function isAscending(column: Uint32Array, count: number): boolean {
  for (let i = 1; i < count; i++) if (column[i - 1]! > column[i]!) return false
  return true
}

function startsOf(column: Uint32Array, count: number, bounds: Bounds): Uint32Array {
  const base = bounds.min
  const starts = new Uint32Array(spanOf(bounds) + 1)
  for (let i = 0; i < count; i++) starts[((column[i]! - base) | 0) + 1]!++
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!
  return starts
}

function liveRows(relation: Relation): Uint32Array {
  const rows = new Uint32Array(relation.count)
  if (relation.deaths === undefined) {
    for (let row = 0; row < rows.length; row++) rows[row] = row
    return rows
  }
  let count = 0
  for (let row = 0; row < rows.length; row++) if (!isGone(relation, row)) rows[count++] = row
  return rows.subarray(0, count)
}

/** A stable counting sort. */
function sortBy(rows: Uint32Array, column: Uint32Array, bounds: Bounds): { rows: Uint32Array; starts: Uint32Array } {
  const base = bounds.min
  const keys = gather(column, rows)
  const starts = startsOf(keys, keys.length, bounds)
  const next = starts.slice()
  const sorted = new Uint32Array(rows.length)
  for (let i = 0; i < rows.length; i++) sorted[next[(keys[i]! - base) | 0]!++] = rows[i]!
  return { rows: sorted, starts }
}

/** The first place from `at` on, before `end`, where a sorted column holds no less than `id`; `end` if there is none. Gallops. */
export function seekFrom(column: Uint32Array, at: number, end: number, id: number): number {
  let step = 1
  let low = at
  while (low + step < end && column[low + step]! < id) {
    low += step
    step *= 2
  }
  let high = Math.min(low + step, end)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (column[middle]! < id) low = middle + 1
    else high = middle
  }
  return low
}
