/**
 * Lists of tuples of one arity that lie one after the other: an array for each would be most of what an update of many rows
 * leaves to the garbage collector.
 */
export interface Tuples {
  readonly arity: number
  count: number
  /** `count × arity`, row by row. */
  readonly words: number[]
}

/** A list of `rows`. */
export function createTuples(arity: number, rows: Iterable<ArrayLike<number>> = []): Tuples {
  const tuples: Tuples = { arity, count: 0, words: [] }
  for (const row of rows) addTuple(tuples, row)
  return tuples
}

/** Adds the tuple that starts at `from` of `words`. */
export function addTuple(tuples: Tuples, words: ArrayLike<number>, from = 0): void {
  for (let i = 0; i < tuples.arity; i++) tuples.words.push(words[from + i]!)
  tuples.count++
}

/** Writes tuple `number` to the start of `into`. */
export function copyTuple({ arity, words }: Tuples, number: number, into: Uint32Array): void {
  for (let i = 0; i < arity; i++) into[i] = words[number * arity + i]!
}

/** Each tuple as an array of its own. */
export function* eachTuple({ arity, count, words }: Tuples): Iterable<number[]> {
  for (let i = 0; i < count; i++) yield words.slice(i * arity, (i + 1) * arity)
}
