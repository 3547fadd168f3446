/**
 * Dictionaries: from the content of a value that does not fit into its id to a payload and back. There are two: the
 * image's, in the arena, and the overlay of one request, whose payloads have the local bit and which is dropped with the
 * request, so that nothing that a request says enters the image. Ids and conversions are in `value-ids.ts`.
 */
import { FIXED_WORDS, KIND, LOCAL_BIT } from '../../native-layout/layout.ts'
import { runeError } from '../text/diagnostic.ts'
import type { Arena } from './arena.ts'
import { addBlob, type BlobTable, blobOffset, createBlobTable, findBlob } from './blob-table.ts'
import { addFixed, createFixedTable, type FixedTable, findFixed, fixedWord } from './fixed-table.ts'

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
}

/** The image's own dictionary. */
export interface ImageDictionary extends Dictionary {
  /** As `fixed`, `text` and `ids`, but nothing is added: -1 if the content is unknown. */
  findFixed(kind: FixedKind, record: Uint32Array): number
  findText(text: string): number
  findIds(kind: 'set' | 'record', words: Uint32Array, count: number): number
  /** How many distinct strings it holds. */
  strings(): number
}

/** An empty dictionary in `arena`. */
export function createDictionary(arena: Arena): ImageDictionary {
  const fixed = new Map<FixedKind, FixedTable>()
  for (const kind of Object.keys(FIXED_WORDS) as FixedKind[])
    fixed.set(kind, createFixedTable(arena, FIXED_WORDS[kind]))
  const blobs = { string: createBlobTable(arena), set: createBlobTable(arena), record: createBlobTable(arena) }
  const encoder = createTextEncoder()
  const texts: (string | undefined)[] = []
  const tableOf = (kind: FixedKind) => fixed.get(kind)!
  return {
    fixed: (kind, record) => bounded(addFixed(tableOf(kind), record)),
    text: (text) => {
      const bytes = encoder.encode(text)
      return bounded(addBlob(blobs.string, encoder.words, bytes))
    },
    ids: (kind, words, count) => bounded(addBlob(blobs[kind], words, count * 4)),
    findFixed: (kind, record) => findFixed(tableOf(kind), record),
    findText: (text) => {
      const bytes = encoder.encode(text)
      return findBlob(blobs.string, encoder.words, bytes)
    },
    findIds: (kind, words, count) => findBlob(blobs[kind], words, count * 4),
    fixedWord: (kind, payload, word) => fixedWord(tableOf(kind), payload, word),
    textOf: (payload) => (texts[payload] ??= decodeText(blobs.string, payload)),
    idsOf: (kind, payload) => {
      const offset = blobOffset(blobs[kind], payload)
      return arena.words.slice(offset + 1, offset + 1 + arena.words[offset]! / 4)
    },
    strings: () => blobs.string.count,
  }
}

/** The dictionary of one request at a time. */
export interface Overlay extends Dictionary {
  /** Forgets all that is new since `keep`; its ids mean nothing any more. */
  reset(): void
  /** What there is now outlives every `reset`. */
  keep(): void
}

/** A dictionary that knows all that `image` knows, if there is one, and keeps what is new to itself. */
export function createOverlay(image: KnownContent = NO_CONTENT): Overlay {
  const kept = new Map<string, number>()
  const numbers = new Map<string, number>()
  const contents: (string | Uint32Array)[] = []
  const local = (key: string, content: string | Uint32Array): number => {
    let number = kept.get(key) ?? numbers.get(key)
    if (number === undefined) {
      number = bounded(contents.length)
      contents.push(typeof content === 'string' ? content : content.slice())
      numbers.set(key, number)
    }
    return number | LOCAL_BIT
  }
  const words = (payload: number) => contents[payload & ~LOCAL_BIT] as Uint32Array
  const isLocal = (payload: number) => (payload & LOCAL_BIT) !== 0
  return {
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
    reset: () => {
      if (numbers.size === 0) return
      numbers.clear()
      contents.length = kept.size
    },
    keep: () => {
      for (const [key, number] of numbers) kept.set(key, number)
      numbers.clear()
    },
  }
}

/** What an overlay asks of an image. */
type KnownContent = Pick<ImageDictionary, 'findFixed' | 'findText' | 'findIds' | 'fixedWord' | 'textOf' | 'idsOf'>

const NO_CONTENT: KnownContent = {
  findFixed: () => -1,
  findText: () => -1,
  findIds: () => -1,
  fixedWord: () => unknownContent(),
  textOf: () => unknownContent(),
  idsOf: () => unknownContent(),
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
      bytes.fill(0, written, written + 4)
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
  const offset = blobOffset(table, number)
  const words = table.arena.words
  // Decoders refuse shared memory, hence the copy.
  const bytes = new Uint8Array(
    words.slice(offset + 1, offset + 1 + ((words[offset]! + 3) >>> 2)).buffer,
    0,
    words[offset]!,
  )
  return Buffer.from(bytes.buffer, 0, bytes.length).toString('utf8')
}
