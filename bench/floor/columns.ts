/**
 * What the kernels share: rows grouped by a dense key, and output columns that grow by groups. A kernel is what a very good
 * code generator would emit for one program, over numbers that are dense already: it makes its own indexes within its time,
 * and leaves what the engine leaves, the columns of every derived relation. It is the floor that the engine is measured
 * against, not a part of it.
 */

/** Values by key: those of `key` stand from `start[key]` to `start[key + 1]`. */
export interface Groups {
  readonly start: Int32Array
  readonly values: Int32Array
}

/** Groups `values` by `keys`, which are below `size`; in a group the order stays. */
export function groupBy(keys: Int32Array, values: Int32Array, size: number): Groups {
  const start = new Int32Array(size + 1)
  for (let row = 0; row < keys.length; row++) start[keys[row]! + 1]!++
  for (let key = 0; key < size; key++) start[key + 1]! += start[key]!
  const next = start.slice(0, size)
  const grouped = new Int32Array(keys.length)
  for (let row = 0; row < keys.length; row++) grouped[next[keys[row]!]!++] = values[row]!
  return { start, values: grouped }
}

/** A binary relation that grows group by group. */
export interface Pairs {
  count: number
  left: Int32Array
  right: Int32Array
}

export function createPairs(): Pairs {
  return { count: 0, left: new Int32Array(2 ** 16), right: new Int32Array(2 ** 16) }
}

/** Appends (`key`, value) for the first `count` of `values`. */
export function appendGroup(pairs: Pairs, key: number, values: Int32Array, count: number): void {
  const end = pairs.count + count
  if (end > pairs.left.length) {
    const capacity = Math.max(end, pairs.left.length * 2)
    pairs.left = grown(pairs.left, capacity)
    pairs.right = grown(pairs.right, capacity)
  }
  pairs.left.fill(key, pairs.count, end)
  pairs.right.set(values.subarray(0, count), pairs.count)
  pairs.count = end
}

/** The columns of `pairs`. */
export function columnsOf({ left, right, count }: Pairs): Int32Array[] {
  return [left.subarray(0, count), right.subarray(0, count)]
}

/** A copy of `column` with room for `capacity` rows. */
export function grown(column: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(capacity)
  copy.set(column)
  return copy
}
