/**
 * How the rows of a predicate that is being derived are kept distinct. What a rule yields may come twice; which structure
 * finds that out cheapest depends on how many rows there are, and how close their ids lie together:
 * - `none`: no row can come twice;
 * - `bits`: one bit for each id of a column, or for each pair of ids of two columns;
 * - `stamp`: rows come grouped by one column, and an array by the ids of the other says in which group each was seen last;
 * - `pairs`: an open addressing table of two columns;
 * - `rows`: the relation's own index over all columns.
 */
import { isGone, type Relation } from '../image/relation.ts'
import { addBit, addRows, type Bits, createBits } from './bits.ts'
import { type Bounds, spanOf } from './bounds.ts'

export type Distinct = Structure & { readonly why: string }

/** What notes rows of one or two columns by itself. */
export type PairDistinct = Exclude<Distinct, { readonly kind: 'rows' }>

type Structure =
  | { readonly kind: 'none' }
  | { readonly kind: 'bits'; readonly bits: Bits }
  | { readonly kind: 'stamp'; readonly column: number; readonly stamps: Stamps }
  | { readonly kind: 'pairs'; readonly pairs: PairTable }
  | { readonly kind: 'rows' }

export interface Stamps {
  readonly base: number
  readonly words: Uint32Array
  /** The group at hand, from 1. */
  group: number
}

/** Bytes of bits that are always worth it, and those that a row of the rule's sources may cost. */
const BITS_BYTES_ALWAYS = 4 << 20
const BITS_BYTES_PER_ROW = 64
const BITS_BYTES_MAX = 256 << 20
const PAIRS_EXPECTED_MAX = 1 << 22

/** The structure for a relation with these bounds; `rows` is what its rules read. It knows the rows that are there. */
export function createDistinct(relation: Relation, bounds: readonly Bounds[], rows: number): Distinct {
  const bytesMax = Math.min(BITS_BYTES_MAX, Math.max(BITS_BYTES_ALWAYS, BITS_BYTES_PER_ROW * rows))
  const bits = createBits(bounds, bytesMax)
  if (bits) {
    addRows(bits, relation)
    return { kind: 'bits', bits, why: 'ids are dense' }
  }
  if (relation.arity !== 2)
    return { kind: 'rows', why: relation.arity > 2 ? 'more than two columns' : 'ids are sparse' }
  const pairs = new PairTable(Math.min(rows, PAIRS_EXPECTED_MAX))
  for (let row = 0; row < relation.count; row++) {
    if (!isGone(relation, row)) pairs.add(relation.columns[0]![row]!, relation.columns[1]![row]!)
  }
  return { kind: 'pairs', pairs, why: 'many ids for few rows' }
}

/** Stamps for the ids within `bounds`. */
export function createStamps(bounds: Bounds): Stamps {
  const span = spanOf(bounds)
  return { base: span === 0 ? 0 : bounds.min, words: new Uint32Array(span), group: 0 }
}

/** Notes a row of two columns; of one, `first` is 0. Says whether it is new. */
export function addDistinct(distinct: PairDistinct, first: number, second: number): boolean {
  switch (distinct.kind) {
    case 'bits':
      return addBit(distinct.bits, first, second)
    case 'stamp': {
      const { column, stamps } = distinct
      const at = (column === 0 ? first : second) - stamps.base
      if (stamps.words[at] === stamps.group) return false
      stamps.words[at] = stamps.group
      return true
    }
    case 'pairs':
      return distinct.pairs.add(first, second)
    case 'none':
      return true
  }
}

/** A set of pairs of ids. */
export class PairTable {
  #keys: Uint32Array
  #mask: number
  #count = 0

  /** With room for `count` pairs. */
  constructor(count: number) {
    const slots = 2 ** (32 - Math.clz32(Math.max(8, count) * 2 - 1))
    this.#keys = new Uint32Array(slots * 2).fill(FREE)
    this.#mask = slots - 1
  }

  /** Says whether the pair is new. */
  add(first: number, second: number): boolean {
    if (this.#count * 2 > this.#mask) this.#grow()
    const keys = this.#keys
    let slot = hashPair(first, second) & this.#mask
    for (;;) {
      const at = slot * 2
      const key = keys[at]!
      if (key === FREE) {
        keys[at] = first
        keys[at + 1] = second
        this.#count++
        return true
      }
      if (key === first && keys[at + 1] === second) return false
      slot = (slot + 1) & this.#mask
    }
  }

  #grow(): void {
    const old = this.#keys
    this.#keys = new Uint32Array(old.length * 2).fill(FREE)
    this.#mask = this.#mask * 2 + 1
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] === FREE) continue
      let slot = hashPair(old[at]!, old[at + 1]!) & this.#mask
      while (this.#keys[slot * 2] !== FREE) slot = (slot + 1) & this.#mask
      this.#keys[slot * 2] = old[at]!
      this.#keys[slot * 2 + 1] = old[at + 1]!
    }
  }
}

/** No value id. */
const FREE = 0xffffffff

function hashPair(first: number, second: number): number {
  const h = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b)
  return Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) >>> 4
}
