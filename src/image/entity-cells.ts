/**
 * Cells of entities: what attributes and tags are, found from the number of an entity in two steps, without a chain of rows.
 * They are made with an image (`build-cells.ts`) and only ever forget: who changes a row marks its cell, and whoever finds
 * the mark looks at the rows. So what a cell says is right in each epoch that leads to it. Layout:
 * `native-layout/cells.ts`.
 */
import { CELL_COLUMN_WORDS, CELL_PLACE_WORDS, CELLS, CELLS_WORDS } from '../../native-layout/cells.ts'
import { KIND, PAYLOAD_BITS } from '../../native-layout/layout.ts'
import { type Arena, view } from './arena.ts'
import { finishHash, mixWord } from './relation.ts'
import type { ValueId } from './value-ids.ts'

/** The entity has no such attribute or tag. */
export const NO_VALUE = -1
/** The rows have to be asked. */
export const UNKNOWN_CELL = -2

/** What a key is of. */
export const ATTRIBUTE = 0
export const TAG = 1
export type KeyOf = typeof ATTRIBUTE | typeof TAG

/** The cells in a block of an arena; without one, nothing is known of any entity. */
export class EntityCells {
  /** Signed, as ids are, so that words are compared as words and not as floats. */
  readonly #block: Int32Array
  readonly #covered: number
  readonly #columns: number
  readonly #slots: number
  /** Changes of rows about which it does not say anything any more. */
  #missed = 0

  constructor(block: Int32Array = NO_BLOCK) {
    this.#block = block
    this.#covered = block[CELLS.covered]! | 0
    this.#slots = block[CELLS.slots]! | 0
    this.#columns = placeOf(this.#covered)
    // Torn words must not make a reader loop for long.
    if (this.#slots > block.length) throw new Error('internal error: cells out of bounds')
  }

  /** What stands under `key`: an id, `NO_VALUE` or `UNKNOWN_CELL`. */
  find(entity: ValueId, key: ValueId, of: KeyOf): ValueId {
    const at = this.#cellOf(entity, key, of)
    return at < 0 ? UNKNOWN_CELL : this.#block[at]! | 0
  }

  /** To be called for each row that comes or goes, before a root is committed that has it or has it not. */
  mark(entity: ValueId, key: ValueId, of: KeyOf): void {
    const at = this.#cellOf(entity, key, of)
    if (at >= 0 && this.#block[at] === UNKNOWN_CELL) return
    this.#missed++
    if (at >= 0) Atomics.store(this.#block, at, UNKNOWN_CELL)
  }

  /** Whether new ones are worth their time: it is a small part of what so many changes took. */
  isWorn(): boolean {
    return this.#missed > MISSED_MIN + this.#block.length / 16
  }

  /** Where the cell is in the block, or -1. */
  #cellOf(entity: ValueId, key: ValueId, of: KeyOf): number {
    const number = entity ^ ENTITY_BITS
    if (number >>> 0 >= this.#covered) return -1
    const block = this.#block
    const place = placeOf(number)
    const type = block[place]! | 0
    const at = findColumn(block, this.#columns, this.#slots, type, keyWord(key, of))
    if (at < 0 || (block[at]! | 0) === NOTHING) return -1
    return (block[place + 1]! | 0) + (block[at + 2]! | 0)
  }
}

/** The cells in the block at `start`; 0 for none. */
export function attachCells(arena: Arena, start: number): EntityCells {
  if (start === 0) return new EntityCells()
  const { buffer, byteOffset, length } = view(arena, start, arena.words[start + CELLS.words]!)
  return new EntityCells(new Int32Array(buffer, byteOffset, length))
}

const NO_BLOCK = new Int32Array(0)
const ENTITY_BITS = KIND.entity << PAYLOAD_BITS
const MISSED_MIN = 256

/** In the place of a type: no column, or an entity that is not stored. */
export const NOTHING = -1

/** Where in a block the place of an entity is, by its number. */
export function placeOf(number: number): number {
  return CELLS_WORDS + CELL_PLACE_WORDS * number
}

/** A key, and what it is of, in one signed word. */
export function keyWord(key: ValueId, of: KeyOf): number {
  return (key << 1) | of
}

/** Where in `words`, whose columns start at `from`, that of a type and a key is, or an empty slot for it; -1 if there is neither. */
export function findColumn(words: Int32Array, from: number, slots: number, type: number, key: number): number {
  const mask = slots - 1
  let slot = finishHash(mixWord(mixWord(2, type), key)) & mask
  // Bounded, since a reader may look at words that belong to somebody else by now.
  for (let left = slots; left > 0; left--) {
    const at = from + CELL_COLUMN_WORDS * slot
    const found = words[at]! | 0
    if (found === NOTHING || (found === type && (words[at + 1]! | 0) === key)) return at
    slot = (slot + 1) & mask
  }
  return -1
}
