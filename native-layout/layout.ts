/**
 * What the bytes of an image are: one table for each struct, with the offset of every field in 32-bit words, and the bits
 * of a value id. Knows no behaviour. `README.md` beside this file is generated from these tables by `describe.ts`.
 */

/** One field of a struct. */
export interface Field {
  readonly name: string
  /** Words from the start of the struct. */
  readonly offset: number
  readonly words: number
  readonly unit: string
  /** Which part of the engine writes it. */
  readonly writer: string
  readonly about: string
}

/** A struct; its fields leave no gap and do not overlap (`checkStruct`). */
export interface Struct {
  readonly name: string
  readonly words: number
  readonly about: string
  readonly fields: readonly Field[]
}

/** Changes with any change of a table of this file or of `cells.ts`. */
export const LAYOUT_VERSION = 6

/** First word of every image: `RUNE` in ASCII. */
export const MAGIC = 0x52554e45

/** The arena's first words: what readers and the writer tell each other. */
export const HEADER = {
  magic: 0,
  layoutVersion: 1,
  root: 2,
  reclaims: 3,
  reclaimedBelow: 4,
  claimed: 6,
  crowded: 8,
  readers: 10,
  slots: 16,
} as const

/** A slot of a reader, from the start of the slot. */
export const SLOT = { owner: 0, epoch: 1 } as const
export const SLOT_WORDS = 4
export const SLOTS = 64

/** Words of the header; blocks start behind it. */
export const HEADER_WORDS = HEADER.slots + SLOTS * SLOT_WORDS

/** A root, from the start of its block; the descriptors of the dictionary's tables follow from `tables` on. */
export const ROOT = {
  epoch: 0,
  words: 2,
  arenaWords: 3,
  dictionaryNumber: 4,
  programNumber: 5,
  program: 6,
  programBytes: 7,
  predicates: 8,
  relations: 9,
  cells: 10,
  tables: 11,
} as const

/** What a program starts with; its units follow, their places, its texts, and the bytes of the units. */
export const PROGRAM = { units: 0, rules: 1, places: 2, textBytes: 3 } as const
export const PROGRAM_WORDS = 4

/** A unit of a program. */
export const UNIT = { key: 0, start: 8, end: 9 } as const
export const UNIT_KEY_WORDS = UNIT.start - UNIT.key
export const UNIT_WORDS = 10

/** Where a piece of text stands that spans of a unit are in. */
export const PLACE = { path: 0, line: 1, column: 2 } as const
export const PLACE_WORDS = 3

/** A dictionary's table of fixed records, from the start of its descriptor. */
export const FIXED_TABLE = { count: 0, rows: 1, rowsWords: 2, buckets: 3, bucketsWords: 4 } as const
export const FIXED_TABLE_WORDS = 5

/** A dictionary's table of blobs, from the start of its descriptor. */
export const BLOB_TABLE = {
  count: 0,
  starts: 1,
  startsWords: 2,
  heap: 3,
  heapWords: 4,
  heapUsed: 5,
  buckets: 6,
  bucketsWords: 7,
} as const
export const BLOB_TABLE_WORDS = 8

/** A relation, from the start of its block; word offsets of the columns follow, then a descriptor for each index. */
export const RELATION = {
  stamp: 0,
  words: 2,
  arity: 3,
  count: 4,
  baseCount: 5,
  gone: 6,
  capacity: 7,
  deaths: 8,
  deathBase: 9,
  born: 11,
  indexes: 13,
  columns: 14,
} as const

/** An index of a relation, from the start of its descriptor; its key columns follow. */
export const INDEX = { heads: 0, headsWords: 1, next: 2, longest: 3, keyLength: 4, key: 5 } as const

/** Bits of a value id: kind above, payload below. */
export const PAYLOAD_BITS = 27
export const PAYLOAD_MASK = (1 << PAYLOAD_BITS) - 1
/** Payload bit of ids that belong to one request and are not in the image. */
export const LOCAL_BIT = 1 << 26
/** Added to an inline integer, so that its payload is not negative. */
export const INT_BIAS = 1 << 26

