/**
 * Relations: sets of tuples of value ids, kept as append-only columns. A row's number is its order of arrival, so that a
 * range of rows is a delta, and rows below a count are a state of the past. An index chains the rows of equal key, newest
 * first: rows that are appended while a chain is followed are not seen by who follows it. A row that goes away is marked
 * with the number of its death. Arrays lie in the arena once they are published (`store.ts`), else in this thread alone.
 */
import { grown, isShared, storeEntry } from './fixed-table.ts'

export interface Relation {
  readonly arity: number
  /** Rows, also the number of the next row. Who reads an older epoch sees fewer than the columns hold. */
  count: number
  /** Rows below this one are facts; those from it on were derived. */
  baseCount: number
  /** Rows that there is room for. */
  capacity: number
  /** One array a column, each of `capacity` words. */
  columns: Uint32Array[]
  /** By row: 0, or the number of its death. Absent while no row has gone. */
  deaths: Uint32Array | undefined
  /** The epoch before the first death; a death's number is its epoch minus this. */
  deathBase: number
  /** A row is gone if its death number is not 0 and no larger than this. */
  deathLimit: number
  /** How many rows are gone. */
  gone: number
  /** The first epoch in which its rows had their numbers; 0 before it. Later ones add rows, wherever the columns lie. */
  born: number
  /** The first is over all columns. All may lag behind the rows. */
  indexes: [Index, ...Index[]]
}

export interface Index {
  /** Ascending column numbers. */
  readonly key: readonly number[]
  /** Rows below this one are chained. */
  synced: number
  /** `heads[hash & mask]` and `next[row]` hold a row number + 1, or 0. */
  heads: Uint32Array
  next: Uint32Array
  /** No key has more rows than `longest` below the row `counted`, or more than are worth counting (`search.ts`). */
  counted: number
  longest: number
}

/** An empty relation. */
export function createRelation(arity: number): Relation {
  return {
    arity,
    count: 0,
    baseCount: 0,
    capacity: 0,
    columns: new Array<Uint32Array>(arity).fill(NO_WORDS),
    deaths: undefined,
    deathBase: 0,
    deathLimit: ALL_DEATHS,
    gone: 0,
    born: 0,
    indexes: [createUnique(arity)],
  }
}

/** What has no rows takes no room: programs have many predicates without any. */
const NO_WORDS = new Uint32Array(0)

/** For `deathLimit`: every row with a death is gone. */
export const ALL_DEATHS = 0xffffffff

/** Rows that are there. */
export function rowCount(relation: Relation): number {
  return relation.count - relation.gone
}

/** The tuple of a row. */
export function tupleAt(relation: Relation, row: number): number[] {
  return relation.columns.map((column) => column[row]!)
}

/** The tuples that are there, in the order of their rows. */
export function rowsOf(relation: Relation): number[][] {
  const rows: number[][] = []
  for (let row = 0; row < relation.count; row++) {
    if (!isGone(relation, row)) rows.push(tupleAt(relation, row))
  }
  return rows
}

/** Whether a row below `count` has gone away. */
export function isGone(relation: Relation, row: number): boolean {
  if (relation.deaths === undefined) return false
  const death = relation.deaths[row]!
  return death !== 0 && death <= relation.deathLimit
}

/** Appends `tuple` unless it is there; says whether it was new. */
export function insert(relation: Relation, tuple: ArrayLike<number>): boolean {
  const unique = syncedIndex(relation, relation.indexes[0])
  const hash = hashTuple(tuple, relation.arity)
  if (followTuple(relation, tuple, hash) >= 0) return false
  reserve(relation, 1)
  const row = relation.count++
  for (let i = 0; i < relation.arity; i++) relation.columns[i]![row] = tuple[i]!
  chain(relation, unique, row, hash)
  unique.synced = relation.count
  return true
}

/** Appends `tuple` to a relation that is in no arena, without a look whether it is there; `settleRows` has to follow before anything else is done. */
export function appendRow(relation: Relation, tuple: ArrayLike<number>): void {
  reserve(relation, 1)
  const row = relation.count++
  for (let i = 0; i < relation.arity; i++) relation.columns[i]![row] = tuple[i]!
}

