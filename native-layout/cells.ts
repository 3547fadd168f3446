/**
 * The cells of entities: attributes and tags by the number of an entity. A block of the image has them; its parts follow
 * each other as the structs below do.
 */
import { field, type Struct } from './layout.ts'

/** Cells of entities, from the start of their block; places of entities follow, the columns of types, then the cells. */
export const CELLS = { words: 0, covered: 1, slots: 2 } as const
export const CELLS_WORDS = 3

/** Where the cells of an entity are. */
export const CELL_PLACE = { type: 0, cells: 1 } as const
export const CELL_PLACE_WORDS = 2

/** A column of a type. */
export const CELL_COLUMN = { type: 0, key: 1, cell: 2 } as const
export const CELL_COLUMN_WORDS = 3

export const CELL_STRUCTS: readonly Struct[] = [
  {
    name: 'cells of entities',
    words: CELLS_WORDS,
    about:
      'attributes and tags of entities that were stored when it was made; a place for each entity follows, the hash of columns, then the cells: a value id, -1 for none, or -2 once the rows have to be asked',
    fields: [
      field('words', CELLS.words, 1, 'words', 'writer', 'of this block'),
      field('covered', CELLS.covered, 1, 'entities', 'writer', 'entities with smaller numbers have a place'),
      field('slots', CELLS.slots, 1, 'columns', 'writer', 'room in the hash: a power of two'),
    ],
  },
  {
    name: 'place of an entity',
    words: CELL_PLACE_WORDS,
    about: 'where the cells of an entity are',
    fields: [
      field('type', CELL_PLACE.type, 1, 'string id', 'writer', 'its type; -1 where it was not stored'),
      field('cells', CELL_PLACE.cells, 1, 'words', 'writer', 'from the start of the block to its first cell'),
    ],
  },
  {
    name: 'column of a type',
    words: CELL_COLUMN_WORDS,
    about: 'which of the cells of an entity of a type is that of a key',
    fields: [
      field('type', CELL_COLUMN.type, 1, 'string id', 'writer', 'the type; -1 in a slot that is empty'),
      field('key', CELL_COLUMN.key, 1, 'bits', 'writer', 'twice the id of the key, and 1 more for a tag'),
      field('cell', CELL_COLUMN.cell, 1, 'words', 'writer', 'from the first cell of an entity'),
    ],
  },
]
