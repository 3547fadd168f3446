/**
 * A set of blobs (a length in bytes and the words that hold them) in the arena, numbered from 0 in the order of insertion,
 * with an open addressing hash from content to number. Holds the dictionary's strings, sets and records.
 */
import { type Arena, allocate, blockWords, release } from './arena.ts'
import { allocateZeroed, hashWords, sameWords } from './fixed-table.ts'

const CHUNK_WORDS = 4096

export interface BlobTable {
  readonly arena: Arena
  count: number
  /** Word offset of the column of blob offsets, and how many fit. */
  offsets: number
  capacity: number
  buckets: number
  bucketMask: number
  /** Where the next blob goes, and how many words are left there. */
  next: number
  left: number
}

/** An empty table. */
export function createBlobTable(arena: Arena): BlobTable {
  const offsets = allocate(arena, 16)
  return {
    arena,
    count: 0,
    offsets,
    capacity: 16,
    buckets: allocateZeroed(arena, 32),
    bucketMask: 31,
    next: 0,
    left: 0,
  }
}

/** The number of the blob of `bytes` bytes whose words are those of `content`, or -1. */
export function findBlob(table: BlobTable, content: Uint32Array, bytes: number): number {
  const words = table.arena.words
  const wordCount = (bytes + 3) >>> 2
  for (let slot = hashBlob(content, 0, bytes) & table.bucketMask; ; slot = (slot + 1) & table.bucketMask) {
    const entry = words[table.buckets + slot]!
    if (entry === 0) return -1
    const blob = words[table.offsets + entry - 1]!
    if (words[blob] === bytes && sameWords(words, blob + 1, content, wordCount)) return entry - 1
  }
}

/** The number of that blob, which is added if it is not there. */
export function addBlob(table: BlobTable, content: Uint32Array, bytes: number): number {
  const found = findBlob(table, content, bytes)
  if (found >= 0) return found
  if (table.count === table.capacity) growOffsets(table)
  const blob = place(table, content, bytes)
  const number = table.count++
  table.arena.words[table.offsets + number] = blob
  if (table.count * 2 > table.bucketMask) growBuckets(table)
  else insertBucket(table, number)
  return number
}

/** The word offset of a blob: its length in bytes, then its words. */
export function blobOffset(table: BlobTable, number: number): number {
  return table.arena.words[table.offsets + number]!
}

function place(table: BlobTable, content: Uint32Array, bytes: number): number {
  const wordCount = (bytes + 3) >>> 2
  if (wordCount + 1 > table.left) {
    table.next = allocate(table.arena, Math.max(CHUNK_WORDS - 1, wordCount + 1))
    table.left = blockWords(table.arena, table.next)
  }
  const blob = table.next
  table.arena.words[blob] = bytes
  table.arena.words.set(content.subarray(0, wordCount), blob + 1)
  table.next += wordCount + 1
  table.left -= wordCount + 1
  return blob
}

function hashBlob(words: Uint32Array, start: number, bytes: number): number {
  return hashWords(words, start, (bytes + 3) >>> 2) ^ bytes
}

function growOffsets(table: BlobTable): void {
  const offsets = allocate(table.arena, table.capacity * 2)
  table.arena.words.copyWithin(offsets, table.offsets, table.offsets + table.count)
  release(table.arena, table.offsets)
  table.offsets = offsets
  table.capacity *= 2
}

function growBuckets(table: BlobTable): void {
  release(table.arena, table.buckets)
  table.bucketMask = table.bucketMask * 2 + 1
  table.buckets = allocateZeroed(table.arena, table.bucketMask + 1)
  for (let number = 0; number < table.count; number++) insertBucket(table, number)
}

function insertBucket(table: BlobTable, number: number): void {
  const words = table.arena.words
  const blob = words[table.offsets + number]!
  let slot = hashBlob(words, blob + 1, words[blob]!) & table.bucketMask
  while (words[table.buckets + slot] !== 0) slot = (slot + 1) & table.bucketMask
  words[table.buckets + slot] = number + 1
}
