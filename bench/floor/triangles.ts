/**
 * `tri(X, Y, Z) :- edge(X, Y), edge(Y, Z), edge(X, Z).`: for each edge, what both ends lead to. The shorter list is walked:
 * that of Y against a stamp per node that X leads to, that of X by leaps through the sorted one of Y (leapfrog join).
 */
import { groupBy, grown } from './columns.ts'

/** The columns of all triangles; no two edges are equal. */
export function triangles(from: Int32Array, to: Int32Array, nodes: number): Int32Array[] {
  // Grouped twice, so that each group is sorted.
  const byTarget = groupBy(to, from, nodes)
  const targets = new Int32Array(to.length)
  for (let node = 0; node < nodes; node++) targets.fill(node, byTarget.start[node]!, byTarget.start[node + 1]!)
  const { start, values } = groupBy(byTarget.values, targets, nodes)
  const stamps = new Int32Array(nodes)
  const third = new Int32Array(nodes)
  let columns = [0, 0, 0].map(() => new Int32Array(2 ** 16))
  let count = 0
  for (let x = 0; x < nodes; x++) {
    const [first, end] = [start[x]!, start[x + 1]!]
    for (let i = first; i < end; i++) stamps[values[i]!] = x + 1
    for (let i = first; i < end; i++) {
      const y = values[i]!
      const [low, high] = [start[y]!, start[y + 1]!]
      const found =
        high - low > LEAP * (end - first)
          ? leap(values, first, end, low, high, third)
          : walk(values, low, high, stamps, x + 1, third)
      if (count + found > columns[0]!.length)
        columns = columns.map((column) => grown(column, 2 * column.length + found))
      columns[0]!.fill(x, count, count + found)
      columns[1]!.fill(y, count, count + found)
      for (let k = 0; k < found; k++) columns[2]![count + k] = third[k]!
      count += found
    }
  }
  return columns.map((column) => column.subarray(0, count))
}

/** How many steps of a walk a leap is worth. */
const LEAP = 8

/** Puts those of a range that bear `stamp` into `third`, and says how many there are. */
function walk(
  values: Int32Array,
  low: number,
  high: number,
  stamps: Int32Array,
  stamp: number,
  third: Int32Array,
): number {
  let count = 0
  for (let i = low; i < high; i++) {
    const z = values[i]!
    if (stamps[z] === stamp) third[count++] = z
  }
  return count
}

/** Puts those of the range from `first` to `end` that are in the sorted one from `low` to `high` into `third`. */
function leap(values: Int32Array, first: number, end: number, low: number, high: number, third: Int32Array): number {
  let count = 0
  for (let i = first; i < end && low < high; i++) {
    const z = values[i]!
    let step = 1
    while (low + step < high && values[low + step]! < z) step *= 2
    let [left, right] = [low, Math.min(high, low + step + 1)]
    while (left < right) {
      const middle = (left + right) >> 1
      if (values[middle]! < z) left = middle + 1
      else right = middle
    }
    low = left
    if (low < high && values[low] === z) third[count++] = z
  }
  return count
}
