/**
 * A set of blobs (a length in bytes and the words that hold them), numbered from 0 in the order of insertion, with an open
 * addressing hash from content to number. Holds the dictionary's strings, sets and records. Its arrays lie where those of a
 * `fixed-table.ts` lie.
 */
import { grown, hashWords, hashBytes as hashWordsOf, sameWords, storeEntry } from './fixed-table.ts'

export interface BlobTable {
  /** Blobs, also the number of the next one. A reader counts those of its epoch; the arrays may hold newer ones. */
  count: number
  /** Where each blob starts in `heap`. */
  starts: Uint32Array
  /** Of each blob its length in bytes, then its words. */
  heap: Uint32Array
  /** Words of `heap` that are taken. */
  used: number
  /** A power of two of slots: blob number + 1, or 0. */
  buckets: Uint32Array
}

/** An empty table. */
export function createBlobTable(): BlobTable {
  return { count: 0, starts: new Uint32Array(16), heap: new Uint32Array(64), used: 0, buckets: new Uint32Array(32) }
}

/** The number of the blob of `bytes` bytes whose words are those of `content`, or -1. */
export function findBlob(table: BlobTable, content: Uint32Array, bytes: number): number {
  return probe(table, content, bytes, hashBlob(content, 0, bytes))
}

function probe(table: BlobTable, content: Uint32Array, bytes: number, hash: number): number {
  const { buckets, starts, heap } = table
  const mask = buckets.length - 1
  const wordCount = (bytes + 3) >>> 2
  // Bounded, since a reader may look at words that belong to somebody else by now.
  for (let slot = hash & mask, left = mask; left > 0; slot = (slot + 1) & mask, left--) {
    const entry = buckets[slot]!
    if (entry === 0) return -1
    const start = starts[entry - 1]!
    if (heap[start] === bytes && sameWords(heap, start + 1, content, wordCount))
      return entry <= table.count ? entry - 1 : -1
  }
  return -1
}

/** The number of that blob, which is added if it is not there. */
export function addBlob(table: BlobTable, content: Uint32Array, bytes: number): number {
  return addHashed(table, content, bytes, hashBlob(content, 0, bytes))
}

/** The hash of a blob, from its bytes `[start, end)` of `source`. */
export function hashBytes(source: Uint8Array, start: number, end: number): number {
  return hashWordsOf(source, start, end) ^ (end - start)
}

/** The hash of a blob that is there; of words that can't be a blob's any number. */
export function hashOfBlob({ starts, heap }: BlobTable, number: number): number {
  const start = starts[number]!
  return hashBlob(heap, start + 1, Math.min(heap[start]!, 4 * (heap.length - start - 1)))
}

/** As `addBlob`, where the hash of the blob is known. */
export function addHashed(table: BlobTable, content: Uint32Array, bytes: number, hash: number): number {
  const found = probe(table, content, bytes, hash)
  if (found >= 0) return found
  const wordCount = (bytes + 3) >>> 2
  if (table.count === table.starts.length) table.starts = grown(table.starts, table.starts.length * 2)
  if (table.used + wordCount + 1 > table.heap.length)
    table.heap = grown(table.heap, Math.max(table.heap.length * 2, table.used + wordCount + 1))
  const { heap, used } = table
  heap[used] = bytes
  for (let i = 0; i < wordCount; i++) heap[used + 1 + i] = content[i]!
  table.starts[table.count] = used
  table.used += wordCount + 1
  const number = table.count++
  if (table.count * 2 >= table.buckets.length) {
    table.buckets = new Uint32Array(table.buckets.length * 2)
    for (let n = 0; n < table.count; n++) insertBucket(table, n)
  } else storeEntry(table.buckets, freeSlot(table.buckets, hash), number + 1)
  return number
}

/** Forgets all blobs but the first `count`, and whatever else stands in the buckets: those that nobody published. */
export function truncateBlobs(table: BlobTable, count: number, used: number): void {
  table.count = count
  table.used = used
  table.buckets = new Uint32Array(table.buckets.length)
  for (let n = 0; n < count; n++) insertBucket(table, n)
}

/** A copy of a blob's words, and its length in bytes. Throws where the words can't be a blob's. */
export function readBlob(table: BlobTable, number: number): { readonly words: Uint32Array; readonly bytes: number } {
  const start = table.starts[number]!
  const bytes = table.heap[start]!
  const end = start + 1 + ((bytes + 3) >>> 2)
  if (!(end <= table.heap.length)) throw new Error('internal error: a blob out of bounds')
  return { words: table.heap.slice(start + 1, end), bytes }
}

/** Of `pairs` pairs of words from `start`, whose first words ascend, the second word of the one that starts with `key`, or -1. */
export function findPair(words: Uint32Array, start: number, pairs: number, key: number): number {
  let low = 0
  let high = pairs
  while (low < high) {
    const middle = (low + high) >>> 1
    if (words[start + 2 * middle]! < key) low = middle + 1
    else high = middle
  }
  return low < pairs && words[start + 2 * low] === key ? words[start + 2 * low + 1]! | 0 : -1
}

/** Whether `word` is one of `count` ascending words from `start`. */
export function hasWord(words: Uint32Array, start: number, count: number, word: number): boolean {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (words[start + middle]! < word) low = middle + 1
    else high = middle
  }
  return low < count && words[start + low] === word
}

function hashBlob(words: Uint32Array, start: number, bytes: number): number {
  return hashWords(words, start, (bytes + 3) >>> 2) ^ bytes
}

/** Into buckets of this thread alone: an `instanceof` for each blob took a tenth of a load. */
function insertBucket({ buckets, starts, heap }: BlobTable, number: number): void {
  const start = starts[number]!
  buckets[freeSlot(buckets, hashBlob(heap, start + 1, heap[start]!))] = number + 1
}

function freeSlot(buckets: Uint32Array, hash: number): number {
  const mask = buckets.length - 1
  let slot = hash & mask
  while (buckets[slot] !== 0) slot = (slot + 1) & mask
  return slot
}
