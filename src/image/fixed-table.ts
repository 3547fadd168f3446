/**
 * A set of records of a fixed number of words in the arena, numbered from 0 in the order of insertion, with an open
 * addressing hash from content to number. Holds the dictionary's longs, entities and extension values.
 */
import { type Arena, allocate, release } from './arena.ts'

export interface FixedTable {
  readonly arena: Arena
  readonly width: number
  count: number
  capacity: number
  rows: number
  /** Word offset of `bucketMask + 1` words: record number + 1, or 0. */
  buckets: number
  bucketMask: number
}

/** An empty table of records of `width` words. */
export function createFixedTable(arena: Arena, width: number): FixedTable {
  const table = { arena, width, count: 0, capacity: 8, rows: allocate(arena, 8 * width), buckets: 0, bucketMask: 15 }
  table.buckets = allocateZeroed(arena, 16)
  return table
}

/** The number of the record that equals `record`, or -1. */
export function findFixed(table: FixedTable, record: Uint32Array): number {
  const words = table.arena.words
  for (let slot = hashWords(record, 0, table.width) & table.bucketMask; ; slot = (slot + 1) & table.bucketMask) {
    const entry = words[table.buckets + slot]!
    if (entry === 0) return -1
    if (sameWords(words, table.rows + (entry - 1) * table.width, record, table.width)) return entry - 1
  }
}

/** The number of the record that equals `record`, which is added if it is not there. */
export function addFixed(table: FixedTable, record: Uint32Array): number {
  const found = findFixed(table, record)
  if (found >= 0) return found
  if (table.count === table.capacity) growRows(table)
  const number = table.count++
  table.arena.words.set(record.subarray(0, table.width), table.rows + number * table.width)
  if (table.count * 2 > table.bucketMask) growBuckets(table)
  else insertBucket(table, number)
  return number
}

/** Word `i` of a record. */
export function fixedWord(table: FixedTable, number: number, i: number): number {
  return table.arena.words[table.rows + number * table.width + i]!
}

/** A block of `words` zero words. */
export function allocateZeroed(arena: Arena, words: number): number {
  const offset = allocate(arena, words)
  arena.words.fill(0, offset, offset + words)
  return offset
}

/** A hash of `count` words from `start`; 32 bits, well mixed in the low ones. */
export function hashWords(words: Uint32Array, start: number, count: number): number {
  let h = count
  for (let i = start; i < start + count; i++) {
    h = Math.imul(h ^ words[i]!, 0x9e3779b1)
    h ^= h >>> 15
  }
  h = Math.imul(h ^ (h >>> 13), 0x85ebca6b)
  return (h ^ (h >>> 16)) >>> 0
}

/** Whether `count` words of `words` from `offset` are those of `record`. */
export function sameWords(words: Uint32Array, offset: number, record: Uint32Array, count: number): boolean {
  for (let i = 0; i < count; i++) if (words[offset + i] !== record[i]) return false
  return true
}

function growRows(table: FixedTable): void {
  const rows = allocate(table.arena, table.capacity * 2 * table.width)
  table.arena.words.copyWithin(rows, table.rows, table.rows + table.count * table.width)
  release(table.arena, table.rows)
  table.rows = rows
  table.capacity *= 2
}

function growBuckets(table: FixedTable): void {
  release(table.arena, table.buckets)
  table.bucketMask = table.bucketMask * 2 + 1
  table.buckets = allocateZeroed(table.arena, table.bucketMask + 1)
  for (let number = 0; number < table.count; number++) insertBucket(table, number)
}

function insertBucket(table: FixedTable, number: number): void {
  const words = table.arena.words
  let slot = hashWords(words, table.rows + number * table.width, table.width) & table.bucketMask
  while (words[table.buckets + slot] !== 0) slot = (slot + 1) & table.bucketMask
  words[table.buckets + slot] = number + 1
}