/** Drops what `appendRow` appended twice, and closes the gaps; yields how many rows stay. No row may have gone. */
export function settleRows(relation: Relation): number {
  const { columns, arity, count } = relation
  const [unique] = relation.indexes
  const first = unique.synced
  if (count > unique.next.length) growIndex(relation, unique, columns[0]?.length ?? count)
  const { heads, next } = unique
  const slots = new Uint32Array(BLOCK_ROWS)
  const ahead = new Uint32Array(BLOCK_ROWS)
  let kept = first
  for (let start = first; start < count; start += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, count - start)
    // Reads that do not depend on each other wait for memory together, as in `text-batch.ts`.
    for (let i = 0; i < rows; i++) slots[i] = hashRow(relation, unique.key, start + i) & (heads.length - 1)
    for (let i = 0; i < rows; i++) ahead[i] = heads[slots[i]!]!
    for (let i = 0; i < rows; i++) if (ahead[i] !== 0) ahead[i] = columns[0]![ahead[i]! - 1]! ^ next[ahead[i]! - 1]!
    for (let i = 0; i < rows; i++) {
      const row = start + i
      const head = heads[slots[i]!]!
      let entry = head
      while (entry !== 0 && !sameRow(columns, arity, entry - 1, row)) entry = next[entry - 1]!
      if (entry !== 0) continue
      if (kept !== row) for (let c = 0; c < arity; c++) columns[c]![kept] = columns[c]![row]!
      next[kept] = head
      heads[slots[i]!] = ++kept
    }
  }
  relation.count = unique.synced = kept
  return kept - first
}

/** Rows whose places in the index are looked up together. */
const BLOCK_ROWS = 1024

function sameRow(columns: readonly Uint32Array[], arity: number, a: number, b: number): boolean {
  for (let i = 0; i < arity; i++) if (columns[i]![a] !== columns[i]![b]) return false
  return true
}

/** Makes room for `rows` more rows; what had no room moves out of the arena. */
export function reserve(relation: Relation, rows: number): void {
  const need = relation.count + rows
  if (need <= relation.capacity) return
  growColumns(relation, Math.max(need, relation.capacity * 2, 8))
  for (const index of relation.indexes) {
    if (index.synced > 0) growIndex(relation, index, relation.capacity)
  }
}

/** Makes room for `capacity` rows in columns of this thread. Indexes follow when they take rows. */
export function growColumns(relation: Relation, capacity: number): void {
  relation.capacity = capacity
  relation.columns = relation.columns.map((column) => grown(column, capacity))
  if (relation.deaths) relation.deaths = grown(relation.deaths, capacity)
}

/** Marks a row as gone from death number `death` on; the numbers only grow. */
export function markGone(relation: Relation, row: number, death: number): void {
  relation.deaths ??= new Uint32Array(relation.capacity)
  relation.deaths[row] = death
  relation.gone++
}

/** Takes back `markGone`. */
export function unmarkGone(relation: Relation, row: number): void {
  relation.deaths![row] = 0
  relation.gone--
}

/** Takes back the newest rows, down to `count`, which nobody has published. */
export function takeBack(relation: Relation, count: number): void {
  if (!isShared(relation.columns[0] ?? relation.indexes[0].heads)) truncate(relation, count)
  // A reader may be about to follow one of these rows to older ones. If another row took its place, it would be led to the
  // rows of another key, and find none of its own: so their numbers are not used again.
  else for (let row = count; row < relation.count; row++) markGone(relation, row, FIRST_DEATH)
}

/** The number of a death that every epoch knows which knows the row. */
const FIRST_DEATH = 1

function truncate(relation: Relation, count: number): void {
  for (const index of relation.indexes) {
    for (let row = index.synced - 1; row >= count; row--) {
      const slot = hashRow(relation, index.key, row) & (index.heads.length - 1)
      storeEntry(index.heads, slot, index.next[row]!)
    }
    index.synced = Math.min(index.synced, count)
    index.counted = Math.min(index.counted, count)
  }
  relation.count = count
}

/** The row of `tuple`, or -1. */
export function findRow(relation: Relation, tuple: ArrayLike<number>): number {
  syncedIndex(relation, relation.indexes[0])
  return followTuple(relation, tuple, hashTuple(tuple, relation.arity))
}

/** The index over the columns `key` (ascending), made for this thread if there is none, with all rows in it. */
export function indexOn(relation: Relation, key: readonly number[]): Index {
  let index = relation.indexes.find((other) => isSameKey(other.key, key))
  if (!index) {
    index = createIndex(key)
    relation.indexes.push(index)
  }
  return syncedIndex(relation, index)
}

/** Puts `index` in the place of the one with the same key. */
export function putIndex({ indexes }: Relation, index: Index): void {
  const at = indexes.findIndex(({ key }) => isSameKey(key, index.key))
  indexes[at < 0 ? indexes.length : at] = index
}

