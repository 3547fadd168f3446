/**
 * Dictionaries: from the content of a value that does not fit into its id to a payload and back. There are two: the
 * image's, and the overlay of one request, whose payloads have the local bit and which is dropped with the
 * request, so that nothing that a request says enters the image. Ids and conversions are in `value-ids.ts`.
 */
import { FIXED_WORDS, KIND, LOCAL_BIT } from '../../native-layout/layout.ts'
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

/** The image's own dictionary. */
export interface ImageDictionary extends Dictionary {
  /** As `fixed`, `text` and `ids`, but nothing is added: -1 if the content is unknown. */
  findFixed(kind: FixedKind, record: Uint32Array): number
  findText(text: string): number
  findIds(kind: 'set' | 'record', words: Uint32Array, count: number): number
  /** As `text`, for many texts at once. */
  texts(texts: TextBatch): void
  /** How many values it holds, of all kinds. */
  size(): number
  readonly tables: Tables
  /** Drops decoded strings: payloads mean something else from now on. */
  forgetTexts(): void
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

/** The dictionary over `tables`. */
export function createDictionary(tables: Tables = createTables()): ImageDictionary {
  const { fixed, blobs } = tables
  const encoder = createTextEncoder()
  const texts = new Map<number, string>()
  const newest = new Array<string | undefined>(NEWEST).fill(undefined)
  const payloads = new Uint32Array(NEWEST)
  const decoded = (payload: number): string => {
    const text = decodeText(blobs.string, payload)
    if (texts.size >= TEXTS_MAX) texts.clear()
    texts.set(payload, text)
    return text
  }
  return {
    tables,
    fixed: (kind, record) => bounded(addFixed(fixed[kind], record)),
    text: (text) => {
      const slot = slotOf(text)
      if (newest[slot] === text) return payloads[slot]!
      const bytes = encoder.encode(text)
      const payload = bounded(addBlob(blobs.string, encoder.words, bytes))
      if (text.length <= NEWEST_UNITS_MAX) {
        newest[slot] = text
        payloads[slot] = payload
      }
      return payload
    },
    ids: (kind, words, count) => bounded(addBlob(blobs[kind], words, count * 4)),
    findFixed: (kind, record) => findFixed(fixed[kind], record),
    findText: (text) => {
      const bytes = encoder.encode(text)
      return findBlob(blobs.string, encoder.words, bytes)
    },
    findIds: (kind, words, count) => findBlob(blobs[kind], words, count * 4),
    texts: (batch) => {
      addTexts(blobs.string, batch)
      if (blobs.string.count > 0) bounded(blobs.string.count - 1)
    },
    fixedWord: (kind, payload, word) => {
      const { rows, width } = fixed[kind]
      return rows[payload * width + word]!
    },
    textOf: (payload) => texts.get(payload) ?? decoded(payload),
    idsOf: (kind, payload) => readBlob(blobs[kind], payload).words,
    fieldOf: (payload, key) => {
      const { heap, starts } = blobs.record
      const start = starts[payload]!
      return findPair(heap, start + 1, heap[start]! >>> 3, key)
    },
    holds: (payload, id) => {
      const { heap, starts } = blobs.set
      const start = starts[payload]!
      return hasWord(heap, start + 1, heap[start]! >>> 2, id)
    },
    sizeOf: (payload) => {
      const { heap, starts } = blobs.set
      const start = starts[payload]!
      // Words that can be no set's must not make anybody count for long.
      return Math.min(heap[start]! >>> 2, heap.length - start)
    },
    idAt: (payload, place) => {
      const { heap, starts } = blobs.set
      return heap[starts[payload]! + 1 + place]! | 0
    },
    size: () => [...Object.values(fixed), ...Object.values(blobs)].reduce((sum, { count }) => sum + count, 0),
    forgetTexts: () => {
      texts.clear()
      newest.fill(undefined)
    },
  }
}

/** Texts that were added last, which are often added again: names of types and attributes above all. */
const NEWEST = 256
const NEWEST_UNITS_MAX = 64

function slotOf(text: string): number {
  return (text.length * 7 + text.charCodeAt(0) * 31 + text.charCodeAt(text.length - 1)) & (NEWEST - 1)
}

/** `image` for who may not add to it: content that it does not hold is a mistake of ours, since the writer adds all constants. */
export function readOnly(image: ImageDictionary): Dictionary {
  const known = (payload: number): number => {
    assert(payload >= 0, 'a constant that is not in the image')
    return payload
  }
  return {
    ...image,
    fixed: (kind, record) => known(image.findFixed(kind, record)),
    text: (text) => known(image.findText(text)),
    ids: (kind, words, count) => known(image.findIds(kind, words, count)),
  }
}

/** A dictionary of requests, for one at a time. */
export interface Overlay extends Dictionary {
  /** Forgets all that is new since `keep`; its ids mean nothing any more. */
  reset(): void
  /** Does so if there is much of it: between requests, so that those that name the same things find them. */
  trim(): void
  /** How much there is that `reset` forgets: words and UTF-16 units, and some for each value. */
  readonly size: number
  /** How often something was forgotten. */
  readonly generation: number
  /** What there is now outlives every `reset`. */
  keep(): void
  /** Whether a payload means the same after every `reset`. */
  lasts(payload: number): boolean
}

/** A dictionary that knows all that `image` knows, if there is one, and keeps what is new to itself. */
export function createOverlay(image: KnownContent = NO_CONTENT): Overlay {
  const kept = new Map<string, number>()
  const numbers = new Map<string, number>()
  const contents: (string | Uint32Array)[] = []
  let size = 0
  const local = (key: string, content: string | Uint32Array): number => {
    const known = kept.get(key) ?? numbers.get(key)
    if (known !== undefined) return known | LOCAL_BIT
    const number = bounded(contents.length)
    contents.push(typeof content === 'string' ? content : content.slice())
    numbers.set(key, number)
    size += ENTRY_SIZE + content.length
    return number | LOCAL_BIT
  }
  const words = (payload: number) => contents[payload & ~LOCAL_BIT] as Uint32Array
  const reset = () => {
    if (numbers.size === 0) return
    numbers.clear()
    contents.length = kept.size
    size = 0
    overlay.generation++
  }
  const overlay = {
    generation: 0,
    get size() {
      return size
    },
    fixed: (kind, record) => {
      const found = image.findFixed(kind, record)
      if (found >= 0) return found
      const content = record.subarray(0, FIXED_WORDS[kind])
      return local(`${KIND[kind]}:${content.join()}`, content)
    },
    text: (text) => {
      const found = image.findText(text)
      return found >= 0 ? found : local(`"${text}`, text)
    },
    ids: (kind, all, count) => {
      const found = image.findIds(kind, all, count)
      if (found >= 0) return found
      const content = all.subarray(0, count)
      return local(`${KIND[kind]}:${content.join()}`, content)
    },
    fixedWord: (kind, payload, word) =>
      isLocal(payload) ? words(payload)[word]! : image.fixedWord(kind, payload, word),
    textOf: (payload) => (isLocal(payload) ? (contents[payload & ~LOCAL_BIT] as string) : image.textOf(payload)),
    idsOf: (kind, payload) => (isLocal(payload) ? words(payload).slice() : image.idsOf(kind, payload)),
    fieldOf: (payload, key) =>
      isLocal(payload) ? findPair(words(payload), 0, words(payload).length >>> 1, key) : image.fieldOf(payload, key),
    holds: (payload, id) =>
      isLocal(payload) ? hasWord(words(payload), 0, words(payload).length, id) : image.holds(payload, id),
    sizeOf: (payload) => (isLocal(payload) ? words(payload).length : image.sizeOf(payload)),
    idAt: (payload, place) => (isLocal(payload) ? words(payload)[place]! : image.idAt(payload, place)),
    reset,
    trim: () => {
      if (size > SIZE_MAX) reset()
    },
    keep: () => {
      for (const [key, number] of numbers) kept.set(key, number)
      numbers.clear()
      size = 0
    },
    lasts: (payload) => !isLocal(payload) || (payload & ~LOCAL_BIT) < kept.size,
  } satisfies Overlay
  return overlay
}

function isLocal(payload: number): boolean {
  return (payload & LOCAL_BIT) !== 0
}

/** What an overlay holds between requests: words and UTF-16 units, and some for each value. */
const SIZE_MAX = 2 ** 18
const ENTRY_SIZE = 16

/** What an overlay asks of an image. */
type KnownContent = Pick<
  ImageDictionary,
  'findFixed' | 'findText' | 'findIds' | 'fixedWord' | 'textOf' | 'idsOf' | 'fieldOf' | 'holds' | 'sizeOf' | 'idAt'
>

const NO_CONTENT: KnownContent = {
  findFixed: () => -1,
  findText: () => -1,
  findIds: () => -1,
  fixedWord: () => unknownContent(),
  textOf: () => unknownContent(),
  idsOf: () => unknownContent(),
  fieldOf: () => unknownContent(),
  holds: () => unknownContent(),
  sizeOf: () => unknownContent(),
  idAt: () => unknownContent(),
}

function unknownContent(): never {
  throw new Error('internal error: an id of no dictionary')
}

function bounded(payload: number): number {
  if (payload >= LOCAL_BIT) throw runeError('R601', 'the image would hold more than 67 million values of one kind')
  return payload
}

interface WordEncoder {
  /** The words of the last encoded text, padded with zeros. */
  readonly words: Uint32Array
  /** Encodes `text` into `words` and says its length in bytes. */
  encode(text: string): number
}

function createTextEncoder(): WordEncoder {
  const utf8 = new TextEncoder()
  let bytes = new Uint8Array(1024)
  let words = new Uint32Array(bytes.buffer)
  return {
    get words() {
      return words
    },
    encode: (text) => {
      if (text.length * 3 + 4 > bytes.length) {
        bytes = new Uint8Array(2 ** (32 - Math.clz32(text.length * 3 + 4)))
        words = new Uint32Array(bytes.buffer)
      }
      const length = text.length < 64 ? encodeAscii(text, bytes) : -1
      const written = length >= 0 ? length : utf8.encodeInto(text, bytes).written
      // One by one: `fill` took as long as all else of a short text.
      for (let i = written; i < written + 4; i++) bytes[i] = 0
      return written
    },
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
