/**
 * Regions of a batch: columns of words and texts ↔ one shared buffer. A region is written once, before another thread
 * sees it, and never changed. Owns no meaning (`batch-requests.ts`, `batch-answers.ts`). Spec: `native-layout/README.md`.
 */
import { REGION, REGION_WORDS } from '../../native-layout/batch.ts'
import { assert } from '../text/assert.ts'

export interface Region {
  readonly items: number
  readonly columns: Uint32Array
  /** The text with a number; each call reads it anew. */
  readonly text: (index: number) => string
}

/** What a region is written from. */
export interface RegionContent {
  readonly items: number
  readonly columns: ArrayLike<number>
  readonly texts: readonly string[]
}

/**
 * Writes a region. All texts are joined and written at once: a call for each costs three times as much (`bench/batch.ts`).
 * Throws a `RangeError` where there is no memory for it.
 */
export function writeRegion({ items, columns, texts }: RegionContent): SharedArrayBuffer {
  const joined = texts.join('')
  const unitBytes = Buffer.byteLength(joined) === joined.length ? 1 : 2
  const heapOffset = (REGION_WORDS + columns.length + texts.length) * WORD_BYTES
  const buffer = new SharedArrayBuffer(heapOffset + joined.length * unitBytes)
  const words = new Uint32Array(buffer, 0, heapOffset / WORD_BYTES)
  words[REGION.items] = items
  words[REGION.columnWords] = columns.length
  words[REGION.texts] = texts.length
  words[REGION.textUnits] = joined.length
  words[REGION.unitBytes] = unitBytes
  words.set(columns, REGION_WORDS)
  let at = REGION_WORDS + columns.length
  let end = 0
  for (const text of texts) words[at++] = end += text.length
  Buffer.from(buffer, heapOffset).write(joined, unitBytes === 1 ? 'latin1' : 'utf16le')
  return buffer
}

/** Reads a region; asserts that it is one. */
export function readRegion(buffer: SharedArrayBuffer): Region {
  const [items = 0, columnWords = 0, texts = 0, textUnits = 0, unitBytes = 0] = new Uint32Array(buffer, 0, REGION_WORDS)
  const heapOffset = (REGION_WORDS + columnWords + texts) * WORD_BYTES
  assert(buffer.byteLength === heapOffset + textUnits * unitBytes, 'a region of a batch that is none')
  const ends = new Uint32Array(buffer, (REGION_WORDS + columnWords) * WORD_BYTES, texts)
  const heap = Buffer.from(buffer, heapOffset)
  const encoding = unitBytes === 1 ? 'latin1' : 'utf16le'
  // Each text is cut out of the bytes: as a part of one large string it would keep all of that alive wherever it is kept.
  const text = (index: number): string => {
    const end = ends[index]
    assert(end !== undefined, 'a text that a region does not have')
    return heap.toString(encoding, (index === 0 ? 0 : (ends[index - 1] ?? 0)) * unitBytes, end * unitBytes)
  }
  return { items, columns: new Uint32Array(buffer, REGION_WORDS * WORD_BYTES, columnWords), text }
}

const WORD_BYTES = 4
