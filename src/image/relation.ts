/**
 * Relations: sets of tuples of value ids, kept as append-only columns in the arena. A row's number is its order of arrival,
 * so that a range of rows is a delta. An index chains the rows of equal key, newest first: rows that are appended while a
 * chain is followed are not seen by who follows it.
 */
import { type Arena, allocate, release, view } from './arena.ts'
import { allocateZeroed } from './fixed-table.ts'

export interface Relation {
  readonly arena: Arena
  readonly arity: number
  /** Rows, also the number of the next row. */
  count: number
  /** Rows below this one are facts; those from it on were derived. */
  baseCount: number
  capacity: number
  offsets: number[]
  /** One view a column, of `capacity` words. */
  columns: Uint32Array[]
  /** Index over all columns. */
  readonly unique: Index
  /** By the columns that make the key, ascending. */
  readonly indexes: Map<string, Index>
}

export interface Index {
  /** Ascending column numbers. */
  readonly key: readonly number[]
  /** Rows below this one are chained. */
  synced: number
  /** `heads[hash & mask]` and `next[row]` hold a row number + 1, or 0. */
  heads: Uint32Array
  headsOffset: number
  next: Uint32Array
  nextOffset: number
}

/** An empty relation. */
export function createRelation(arena: Arena, arity: number): Relation {
  const capacity = 8
  const offsets = Array.from({ length: arity }, () => allocate(arena, capacity))
  return {
    arena,
    arity,
    count: 0,
    baseCount: 0,
    capacity,
    offsets,
    columns: offsets.map((offset) => view(arena, offset, capacity)),
    unique: createIndex(
      arena,
      Array.from({ length: arity }, (_, i) => i),
    ),
    indexes: new Map(),
  }
}

/** Appends `tuple` unless it is there; says whether it was new. */
export function insert(relation: Relation, tuple: ArrayLike<number>): boolean {
  const index = relation.unique
  const hash = hashTuple(tuple, relation.arity)
  for (let entry = index.heads[hash & (index.heads.length - 1)]!; entry !== 0; entry = index.next[entry - 1]!) {
    if (rowEquals(relation, entry - 1, tuple)) return false
  }
  if (relation.count === relation.capacity) growColumns(relation)
  const row = relation.count++
  for (let i = 0; i < relation.arity; i++) relation.columns[i]![row] = tuple[i]!
  chain(relation, index, row, hash)
  index.synced = relation.count
  return true
}

/** The row of `tuple`, or -1. */
export function findRow(relation: Relation, tuple: ArrayLike<number>): number {
  const index = relation.unique
  const hash = hashTuple(tuple, relation.arity)
  for (let entry = index.heads[hash & (index.heads.length - 1)]!; entry !== 0; entry = index.next[entry - 1]!) {
    if (rowEquals(relation, entry - 1, tuple)) return entry - 1
  }
  return -1
}

/** The index over the columns `key` (ascending), made if there is none, with all rows in it. */
export function indexOn(relation: Relation, key: readonly number[]): Index {
  if (key.length === relation.arity) return relation.unique
  const name = key.join()
  let index = relation.indexes.get(name)
  if (!index) {
    index = createIndex(relation.arena, key)
    relation.indexes.set(name, index)
  }
  syncIndex(relation, index)
  return index
}

/** Chains the rows that came since the last time. */
export function syncIndex(relation: Relation, index: Index): void {
  while (index.synced < relation.count) {
    const row = index.synced++
    chain(relation, index, row, hashRow(relation, index.key, row))
  }
}

/** The newest row below `limit` whose key columns hold `key` (one id for each key column), or -1. */
export function firstRow(relation: Relation, index: Index, key: ArrayLike<number>, limit: number): number {
  const hash = hashTuple(key, index.key.length)
  return follow(relation, index, key, index.heads[hash & (index.heads.length - 1)]!, limit)
}

/** The next older row of the same key, or -1. */
export function nextRow(relation: Relation, index: Index, key: ArrayLike<number>, row: number): number {
  return follow(relation, index, key, index.next[row]!, row)
}

