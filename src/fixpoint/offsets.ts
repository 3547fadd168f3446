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
  const [base, span] = [baseOf(bounds), spanOf(bounds)]
  const columns = liveColumns(relation)
  const keys = columns[key]!
  if (!order && isAscending(keys)) return { base, span, starts: startsOf(keys, bounds), columns }
  const ordered = order ? sortBy(columns[order.column]!, order.bounds, columns).columns : columns
  // The key's own column is not needed: its id is what one comes with.
  return { base, span, ...sortBy(ordered[key]!, bounds, ordered.with(key, NO_WORDS)) }
}

const NO_WORDS = new Uint32Array(0)

function baseOf(bounds: Bounds): number {
  return spanOf(bounds) === 0 ? 0 : bounds.min
}

function liveColumns(relation: Relation): Uint32Array[] {
  const { columns, count } = relation
  if (relation.deaths === undefined) return columns.map((column) => column.subarray(0, count))
  const rows = new Uint32Array(count)
  let live = 0
  for (let row = 0; row < count; row++) if (!isGone(relation, row)) rows[live++] = row
  return columns.map((column) => gather(column, rows.subarray(0, live)))
}

/** What `column` holds in `rows`. */
export function gather(column: Uint32Array, rows: Uint32Array): Uint32Array {
  const moved = new Uint32Array(rows.length)
  for (let i = 0; i < rows.length; i++) moved[i] = column[rows[i]!]!
  return moved
}

function isAscending(column: Uint32Array): boolean {
  for (let i = 1; i < column.length; i++) if (column[i - 1]! > column[i]!) return false
  return true
}

function startsOf(keys: Uint32Array, bounds: Bounds): Uint32Array {
  const base = baseOf(bounds)
  const starts = new Uint32Array(spanOf(bounds) + 1)
  for (let i = 0; i < keys.length; i++) starts[((keys[i]! - base) | 0) + 1]!++
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!
  return starts
}

/**
 * A stable counting sort of whole columns. Each is moved by itself: an order of the rows, and columns gathered by it, would
 * touch twice the memory (`rebac` of `bench/datalog.ts`).
 */
function sortBy(
  keys: Uint32Array,
  bounds: Bounds,
  columns: readonly Uint32Array[],
): Pick<Offsets, 'starts' | 'columns'> {
  const starts = startsOf(keys, bounds)
  return { starts, columns: columns.map((column) => moveBy(keys, baseOf(bounds), starts, column)) }
}

function moveBy(keys: Uint32Array, base: number, starts: Uint32Array, column: Uint32Array): Uint32Array {
  const next = starts.slice()
  const moved = new Uint32Array(column.length)
  for (let i = 0; i < column.length; i++) moved[next[(keys[i]! - base) | 0]!++] = column[i]!
  return moved
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