function isSameKey(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function syncedIndex(relation: Relation, index: Index): Index {
  if (index.synced < relation.count) syncIndex(relation, index)
  return index
}

/** Chains the rows that came since the last time. */
export function syncIndex(relation: Relation, index: Index): void {
  if (relation.count > index.next.length) growIndex(relation, index, relation.capacity)
  while (index.synced < relation.count) {
    const row = index.synced++
    chain(relation, index, row, hashRow(relation, index.key, row))
  }
}

/** A relation with the rows that are there and for which `keep` holds, in their order, and its base; indexes on `keys`. */
export function copyRows(
  relation: Relation,
  keep: (row: number) => boolean,
  keys: Iterable<readonly number[]>,
): Relation {
  const copy = createRelation(relation.arity)
  const tuple = new Uint32Array(relation.arity)
  for (let row = 0; row < relation.count; row++) {
    if (isGone(relation, row) || !keep(row)) continue
    for (let i = 0; i < tuple.length; i++) tuple[i] = relation.columns[i]![row]!
    insert(copy, tuple)
    if (row < relation.baseCount) copy.baseCount = copy.count
  }
  for (const key of keys) indexOn(copy, key)
  return copy
}

/** An index over all of `arity` columns without any rows. */
export function createUnique(arity: number): Index {
  return createIndex(Array.from({ length: arity }, (_, i) => i))
}

/** An index over `key` without any rows. */
export function createIndex(key: readonly number[]): Index {
  return { key, synced: 0, heads: NO_WORDS, next: NO_WORDS, counted: 0, longest: 0 }
}

/** The entry of `index` at which the rows begin that hold `values` in the columns `key`; these are its own, and maybe more. */
export function firstOf(index: Index, key: readonly number[], values: ArrayLike<number>): number {
  const own = index.key
  let h = own.length
  for (let i = 0; i < own.length; i++) h = mixWord(h, values[own.length === key.length ? i : key.indexOf(own[i]!)]!)
  return index.heads[finishHash(h) & (index.heads.length - 1)]!
}

/** The newest row below `limit`, from the entry `first` on, that holds `values` in the columns `key`, or -1. */
export function follow(
  relation: Relation,
  index: Index,
  key: readonly number[],
  values: ArrayLike<number>,
  first: number,
  limit: number,
): number {
  let above = Number.MAX_SAFE_INTEGER
  // INVARIANT: rows of a chain descend. Words that belong to somebody else by now can't lead a reader in circles.
  for (let entry = first; entry > 0 && entry < above; entry = index.next[entry - 1]!) {
    above = entry
    if (entry <= limit && keyEquals(relation, key, entry - 1, values) && !isGone(relation, entry - 1)) return entry - 1
  }
  return -1
}

function followTuple(relation: Relation, tuple: ArrayLike<number>, hash: number): number {
  const [unique] = relation.indexes
  return follow(relation, unique, unique.key, tuple, unique.heads[hash & (unique.heads.length - 1)]!, relation.count)
}

function chain(relation: Relation, index: Index, row: number, hash: number): void {
  if (row >= index.next.length) growIndex(relation, index, relation.capacity)
  const slot = hash & (index.heads.length - 1)
  index.next[row] = index.heads[slot]!
  storeEntry(index.heads, slot, row + 1)
}

/** Makes room for `capacity` rows in arrays of this thread; the rows that were chained stay so. */
function growIndex(relation: Relation, index: Index, capacity: number): void {
  const size = 2 ** (32 - Math.clz32(Math.max(8, capacity) - 1))
  if (size === index.heads.length) {
    // A copy takes a fraction of the time of hashing each row.
    if (isShared(index.heads)) index.heads = grown(index.heads, size)
    // It may be longer than what the relation was placed with.
    index.next = grown(index.next, Math.max(capacity, index.next.length))
    return
  }
  index.heads = new Uint32Array(size)
  index.next = new Uint32Array(capacity)
  const mask = index.heads.length - 1
  for (let row = 0; row < index.synced; row++) {
    const slot = hashRow(relation, index.key, row) & mask
    index.next[row] = index.heads[slot]!
    index.heads[slot] = row + 1
  }
}

/** Whether a row holds `values` in the columns `key`. */
export function keyEquals(relation: Relation, key: readonly number[], row: number, values: ArrayLike<number>): boolean {
  for (let i = 0; i < key.length; i++) if (relation.columns[key[i]!]![row] !== values[i]) return false
  return true
}

function hashTuple(tuple: ArrayLike<number>, arity: number): number {
  let h = arity
  for (let i = 0; i < arity; i++) h = mixWord(h, tuple[i]!)
  return finishHash(h)
}

function hashRow(relation: Relation, key: readonly number[], row: number): number {
  let h = key.length
  for (let i = 0; i < key.length; i++) h = mixWord(h, relation.columns[key[i]!]![row]!)
  return finishHash(h)
}

/** One step of the hash of a key; generated code makes the others around it. */
export function mixWord(h: number, word: number): number {
  const m = Math.imul(h ^ word, 0x9e3779b1)
  return m ^ (m >>> 15)
}

/** The last step of it. */
export function finishHash(h: number): number {
  return Math.imul(h, 0x85ebca6b) >>> 8
}
