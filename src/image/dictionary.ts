/**
 * Dictionaries: from the content of a value that does not fit into its id to a payload and back. There are two: the
 * image's, and the overlay of one request, whose payloads have the local bit and which is dropped with the
 * request, so that nothing that a request says enters the image. Ids and conversions are in `value-ids.ts`.
 */
import { FIXED_WORDS, LOCAL_BIT } from '../../native-layout/layout.ts'
import { assert } from '../text/assert.ts'
import { runeError } from '../text/diagnostic.ts'
import { addBlob, type BlobTable, createBlobTable, findBlob, findPair, hasWord, readBlob } from './blob-table.ts'
import { addFixed, createFixedTable, type FixedTable, findFixed } from './fixed-table.ts'
import { addTexts, type TextBatch } from './text-batch.ts'

export type FixedKind = keyof typeof FIXED_WORDS
export type BlobKind = 'string' | 'set' | 'record'

/** Content ↔ payload. Content that was added once has the same payload for the dictionary's life. */
export interface Dictionary {
  /** The payload of a record of `FIXED_WORDS[kind]` words. */
  fixed(kind: FixedKind, record: Uint32Array): number
  /** The payload of a well-formed string. */
  text(text: string): number
  /** The payload of a set (sorted ids) or record (pairs of string id and id, sorted by the first) of `count` words. */
  ids(kind: 'set' | 'record', words: Uint32Array, count: number): number
  fixedWord(kind: FixedKind, payload: number, word: number): number
  /** As `fixedWord` of an entity. */
  entityWord(payload: number, word: number): number
  textOf(payload: number): string
  /** A copy of the words of a set or record. */
  idsOf(kind: 'set' | 'record', payload: number): Uint32Array
  /** The id under a key of a record, or -1. */
  fieldOf(payload: number, key: number): number
  /** Whether a set holds an id. */
  holds(payload: number, id: number): boolean
  /** How many ids a set holds. */
  sizeOf(payload: number): number
  /** The id at a place of a set, which is below its size. */
  idAt(payload: number, place: number): number
}

/** The tables of a dictionary; who attaches to another epoch replaces their fields in place. */
export interface Tables {
  readonly fixed: Readonly<Record<FixedKind, FixedTable>>
  readonly blobs: Readonly<Record<BlobKind, BlobTable>>
}

/** Empty tables. */
export function createTables(): Tables {
  const kinds = Object.keys(FIXED_WORDS) as FixedKind[]
  return {
    fixed: Object.fromEntries(kinds.map((kind) => [kind, createFixedTable(FIXED_WORDS[kind])])) as Tables['fixed'],
    blobs: { string: createBlobTable(), set: createBlobTable(), record: createBlobTable() },
  }
}

/** Decoded strings that a thread keeps. */
const TEXTS_MAX = 2 ** 16

/** The dictionary over `tables`, the image's own. */
export class ImageDictionary implements Dictionary {
  readonly tables: Tables
  readonly #mayAdd: boolean
  readonly #entities: FixedTable
  readonly #strings: BlobTable
  readonly #sets: BlobTable
  readonly #records: BlobTable
  readonly #encoder = new WordEncoder()
  readonly #texts = new Map<number, string>()
  readonly #newest = new Array<string | undefined>(NEWEST).fill(undefined)
  readonly #payloads = new Uint32Array(NEWEST)

  /** Content that a reader's dictionary does not hold is a mistake of ours, since the writer adds all constants. */
  constructor(tables: Tables = createTables(), role: 'reader' | 'writer' = 'writer') {
    this.tables = tables
    this.#mayAdd = role === 'writer'
    this.#entities = tables.fixed.entity
    this.#strings = tables.blobs.string
    this.#sets = tables.blobs.set
    this.#records = tables.blobs.record
  }

  fixed(kind: FixedKind, record: Uint32Array): number {
    return this.#mayAdd ? bounded(addFixed(this.tables.fixed[kind], record)) : known(this.findFixed(kind, record))
  }

  text(text: string): number {
    return this.#mayAdd ? this.#addText(text) : known(this.findText(text))
  }