/** Kind of a value id. Strings are kind 0: the id of a string is its place in the dictionary. */
export const KIND = {
  string: 0,
  int: 1,
  bool: 2,
  long: 3,
  float: 4,
  entity: 5,
  decimal: 6,
  ipaddr: 7,
  datetime: 8,
  duration: 9,
  set: 10,
  record: 11,
} as const

/** Words of a record of the kinds that are kept in tables of fixed width. */
export const FIXED_WORDS = { long: 2, float: 2, entity: 2, decimal: 2, ipaddr: 6, datetime: 2, duration: 2 } as const

/** A field of `offset` words from the start of a struct. */
export function field(name: string, offset: number, words: number, unit: string, writer: string, about: string): Field {
  return { name, offset, words, unit, writer, about }
}

export const STRUCTS: readonly Struct[] = [
  {
    name: 'header',
    words: HEADER_WORDS,
    about: 'the first words of the arena; 64-bit numbers have their low word first',
    fields: [
      field('magic', HEADER.magic, 1, '', 'writer', '`RUNE`'),
      field('layoutVersion', HEADER.layoutVersion, 1, '', 'writer', 'of these tables'),
      field(
        'root',
        HEADER.root,
        1,
        'word offset',
        'writer',
        'of the published root; 0 before the first. Storing it publishes',
      ),
      field('reclaims', HEADER.reclaims, 1, 'count', 'writer', 'how often memory was taken back; wraps'),
      field(
        'reclaimedBelow',
        HEADER.reclaimedBelow,
        2,
        'epoch',
        'writer',
        'what belongs to older epochs may be overwritten',
      ),
      field('claimed', HEADER.claimed, 2, 'epoch', 'writer', 'the newest number that marks of deaths may carry'),
      field('crowded', HEADER.crowded, 2, 'epoch', 'readers', 'that a reader without a slot works on; 0 for none'),
      field('readers', HEADER.readers, 1, 'count', 'readers', 'the number of the newest reader; wraps'),
      field('reserved', HEADER.readers + 1, HEADER.slots - HEADER.readers - 1, '', '', 'zero'),
      field('slots', HEADER.slots, SLOTS * SLOT_WORDS, 'slot', 'readers', `${SLOTS} slots of readers`),
    ],
  },
  {
    name: 'slot',
    words: SLOT_WORDS,
    about: 'what one reader announces; while there is a reader without one, all old epochs are waited for',
    fields: [
      field('owner', SLOT.owner, 1, '', 'readers', 'the number of the reader that has it; 0 for none'),
      field('epoch', SLOT.epoch, 2, 'epoch', 'reader', 'that it works on; 0 while it works on none'),
      field('reserved', SLOT.epoch + 2, 1, '', '', 'zero'),
    ],
  },
  {
    name: 'root',
    words: ROOT.tables,
    about: 'one epoch, never changed once it is published; descriptors of the tables of the dictionary follow',
    fields: [
      field('epoch', ROOT.epoch, 2, 'epoch', 'writer', 'its number'),
      field('words', ROOT.words, 1, 'words', 'writer', 'of this block'),
      field('arenaWords', ROOT.arenaWords, 1, 'words', 'writer', 'that a view has to cover'),
      field('dictionaryNumber', ROOT.dictionaryNumber, 1, '', 'writer', 'changes when value ids change their meaning'),
      field('programNumber', ROOT.programNumber, 1, '', 'writer', 'changes with the program'),
      field('program', ROOT.program, 1, 'word offset', 'writer', 'of the program as bytes'),
      field('programBytes', ROOT.programBytes, 1, 'bytes', 'writer', 'its length'),
      field('predicates', ROOT.predicates, 1, 'count', 'writer', 'predicates of the program'),
      field(
        'relations',
        ROOT.relations,
        1,
        'word offset',
        'writer',
        'of two words a predicate: offsets of its relation and of the relation of facts that better ones replaced, or 0',
      ),
      field('cells', ROOT.cells, 1, 'word offset', 'writer', 'of the cells of entities, or 0'),
    ],
  },
  {
    name: 'program',
    words: PROGRAM_WORDS,
    about:
      'what the bytes of a program start with; its units follow, their places, its paths and names, and the bytes of the units; what are bytes is as V8 serializes it',
    fields: [
      field('units', PROGRAM.units, 1, 'units', 'writer', 'the frame, then rules, then policies'),
      field('rules', PROGRAM.rules, 1, 'units', 'writer', 'rules among them'),
      field('places', PROGRAM.places, 1, 'places', 'writer', 'of all units'),
      field('textBytes', PROGRAM.textBytes, 1, 'bytes', 'writer', 'length of the paths and names'),
    ],
  },
  {
    name: 'unit of a program',
    words: UNIT_WORDS,
    about: 'a rule, a policy or the frame, which is all else; a reader that knows the key does not read the bytes',
    fields: [
      field('key', UNIT.key, UNIT_KEY_WORDS, 'bits', 'writer', 'the SHA-256 of its bytes'),
      field('start', UNIT.start, 1, 'bytes', 'writer', 'where its bytes start behind the texts'),
      field('end', UNIT.end, 1, 'bytes', 'writer', 'where they end'),
    ],
  },
  {
    name: 'place of a program',
    words: PLACE_WORDS,
    about: 'where a piece of text stands that spans of a unit are in; places of the same unit follow each other',
    fields: [
      field('path', PLACE.path, 1, '', 'writer', 'number of the path'),
      field('line', PLACE.line, 1, '', 'writer', 'of the first character, from 1'),
      field('column', PLACE.column, 1, '', 'writer', 'of the first character, from 1'),
    ],
  },
  {
    name: 'fixed table',
    words: FIXED_TABLE_WORDS,
    about: 'a table of records of the dictionary, one for each kind',
    fields: [
      field('count', FIXED_TABLE.count, 1, 'records', 'writer', 'of this epoch'),
      field('rows', FIXED_TABLE.rows, 1, 'word offset', 'writer', 'of the records'),
      field('rowsWords', FIXED_TABLE.rowsWords, 1, 'words', 'writer', 'room for records'),
      field('buckets', FIXED_TABLE.buckets, 1, 'word offset', 'writer', 'of the hash: number + 1, or 0'),
      field('bucketsWords', FIXED_TABLE.bucketsWords, 1, 'words', 'writer', 'a power of two'),
    ],
  },
  {
    name: 'blob table',
    words: BLOB_TABLE_WORDS,
    about: 'a table of blobs of the dictionary: of strings, of sets and of records',
    fields: [
      field('count', BLOB_TABLE.count, 1, 'blobs', 'writer', 'of this epoch'),
      field('starts', BLOB_TABLE.starts, 1, 'word offset', 'writer', 'of where each blob starts in the heap'),
      field('startsWords', BLOB_TABLE.startsWords, 1, 'words', 'writer', 'room for starts'),
      field('heap', BLOB_TABLE.heap, 1, 'word offset', 'writer', 'of the blobs'),
      field('heapWords', BLOB_TABLE.heapWords, 1, 'words', 'writer', 'room for blobs'),
      field('heapUsed', BLOB_TABLE.heapUsed, 1, 'words', 'writer', 'of this epoch'),
      field('buckets', BLOB_TABLE.buckets, 1, 'word offset', 'writer', 'of the hash: number + 1, or 0'),
      field('bucketsWords', BLOB_TABLE.bucketsWords, 1, 'words', 'writer', 'a power of two'),
    ],
  },
  {
    name: 'relation',
    words: RELATION.columns,
    about:
      'the rows of a predicate in one epoch, never changed once it is published; word offsets of the columns follow, then the indexes',
    fields: [
      field('stamp', RELATION.stamp, 2, 'epoch', 'writer', 'the epoch that it was written for'),
      field('words', RELATION.words, 1, 'words', 'writer', 'of this block'),
      field('arity', RELATION.arity, 1, 'columns', 'writer', ''),
      field('count', RELATION.count, 1, 'rows', 'writer', 'rows from this one on belong to later epochs'),
      field('baseCount', RELATION.baseCount, 1, 'rows', 'writer', 'rows below are facts, the others derived'),
      field('gone', RELATION.gone, 1, 'rows', 'writer', 'how many are gone in this epoch'),
      field('capacity', RELATION.capacity, 1, 'words', 'writer', 'of each column'),
      field(
        'deaths',
        RELATION.deaths,
        1,
        'word offset',
        'writer',
        'of the death number of each row, 0 for none; 0 while no row died',
      ),
      field('deathBase', RELATION.deathBase, 2, 'epoch', 'writer', 'what death numbers count from'),
      field('born', RELATION.born, 2, 'epoch', 'writer', 'the first epoch in which its rows had their numbers'),
      field('indexes', RELATION.indexes, 1, 'count', 'writer', 'indexes'),
    ],
  },
  {
    name: 'index',
    words: INDEX.key,
    about: 'chains of rows with an equal key, newest first; its key columns follow, ascending',
    fields: [
      field('heads', INDEX.heads, 1, 'word offset', 'writer', 'of the newest row + 1 of each hash, or 0'),
      field('headsWords', INDEX.headsWords, 1, 'words', 'writer', 'a power of two'),
      field('next', INDEX.next, 1, 'word offset', 'writer', 'of the next older row + 1 of each row, or 0'),
      field(
        'longest',
        INDEX.longest,
        1,
        'rows',
        'writer',
        'no key has more, or more than are worth counting; 0 if they were not counted',
      ),
      field('keyLength', INDEX.keyLength, 1, 'columns', 'writer', ''),
    ],
  },
  {
    name: 'fixed record',
    words: 2,
    about:
      'a long, float, decimal, datetime or duration; an entity has its type and id, both string ids, in the same places',
    fields: [
      {
        name: 'low',
        offset: 0,
        words: 1,
        unit: 'bits',
        writer: 'dictionary',
        about: 'low half; of an entity: the type',
      },
      {
        name: 'high',
        offset: 1,
        words: 1,
        unit: 'bits',
        writer: 'dictionary',
        about: 'high half; of an entity: the id',
      },
    ],
  },
  {
    name: 'ip record',
    words: 6,
    about: 'an ipaddr',
    fields: [
      {
        name: 'bits',
        offset: 0,
        words: 4,
        unit: 'bits',
        writer: 'dictionary',
        about: 'the address, lowest word first',
      },
      { name: 'prefix', offset: 4, words: 1, unit: 'bits', writer: 'dictionary', about: 'prefix length' },
      { name: 'version', offset: 5, words: 1, unit: '', writer: 'dictionary', about: '4 or 6' },
    ],
  },
  {
    name: 'blob',
    words: 1,
    about: 'a string, set or record, found through a column of word offsets by id; its words follow',
    fields: [
      {
        name: 'bytes',
        offset: 0,
        words: 1,
        unit: 'bytes',
        writer: 'dictionary',
        about:
          'length: UTF-8 of a string, padded with zeros to words; 4 for each element of a set; 8 for each key and value of a record',
      },
    ],
  },
]

/** What is wrong with a struct's fields: gaps, overlaps, a wrong length. Empty if nothing is. */
export function checkStruct(struct: Struct): string[] {
  const problems: string[] = []
  let end = 0
  for (const field of struct.fields) {
    if (field.offset > end) problems.push(`${struct.name}: gap before ${field.name}`)
    if (field.offset < end) problems.push(`${struct.name}: ${field.name} overlaps`)
    end = field.offset + field.words
  }
  if (end !== struct.words) problems.push(`${struct.name}: fields end at ${end}, not ${struct.words}`)
  return problems
}