/** Keeps only the rows for which `keep` holds, in their order; every index is rebuilt. */
export function retain(relation: Relation, keep: (row: number) => boolean): void {
  let to = 0
  let base = 0
  for (let row = 0; row < relation.count; row++) {
    if (!keep(row)) continue
    if (row < relation.baseCount) base++
    for (const column of relation.columns) column[to] = column[row]!
    to++
  }
  relation.count = to
  relation.baseCount = base
  for (const index of [relation.unique, ...relation.indexes.values()]) {
    index.heads.fill(0)
    index.synced = 0
    syncIndex(relation, index)
  }
}

/** Bytes of the columns and indexes, spare capacity included. */
export function relationBytes(relation: Relation): number {
  let words = relation.capacity * relation.arity
  for (const index of [relation.unique, ...relation.indexes.values()]) words += index.heads.length + index.next.length
  return words * 4
}

function follow(relation: Relation, index: Index, key: ArrayLike<number>, first: number, limit: number): number {
  for (let entry = first; entry !== 0; entry = index.next[entry - 1]!) {
    if (entry - 1 < limit && keyEquals(relation, index.key, entry - 1, key)) return entry - 1
  }
  return -1
}

function createIndex(arena: Arena, key: readonly number[]): Index {
  const headsOffset = allocateZeroed(arena, 16)
  const nextOffset = allocate(arena, 8)
  return {
    key,
    synced: 0,
    headsOffset,
    heads: view(arena, headsOffset, 16),
    nextOffset,
    next: view(arena, nextOffset, 8),
  }
}

function chain(relation: Relation, index: Index, row: number, hash: number): void {
  if (row >= index.next.length) growIndex(relation, index, row)
  const slot = hash & (index.heads.length - 1)
  index.next[row] = index.heads[slot]!
  index.heads[slot] = row + 1
}

/** Makes room for `capacity` rows of the relation, and chains the rows below `row` anew. */
function growIndex(relation: Relation, index: Index, row: number): void {
  const { arena, capacity } = relation
  release(arena, index.headsOffset)
  release(arena, index.nextOffset)
  index.headsOffset = allocateZeroed(arena, capacity * 2)
  index.heads = view(arena, index.headsOffset, capacity * 2)
  index.nextOffset = allocate(arena, capacity)
  index.next = view(arena, index.nextOffset, capacity)
  for (let r = 0; r < row; r++) {
    const slot = hashRow(relation, index.key, r) & (index.heads.length - 1)
    index.next[r] = index.heads[slot]!
    index.heads[slot] = r + 1
  }
}

function growColumns(relation: Relation): void {
  const { arena } = relation
  const capacity = relation.capacity * 2
  for (let i = 0; i < relation.arity; i++) {
    const offset = allocate(arena, capacity)
    const column = view(arena, offset, capacity)
    column.set(relation.columns[i]!)
    release(arena, relation.offsets[i]!)
    relation.offsets[i] = offset
    relation.columns[i] = column
  }
  relation.capacity = capacity
}

function rowEquals(relation: Relation, row: number, tuple: ArrayLike<number>): boolean {
  for (let i = 0; i < relation.arity; i++) if (relation.columns[i]![row] !== tuple[i]) return false
  return true
}

function keyEquals(relation: Relation, key: readonly number[], row: number, values: ArrayLike<number>): boolean {
  for (let i = 0; i < key.length; i++) if (relation.columns[key[i]!]![row] !== values[i]) return false
  return true
}

function hashTuple(tuple: ArrayLike<number>, arity: number): number {
  let h = arity
  for (let i = 0; i < arity; i++) h = mix(h, tuple[i]!)
  return finish(h)
}

function hashRow(relation: Relation, key: readonly number[], row: number): number {
  let h = key.length
  for (let i = 0; i < key.length; i++) h = mix(h, relation.columns[key[i]!]![row]!)
  return finish(h)
}

function mix(h: number, word: number): number {
  const m = Math.imul(h ^ word, 0x9e3779b1)
  return m ^ (m >>> 15)
}

function finish(h: number): number {
  return Math.imul(h, 0x85ebca6b) >>> 8
}
