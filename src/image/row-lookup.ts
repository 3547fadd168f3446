/**
 * Look-ups in a relation by its first one or two columns, for who makes many in one epoch: the arrays of the index are read
 * once and then stand in fields, and a key needs no array. What is found is what `firstRow` and `nextRow` find.
 */
import { finishHash, indexOn, mixWord, type Relation } from './relation.ts'
import { servingIndex } from './search.ts'

/** Of one relation; `turn` comes before the first look-up, and whenever the relation may have changed. */
export class RowLookup {
  readonly #columns: 1 | 2
  #relation: Relation
  #isTurned = false
  /** The columns of the index, which may be fewer than those of the key. */
  #by = BOTH
  #heads = NO_WORDS
  #next = NO_WORDS
  #first = NO_WORDS
  #second = NO_WORDS
  #third = NO_WORDS
  #deaths: Uint32Array | undefined
  #deathLimit = 0
  #count = 0

  /** By so many columns. */
  constructor(relation: Relation, columns: 1 | 2) {
    this.#relation = relation
    this.#columns = columns
  }

  /** Goes on with `relation` as it is now; its index is brought up to date with the first look-up. */
  turn(relation: Relation): void {
    this.#relation = relation
    this.#isTurned = false
  }

  /** Of the newest row with `first` and `second` the row, or -1. */
  row(first: number, second: number): number {
    if (!this.#isTurned) this.#attach()
    const heads = this.#heads
    const next = this.#next
    const by = this.#by
    const hash = finishHash(
      by === BOTH ? mixWord(mixWord(2, first), second) : mixWord(1, by === FIRST ? first : second),
    )
    let above = ABOVE_ALL
    // As in `follow` of `relation.ts`: words that belong to somebody else by now can't lead in circles.
    for (let entry = heads[hash & (heads.length - 1)]! | 0; entry > 0 && entry < above; entry = next[entry - 1]! | 0) {
      above = entry
      const row = entry - 1
      if (this.#isPair(row, first, second) && this.#isThere(row)) return row
    }
    return -1
  }

  /** What the newest row with `first` and `second` has in its third column, or -1. */
  third(first: number, second: number): number {
    const row = this.row(first, second)
    return row < 0 ? -1 : this.#third[row]! | 0
  }

  /** What the rows with `first` have in their second column, as `EntityView.ancestors` has it. */
  seconds(first: number, into: number[], most: number): number {
    if (!this.#isTurned) this.#attach()
    const heads = this.#heads
    const next = this.#next
    let count = 0
    let above = ABOVE_ALL
    const hash = finishHash(mixWord(1, first))
    for (let entry = heads[hash & (heads.length - 1)]! | 0; entry > 0 && entry < above; entry = next[entry - 1]! | 0) {
      above = entry
      const row = entry - 1
      if ((this.#first[row]! | 0) !== first || !this.#isThere(row)) continue
      if (count === most) return -1
      into[count++] = this.#second[row]! | 0
    }
    return count
  }

  /** Whether a row has `first`, where that is the only column of the key. */
  has(first: number): boolean {
    return this.seconds(first, ANY, 0) !== 0
  }

  /** Words that are made signed, as ids are, are compared as words and not as floats. */
  #isPair(row: number, first: number, second: number): boolean {
    return (this.#first[row]! | 0) === first && (this.#second[row]! | 0) === second
  }

  #isThere(row: number): boolean {
    if (row >= this.#count) return false
    if (this.#deaths === undefined) return true
    const death = this.#deaths[row]!
    return death === 0 || death > this.#deathLimit
  }

  #attach(): void {
    const relation = this.#relation
    const key = this.#columns === 1 ? FIRST : BOTH
    const index = servingIndex(relation, key) ?? indexOn(relation, key)
    this.#by = index.key.length === 2 ? BOTH : index.key[0] === 0 ? FIRST : SECOND
    this.#heads = index.heads
    this.#next = index.next
    const [first, second, third] = relation.columns
    this.#first = first!
    this.#second = second!
    this.#third = third ?? NO_WORDS
    this.#deaths = relation.deaths
    this.#deathLimit = relation.deathLimit
    this.#count = relation.count
    this.#isTurned = true
  }
}

/** No relation has so many rows. */
const ABOVE_ALL = 0x7fffffff
const NO_WORDS: Uint32Array = new Uint32Array(0)
const FIRST = [0]
const SECOND = [1]
const BOTH = [0, 1]
/** Nothing is written to it. */
const ANY: number[] = []
