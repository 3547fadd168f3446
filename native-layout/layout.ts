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

/** Changes with any change of a table of this file. */
export const LAYOUT_VERSION = 1

/** First word of every image: `RUNE` in ASCII. */
export const MAGIC = 0x52554e45

/** The arena's first words. */
export const HEADER = {
  magic: 0,
  layoutVersion: 1,
  arenaWords: 2,
  bumpOffset: 3,
  freeLists: 4,
} as const

/** Blocks of the arena are of 2^k words; class k has its own free list. */
export const SIZE_CLASSES = 31

/** Words of the header; blocks start behind it. */
export const HEADER_WORDS = 64

/** A block's control word (its size class) stands in the word before it. */
export const BLOCK_CONTROL_WORDS = 1

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

export const STRUCTS: readonly Struct[] = [
  {
    name: 'header',
    words: HEADER_WORDS,
    about: 'the first words of the arena',
    fields: [
      { name: 'magic', offset: HEADER.magic, words: 1, unit: '', writer: 'arena', about: '`RUNE`' },
      {
        name: 'layoutVersion',
        offset: HEADER.layoutVersion,
        words: 1,
        unit: '',
        writer: 'arena',
        about: 'of these tables',
      },
      { name: 'arenaWords', offset: HEADER.arenaWords, words: 1, unit: 'words', writer: 'arena', about: 'length' },
      {
        name: 'bumpOffset',
        offset: HEADER.bumpOffset,
        words: 1,
        unit: 'words',
        writer: 'arena',
        about: 'first word never given out',
      },
      {
        name: 'freeLists',
        offset: HEADER.freeLists,
        words: SIZE_CLASSES,
        unit: 'word offset',
        writer: 'arena',
        about: 'first free block of 2^k words for each k, 0 if none; a free block begins with the offset of the next',
      },
      {
        name: 'reserved',
        offset: HEADER.freeLists + SIZE_CLASSES,
        words: HEADER_WORDS - HEADER.freeLists - SIZE_CLASSES,
        unit: '',
        writer: '',
        about: 'zero',
      },
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
