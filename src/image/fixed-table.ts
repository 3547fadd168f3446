/**
 * A set of records of a fixed number of words, numbered from 0 in the order of insertion, with an open addressing hash from
 * content to number. Holds the dictionary's longs, entities and extension values. Its arrays lie in the arena or, while
 * they are built or after they grew, in this thread alone; `store.ts` moves them.
 */
export interface FixedTable {
  readonly width: number
  /** Records, also the number of the next one. A reader counts those of its epoch; the arrays may hold newer ones. */
  count: number
  rows: Uint32Array
  /** A power of two of slots: record number + 1, or 0. */
  buckets: Uint32Array
}

/** An empty table of records of `width` words. */
export function createFixedTable(width: number): FixedTable {
  return { width, count: 0, rows: new Uint32Array(8 * width), buckets: new Uint32Array(16) }
}

/** The number of the record that equals `record`, or -1. */
export function findFixed(table: FixedTable, record: Uint32Array): number {
  const { buckets, rows, width } = table
  const mask = buckets.length - 1
  // Bounded, since a reader may look at words that belong to somebody else by now.
  for (let slot = hashWords(record, 0, width) & mask, left = mask; left > 0; slot = (slot + 1) & mask, left--) {
    const entry = buckets[slot]!
    if (entry === 0) return -1
    if (sameWords(rows, (entry - 1) * width, record, width)) return entry <= table.count ? entry - 1 : -1
  }
  return -1
}

/** The number of the record that equals `record`, which is added if it is not there. */
export function addFixed(table: FixedTable, record: Uint32Array): number {
  const found = findFixed(table, record)
  if (found >= 0) return found
  const { width } = table
  if ((table.count + 1) * width > table.rows.length) table.rows = grown(table.rows, table.rows.length * 2)
  const number = table.count++
  for (let i = 0; i < width; i++) table.rows[number * width + i] = record[i]!
  if (table.count * 2 >= table.buckets.length) {
    table.buckets = new Uint32Array(table.buckets.length * 2)
    for (let n = 0; n < table.count; n++) insertBucket(table, n)
  } else insertBucket(table, number)
  return number
}

/** Forgets all records but the first `count`, and whatever else stands in the buckets: those that nobody published. */
export function truncateFixed(table: FixedTable, count: number): void {
  table.count = count
  table.buckets = new Uint32Array(table.buckets.length)
  for (let n = 0; n < count; n++) insertBucket(table, n)
}

/** A hash of `count` words from `start`; 32 bits, well mixed in the low ones. */
export function hashWords(words: Uint32Array, start: number, count: number): number {
  let h = count
  for (let i = start; i < start + count; i++) h = mixWord(h, words[i]!)
  return finishHash(h)
}

/** The hash of the words that the bytes `[start, end)` are: little-endian, the last one padded with zeros. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let h = (end - start + 3) >>> 2
  let at = start
  for (; at + 4 <= end; at += 4) {
    h = mixWord(h, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
  }
  if (at === end) return finishHash(h)
  let rest = 0
  for (let shift = 0; at < end; at++, shift += 8) rest |= bytes[at]! << shift
  return finishHash(mixWord(h, rest))
}

function mixWord(h: number, word: number): number {
  const m = Math.imul(h ^ word, 0x9e3779b1)
  return m ^ (m >>> 15)
}

function finishHash(h: number): number {
  const m = Math.imul(h ^ (h >>> 13), 0x85ebca6b)
  return (m ^ (m >>> 16)) >>> 0
}

/** Whether `count` words of `words` from `offset` are those of `record`. */
export function sameWords(words: Uint32Array, offset: number, record: Uint32Array, count: number): boolean {
  for (let i = 0; i < count; i++) if (words[offset + i] !== record[i]) return false
  return true
}

/** A copy of `words` in this thread's own memory, with room for `length` words. */
export function grown(words: Uint32Array, length: number): Uint32Array {
  const copy = new Uint32Array(length)
  copy.set(words)
  return copy
}

/** Whether an array lies in an arena. */
export function isShared(array: Uint32Array): boolean {
  return array.buffer instanceof SharedArrayBuffer
}

/**
 * Stores an entry of a hash: at once and after all that it leads to, so that a reader who follows it finds that written. In
 * this thread's own memory too, since asking whose it is takes longer.
 */
export function storeEntry(buckets: Uint32Array, slot: number, entry: number): void {
  Atomics.store(buckets, slot, entry)
}

function insertBucket({ buckets, rows, width }: FixedTable, number: number): void {
  const mask = buckets.length - 1
  let slot = hashWords(rows, number * width, width) & mask
  while (buckets[slot] !== 0) slot = (slot + 1) & mask
  storeEntry(buckets, slot, number + 1)
}
