/**
 * Builds the cells of the stored entities of an image (`entity-cells.ts`) as a block of the arena. The cells of an entity lie
 * together, one for each column of its type. Keys that few entities of a type have get no column, so that cells take a small
 * factor of the room of the rows.
 */
import { CELL_COLUMN_WORDS, CELL_PLACE_WORDS, CELLS, CELLS_WORDS } from '../../native-layout/cells.ts'
import { PAYLOAD_MASK } from '../../native-layout/layout.ts'
import { BUILTIN } from '../program/program.ts'
import { ATTRIBUTE, columnsOf, findColumn, type KeyOf, keyWord, NO_VALUE, NOTHING, TAG } from './entity-cells.ts'
import type { Image } from './image.ts'
import { isGone, type Relation } from './relation.ts'
import { allocate, type Extent, type Space } from './space.ts'

/** A block with the cells of what is stored in `image`; nothing where nothing is. Linear in the rows. */
export function buildCells(space: Space, image: Image): Extent | undefined {
  const stored = storedTypes(image)
  if (stored.length === 0) return undefined
  const columns = chooseColumns(image, stored)
  const widths = new Map<number, number>()
  for (const { type } of columns) widths.set(type, (widths.get(type) ?? 0) + 1)
  const widthOf = (type: number) => widths.get(type) ?? 0
  const slots = 2 ** (32 - Math.clz32(2 * columns.length + 1))
  const firstColumn = columnsOf(stored.length)
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
  eachRow(image, stored, (number, type, key, value) => {
    const at = findColumn(block, firstColumn, slots, type, key)
    if (block[at] !== NOTHING) block[block[placeOf(number) + 1]! + block[at + 2]!] = value
  })
  return { start, words }
}

function placeOf(number: number): number {
  return CELLS_WORDS + CELL_PLACE_WORDS * number
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
}

/** So many pairs of a type and a key are counted; what comes after them gets no column. */
const COUNTED_MAX = 4096
/** A column has no more than so many cells for each row. */
const CELLS_PER_ROW = 4

function chooseColumns(image: Image, stored: Int32Array): Column[] {
  const slots = 2 * COUNTED_MAX
  const counts = new Int32Array(CELL_COLUMN_WORDS * slots)
  for (let slot = 0; slot < slots; slot++) counts[CELL_COLUMN_WORDS * slot] = NOTHING
  let counted = 0
  eachRow(image, stored, (_, type, key) => {
    const at = findColumn(counts, 0, slots, type, key)
    if (counts[at] === NOTHING) {
      if (counted === COUNTED_MAX) return
      counted++
      counts[at] = type
      counts[at + 1] = key
    }
    counts[at + 2]!++
  })
  const sizes = new Map<number, number>()
  for (const type of stored) sizes.set(type, (sizes.get(type) ?? 0) + 1)
  const columns: Column[] = []
  for (let at = 0; at < counts.length; at += CELL_COLUMN_WORDS) {
    const type = counts[at]!
    if (type !== NOTHING && counts[at + 2]! * CELLS_PER_ROW >= sizes.get(type)!)
      columns.push({ type, key: counts[at + 1]! })
  }
  return columns
}

/** Numbers the columns of each type from 0. */
function writeColumns(block: Int32Array, from: number, slots: number, columns: readonly Column[]): void {
  for (let slot = 0; slot < slots; slot++) block[from + CELL_COLUMN_WORDS * slot] = NOTHING
  const next = new Map<number, number>()
  for (const { type, key } of columns) {
    const at = findColumn(block, from, slots, type, key)
    const place = next.get(type) ?? 0
    next.set(type, place + 1)
    block[at] = type
    block[at + 1] = key
    block[at + 2] = place
  }
}

/** Attributes and tags of stored entities that are there, oldest first, so that the newest of a key comes last. */
function eachRow(
  { relations }: Image,
  stored: Int32Array,
  visit: (number: number, type: number, key: number, value: number) => void,
): void {
  const visitRows = (relation: Relation | undefined, of: KeyOf) => {
    const [entities, keys, values] = relation?.columns ?? []
    if (!relation || !entities || !keys || !values) return
    for (let row = 0; row < relation.count; row++) {
      const number = entities[row]! & PAYLOAD_MASK
      const type = number < stored.length ? stored[number]! : NOTHING
      if (type !== NOTHING && !isGone(relation, row)) visit(number, type, keyWord(keys[row]!, of), values[row]!)
    }
  }
  visitRows(relations[BUILTIN.entityAttr], ATTRIBUTE)
  visitRows(relations[BUILTIN.entityTag], TAG)
}
