/**
 * A set of blobs (a length in bytes and the words that hold them), numbered from 0 in the order of insertion, with an open
 * addressing hash from content to number. Holds the dictionary's strings, sets and records. Its arrays lie where those of a
 * `fixed-table.ts` lie.
 */
import { grown, hashWords, sameWords, storeEntry } from './fixed-table.ts'

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
  const { buckets, starts, heap } = table
  const mask = buckets.length - 1
  const wordCount = (bytes + 3) >>> 2
  // Bounded, since a reader may look at words that belong to somebody else by now.
  for (let slot = hashBlob(content, 0, bytes) & mask, left = mask; left > 0; slot = (slot + 1) & mask, left--) {
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
  const found = findBlob(table, content, bytes)
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
  } else insertBucket(table, number)
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

function hashBlob(words: Uint32Array, start: number, bytes: number): number {
  return hashWords(words, start, (bytes + 3) >>> 2) ^ bytes
}

function insertBucket({ buckets, starts, heap }: BlobTable, number: number): void {
  const mask = buckets.length - 1
  const start = starts[number]!
  let slot = hashBlob(heap, start + 1, heap[start]!) & mask
  while (buckets[slot] !== 0) slot = (slot + 1) & mask
  storeEntry(buckets, slot, number + 1)
}
