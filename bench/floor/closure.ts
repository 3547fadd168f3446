/**
 * `reach(X, Y) :- edge(X, Y). reach(X, Z) :- reach(X, Y), edge(Y, Z).`: one source after the other, so that a stamp per node
 * says what has been reached, and no hash table is needed.
 */
import { appendGroup, columnsOf, createPairs, groupBy } from './columns.ts'

/** The columns of the transitive closure of edges between numbers below `nodes`. */
export function closure(from: Int32Array, to: Int32Array, nodes: number): Int32Array[] {
  const { start, values } = groupBy(from, to, nodes)
  const pairs = createPairs()
  const stamps = new Int32Array(nodes)
  const reached = new Int32Array(nodes)
  for (let source = 0; source < nodes; source++) {
    let count = 0
    let node = source
    for (let done = 0; ; node = reached[done++]!) {
      for (let i = start[node]!; i < start[node + 1]!; i++) {
        const target = values[i]!
        if (stamps[target] === source + 1) continue
        stamps[target] = source + 1
        reached[count++] = target
      }
      if (done === count) break
    }
    appendGroup(pairs, source, reached, count)
  }
  return columnsOf(pairs)
}
