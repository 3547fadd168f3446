/**
 * A set of ids, or of pairs of ids, as one bit for each that there can be. A set of ids is one of pairs whose first is 0.
 */
import { isGone, type Relation } from '../image/relation.ts'
import { type Bounds, spanOf } from './bounds.ts'

export interface Bits {
  readonly words: Uint32Array
  readonly base: number
  readonly span: number
  /** Words for each id from `base` on. */
  readonly stride: number
  readonly base2: number
  readonly span2: number
}

/** An empty set within the bounds of one or two columns; nothing for others, and where it would take more than `bytesMax`. */
export function createBits(bounds: readonly Bounds[], bytesMax: number): Bits | undefined {
  if (bounds.length === 0 || bounds.length > 2) return undefined
  const first = bounds.length === 2 ? bounds[0]! : ONE
  const second = bounds.at(-1)!
  const [span, span2] = [spanOf(first), spanOf(second)]
  const stride = Math.ceil(span2 / 32)
  if (!(span * stride * 4 <= bytesMax)) return undefined
  return {
    words: new Uint32Array(span * stride),
    base: span === 0 ? 0 : first.min,
    span,
    stride,
    base2: span2 === 0 ? 0 : second.min,
    span2,
  }
}

const ONE: Bounds = { min: 0, max: 0 }

/** Adds what lies within the bounds; says whether it is new. */
export function addBit({ words, base, stride, base2 }: Bits, first: number, second: number): boolean {
  const at = (first - base) * stride + ((second - base2) >>> 5)
  const bit = 1 << ((second - base2) & 31)
  if ((words[at]! & bit) !== 0) return false
  words[at]! |= bit
  return true
}

/** Whether anything at all is in the set. */
export function hasBit({ words, base, span, stride, base2, span2 }: Bits, first: number, second: number): boolean {
  const [row, column] = [first - base, second - base2]
  if (row < 0 || row >= span || column < 0 || column >= span2) return false
  return (words[row * stride + (column >>> 5)]! & (1 << (column & 31))) !== 0
}

/** Adds the rows that are there of a relation of one or two columns. */
export function addRows(bits: Bits, relation: Relation): void {
  if (relation.arity === 2) {
    addPairs(bits, relation, 0, 1)
    return
  }
  const ids = relation.columns[0]!
  for (let row = 0; row < relation.count; row++) if (!isGone(relation, row)) addBit(bits, 0, ids[row]!)
}

/** Adds the pairs that the rows have in two of their columns. */
export function addPairs(bits: Bits, relation: Relation, first: number, second: number): void {
  const [firsts, seconds] = [relation.columns[first]!, relation.columns[second]!]
  for (let row = 0; row < relation.count; row++) {
    if (!isGone(relation, row)) addBit(bits, firsts[row]!, seconds[row]!)
  }
}