  #addText(text: string): number {
    const slot = slotOf(text)
    if (this.#newest[slot] === text) return this.#payloads[slot]!
    const bytes = this.#encoder.encode(text)
    const payload = bounded(addBlob(this.#strings, this.#encoder.words, bytes))
    if (text.length <= NEWEST_UNITS_MAX) {
      this.#newest[slot] = text
      this.#payloads[slot] = payload
    }
    return payload
  }

  ids(kind: 'set' | 'record', words: Uint32Array, count: number): number {
    if (!this.#mayAdd) return known(this.findIds(kind, words, count))
    return bounded(addBlob(this.tables.blobs[kind], words, count * 4))
  }

  /** As `fixed`, `text` and `ids`, but nothing is added: -1 if the content is unknown. */
  findFixed(kind: FixedKind, record: Uint32Array): number {
    return findFixed(this.tables.fixed[kind], record)
  }

  findText(text: string): number {
    const bytes = this.#encoder.encode(text)
    return findBlob(this.#strings, this.#encoder.words, bytes)
  }

  findIds(kind: 'set' | 'record', words: Uint32Array, count: number): number {
    return findBlob(this.tables.blobs[kind], words, count * 4)
  }

  /** As `text`, for many texts at once. */
  texts(batch: TextBatch): void {
    addTexts(this.#strings, batch)
    if (this.#strings.count > 0) bounded(this.#strings.count - 1)
  }

  fixedWord(kind: FixedKind, payload: number, word: number): number {
    const { rows, width } = this.tables.fixed[kind]
    return rows[payload * width + word]!
  }

  entityWord(payload: number, word: number): number {
    return this.#entities.rows[payload * FIXED_WORDS.entity + word]! | 0
  }

  textOf(payload: number): string {
    return this.#texts.get(payload) ?? this.#decode(payload)
  }

  #decode(payload: number): string {
    const text = decodeText(this.#strings, payload)
    if (this.#texts.size >= TEXTS_MAX) this.#texts.clear()
    this.#texts.set(payload, text)
    return text
  }

  idsOf(kind: 'set' | 'record', payload: number): Uint32Array {
    return readBlob(this.tables.blobs[kind], payload).words
  }

  fieldOf(payload: number, key: number): number {
    const { heap, starts } = this.#records
    const start = starts[payload]!
    return findPair(heap, start + 1, heap[start]! >>> 3, key)
  }

  holds(payload: number, id: number): boolean {
    const { heap, starts } = this.#sets
    const start = starts[payload]!
    return hasWord(heap, start + 1, heap[start]! >>> 2, id)
  }

  sizeOf(payload: number): number {
    const { heap, starts } = this.#sets
    const start = starts[payload]!
    // Words that can be no set's must not make anybody count for long.
    return Math.min(heap[start]! >>> 2, heap.length - start)
  }

  idAt(payload: number, place: number): number {
    const { heap, starts } = this.#sets
    return heap[starts[payload]! + 1 + place]! | 0
  }

  /** How many values it holds, of all kinds. */
  size(): number {
    const { fixed, blobs } = this.tables
    return [...Object.values(fixed), ...Object.values(blobs)].reduce((sum, { count }) => sum + count, 0)
  }

  /** Drops decoded strings: payloads mean something else from now on. */
  forgetTexts(): void {
    this.#texts.clear()
    this.#newest.fill(undefined)
  }
}

function known(payload: number): number {
  assert(payload >= 0, 'a constant that is not in the image')
  return payload
}

/** Texts that were added last, which are often added again: names of types and attributes above all. */
const NEWEST = 256
const NEWEST_UNITS_MAX = 64

function slotOf(text: string): number {
  return (text.length * 7 + text.charCodeAt(0) * 31 + text.charCodeAt(text.length - 1)) & (NEWEST - 1)
}

/** A payload that there is room for beside the local bit. Throws R601. */
export function bounded(payload: number): number {
  if (payload >= LOCAL_BIT) throw runeError('R601', 'the image would hold more than 67 million values of one kind')
  return payload
}

class WordEncoder {
  readonly #utf8 = new TextEncoder()
  #bytes = new Uint8Array(1024)
  /** The words of the last encoded text, padded with zeros. */
  words = new Uint32Array(this.#bytes.buffer)

  /** Encodes `text` into `words` and says its length in bytes. */
  encode(text: string): number {
    if (text.length * 3 + 4 > this.#bytes.length) {
      this.#bytes = new Uint8Array(2 ** (32 - Math.clz32(text.length * 3 + 4)))
      this.words = new Uint32Array(this.#bytes.buffer)
    }
    const bytes = this.#bytes
    const length = text.length < 64 ? encodeAscii(text, bytes) : -1
    const written = length >= 0 ? length : this.#utf8.encodeInto(text, bytes).written
    // One by one: `fill` took as long as all else of a short text.
    for (let i = written; i < written + 4; i++) bytes[i] = 0
    return written
  }
}

/** Faster than `encodeInto` for short texts; -1 if `text` is not ASCII. */
function encodeAscii(text: string, bytes: Uint8Array): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 127) return -1
    bytes[i] = unit
  }
  return text.length
}

function decodeText(table: BlobTable, number: number): string {
  // Decoders refuse shared memory, hence the copy that `readBlob` makes.
  const { words, bytes } = readBlob(table, number)
  return Buffer.from(words.buffer, words.byteOffset, bytes).toString('utf8')
}
