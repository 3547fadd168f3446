/**
 * Builds the cells of the stored entities of an image (`entity-cells.ts`) as a block of the arena. The cells of an entity lie
 * together, one for each column of its type. Keys that few entities of a type have get no column, so that cells take a small
 * factor of the room of the rows.
 */
import { CELL_COLUMN_WORDS, CELLS } from '../../native-layout/cells.ts'
import { PAYLOAD_MASK } from '../../native-layout/layout.ts'
import { BUILTIN } from '../program/program.ts'
import { ATTRIBUTE, findColumn, type KeyOf, keyWord, NO_VALUE, NOTHING, placeOf, TAG } from './entity-cells.ts'
import type { Image } from './image.ts'
import { isGone, type Relation } from './relation.ts'
import { allocate, type Extent, type Space } from './space.ts'

/** A block with the cells of what is stored in `image`; nothing where nothing is. Linear in the rows. */
export function buildCells(space: Space, image: Image): Extent | undefined {
  const stored = storedTypes(image)
  if (stored.length === 0) return undefined
  const { relations } = image
  const counted: Counted = { words: new Int32Array(CELL_COLUMN_WORDS * SLOTS).fill(NOTHING), used: 0 }
  const attributes = countRows(relations[BUILTIN.entityAttr], ATTRIBUTE, stored, counted)
  const tags = countRows(relations[BUILTIN.entityTag], TAG, stored, counted)
  const columns = chooseColumns(counted.words, stored)
  const widths = new Map<number, number>()
  for (const { type } of columns) widths.set(type, (widths.get(type) ?? 0) + 1)
  const widthOf = (type: number) => widths.get(type) ?? 0
  const slots = 2 ** (32 - Math.clz32(2 * columns.length + 1))
  // Columns follow the places of all entities.
  const firstColumn = placeOf(stored.length)
  const firstCell = firstColumn + CELL_COLUMN_WORDS * slots
  const words = stored.reduce((sum, type) => sum + widthOf(type), firstCell)
  const start = allocate(space, words)
  const block = new Int32Array(space.arena.memory.buffer, start * 4, words)
  block[CELLS.words] = words
  block[CELLS.covered] = stored.length
  block[CELLS.slots] = slots
  let cell = firstCell
  for (let number = 0; number < stored.length; number++) {
    const type = stored[number]!
    block[placeOf(number)] = type
    block[placeOf(number) + 1] = cell
    cell += widthOf(type)
  }
  writeColumns(block, firstColumn, slots, columns)
  block.fill(NO_VALUE, firstCell)
  fillCells(relations[BUILTIN.entityAttr], attributes, counted.words, block)
  fillCells(relations[BUILTIN.entityTag], tags, counted.words, block)
  return { start, words }
}

/** By number of an entity its type, or `NOTHING` where it is not stored. */
function storedTypes({ relations, dictionary }: Image): Int32Array {
  const types = relations[BUILTIN.entityType]
  const entities = types?.columns[0]
  if (types === undefined || entities === undefined) return new Int32Array(0)
  let covered = 0
  for (let row = 0; row < types.count; row++) covered = Math.max(covered, (entities[row]! & PAYLOAD_MASK) + 1)
  const stored = new Int32Array(covered).fill(NOTHING)
  for (let row = 0; row < types.count; row++) {
    const number = entities[row]! & PAYLOAD_MASK
    if (!isGone(types, row)) stored[number] = dictionary.entityWord(number, 0)
  }
  return stored
}

interface Column {
  readonly type: number
  readonly key: number
  readonly place: number
}

/** So many pairs of a type and a key are counted; what comes after them gets no column. */
const COUNTED_MAX = 4096
const SLOTS = 2 * COUNTED_MAX
/** A column has no more than so many cells for each row. */
const CELLS_PER_ROW = 4

/** A hash of columns as in a block, but each with its number of rows - 1, and then with its place, or `NOTHING`. */
interface Counted {
  readonly words: Int32Array
  used: number
}

/** Counts rows by type and key; yields for each row where it was counted, or -1. */
function countRows(relation: Relation | undefined, of: KeyOf, stored: Int32Array, counted: Counted): Int32Array {
  const [entities, keys] = relation?.columns ?? []
  if (!relation || !entities || !keys) return new Int32Array(0)
  const { words } = counted
  const places = new Int32Array(relation.count).fill(-1)
  for (let row = 0; row < places.length; row++) {
    const number = entities[row]! & PAYLOAD_MASK
    const type = number < stored.length ? stored[number]! : NOTHING
    if (type === NOTHING || isGone(relation, row)) continue
    const key = keyWord(keys[row]!, of)
    const at = findColumn(words, 0, SLOTS, type, key)
    if (words[at] === NOTHING) {
      if (counted.used === COUNTED_MAX) continue
      counted.used++
      words[at] = type
      words[at + 1] = key
    }
    words[at + 2]!++
    places[row] = at
  }
  return places
}

/** Chooses columns among those that were counted, and numbers those of each type from 0. */
function chooseColumns(counted: Int32Array, stored: Int32Array): Column[] {
  const sizes = new Map<number, number>()
  for (const type of stored) sizes.set(type, (sizes.get(type) ?? 0) + 1)
  const next = new Map<number, number>()
  const columns: Column[] = []
  for (let at = 0; at < counted.length; at += CELL_COLUMN_WORDS) {
    const [type, key, rows] = [counted[at]!, counted[at + 1]!, counted[at + 2]! + 1]
    if (type === NOTHING) continue
    counted[at + 2] = NOTHING
    if (rows * CELLS_PER_ROW < sizes.get(type)!) continue
    const place = next.get(type) ?? 0
    next.set(type, place + 1)
    counted[at + 2] = place
    columns.push({ type, key, place })
  }
  return columns
}

function writeColumns(block: Int32Array, from: number, slots: number, columns: readonly Column[]): void {
  for (let slot = 0; slot < slots; slot++) block[from + CELL_COLUMN_WORDS * slot] = NOTHING
  for (const { type, key, place } of columns) block.set([type, key, place], findColumn(block, from, slots, type, key))
}

/** Puts values into their cells, oldest first, so that of a key the newest stays. */
function fillCells(relation: Relation | undefined, places: Int32Array, counted: Int32Array, block: Int32Array): void {
  const [entities, , values] = relation?.columns ?? []
  if (!entities || !values) return
  for (let row = 0; row < places.length; row++) {
    const at = places[row]!
    if (at < 0 || counted[at + 2] === NOTHING) continue
    block[block[placeOf(entities[row]! & PAYLOAD_MASK) + 1]! + counted[at + 2]!] = values[row]!
  }
}
