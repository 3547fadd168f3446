/**
 * From the bytes of a root to an image: the tables of the dictionary and the relations become views of the arena. Used by
 * readers for every epoch that they turn to, by a writer that takes over, and for snapshots. What is read may be torn, if
 * its memory is taken back meanwhile: reading then throws or yields nonsense, and the caller finds out (`epochs.ts`).
 */
import { CELLS } from '../../native-layout/cells.ts'
import {
  BLOB_TABLE,
  BLOB_TABLE_WORDS,
  FIXED_TABLE,
  FIXED_TABLE_WORDS,
  INDEX,
  RELATION,
  ROOT,
} from '../../native-layout/layout.ts'
import { type Arena, coverArena, view } from './arena.ts'
import type { BlobTable } from './blob-table.ts'
import { type BlobKind, createTables, type FixedKind, ImageDictionary, type Tables } from './dictionary.ts'
import { attachCells, EntityCells } from './entity-cells.ts'
import { loadLong } from './epochs.ts'
import { type FixedTable, isShared } from './fixed-table.ts'
import type { Image } from './image.ts'
import { ALL_DEATHS, createRelation, createUnique, type Index, putIndex, type Relation } from './relation.ts'
import type { Extent } from './space.ts'
import { Values } from './value-ids.ts'

/** The words of a root that are not columns. */
export interface RootFields {
  readonly epoch: number
  readonly dictionaryNumber: number
  readonly programNumber: number
  readonly predicates: number
}

/** An image that is attached to a root of `arena`, and turned to other ones by `attachRoot`. */
export interface AttachedImage extends Image {
  readonly arena: Arena
  readonly relations: Relation[]
  readonly replaced: Map<number, Relation>
  dictionaryNumber: number
}

/** An image of `arena` without any rows; `attachRoot` turns it to a root. Only a writer may intern into it. */
export function createAttachedImage(arena: Arena, role: 'reader' | 'writer'): AttachedImage {
  const dictionary = new ImageDictionary(createTables(), role)
  const values = new Values(dictionary)
  return {
    arena,
    dictionary,
    values,
    relations: [],
    replaced: new Map(),
    cells: new EntityCells(),
    dictionaryNumber: -1,
  }
}

/** R3: turns `image` to the root at `root`. Relations that did not change are left alone, so cost follows the changes. */
export function attachRoot(image: AttachedImage, root: number): RootFields {
  const { arena, dictionary } = image
  coverArena(arena, root + ROOT.tables)
  coverArena(arena, arena.words[root + ROOT.arenaWords]!)
  const { words } = arena
  const fields = readRootFields(words, root)
  attachTables(arena, dictionary.tables, root + ROOT.tables)
  if (image.dictionaryNumber !== fields.dictionaryNumber) {
    dictionary.forgetTexts()
    image.relations.length = 0
    image.dictionaryNumber = fields.dictionaryNumber
  }
  const table = words[root + ROOT.relations]!
  image.relations.length = Math.min(image.relations.length, fields.predicates)
  image.replaced.clear()
  for (let predicate = 0; predicate < fields.predicates; predicate++) {
    const [offset, replaced] = [words[table + 2 * predicate]!, words[table + 2 * predicate + 1]!]
    image.relations[predicate] = attachRelation(arena, offset, fields.epoch, image.relations[predicate])
    if (replaced !== 0) image.replaced.set(predicate, attachRelation(arena, replaced, fields.epoch))
  }
  image.cells = attachCells(arena, words[root + ROOT.cells]!)
  return fields
}

export function readRootFields(words: Uint32Array, root: number): RootFields {
  return {
    epoch: loadLong(words, root + ROOT.epoch),
    dictionaryNumber: words[root + ROOT.dictionaryNumber]!,
    programNumber: words[root + ROOT.programNumber]!,
    predicates: bounded(words[root + ROOT.predicates]!, PREDICATES_MAX),
  }
}

const PREDICATES_MAX = 2 ** 20
const COLUMNS_MAX = 2 ** 12
const INDEXES_MAX = 2 ** 10

/** Torn words must not make a reader loop or allocate for long. */
function bounded(value: number, max: number): number {
  if (value <= max) return value
  throw new Error('internal error: a root or a program out of bounds')
}

/** A copy of the program's bytes `[from, to)`. */
export function programBytes(arena: Arena, root: number, from = 0, to?: number): Uint8Array {
  const { words, memory } = arena
  const length = words[root + ROOT.programBytes]!
  const end = bounded(to ?? length, length)
  return new Uint8Array(memory.buffer, words[root + ROOT.program]! * 4 + from, end - from).slice()
}

/** The blocks that a root leads to, its own included, by what they belong to. */
export function blocksOf(arena: Arena, root: number): Map<string | number, readonly Extent[]> {
  const { words } = arena
  const blocks = new Map<string | number, readonly Extent[]>()
  blocks.set('root', [{ start: root, words: words[root + ROOT.words]! }])
  const program = { start: words[root + ROOT.program]!, words: Math.ceil(words[root + ROOT.programBytes]! / 4) }
  blocks.set('program', [program])
  forEachTable(root + ROOT.tables, createTables(), (kind, at) => {
    const pairs = kind.startsWith('fixed')
      ? [FIXED_TABLE.rows, FIXED_TABLE.buckets]
      : [BLOB_TABLE.starts, BLOB_TABLE.heap, BLOB_TABLE.buckets]
    blocks.set(
      kind,
      pairs.map((offset) => ({ start: words[at + offset]!, words: blockWords(words, at, offset) })),
    )
  })
  const predicates = words[root + ROOT.predicates]!
  const table = words[root + ROOT.relations]!
  blocks.set('relations', [{ start: table, words: predicates * 2 }])
  for (let i = 0; i < predicates * 2; i++) {
    const offset = words[table + i]!
    if (offset !== 0) blocks.set(relationKey(i >> 1, i % 2 === 1), relationBlocks(words, offset))
  }
  const cells = words[root + ROOT.cells]!
  if (cells !== 0) blocks.set('cells', [{ start: cells, words: words[cells + CELLS.words]! }])
  for (const [key, all] of blocks)
    blocks.set(
      key,
      all.filter((block) => block.words > 0),
    )
  return blocks
}

/** What the blocks of a predicate's relation are filed under. */
export function relationKey(predicate: number, isReplaced: boolean): number {
  return 2 * predicate + (isReplaced ? 1 : 0)
}

/** Calls `visit` for each table of a dictionary with the word offset of its descriptor; yields the end of the last one. */
export function forEachTable(
  from: number,
  tables: Tables,
  visit: (key: string, at: number, table: { fixed: FixedTable } | { blob: BlobTable }) => void,
): number {
  let at = from
  for (const [kind, key] of FIXED_KEYS) {
    visit(key, at, { fixed: tables.fixed[kind] })
    at += FIXED_TABLE_WORDS
  }
  for (const [kind, key] of BLOB_KEYS) {
    visit(key, at, { blob: tables.blobs[kind] })
    at += BLOB_TABLE_WORDS
  }
  return at
}

const EMPTY = createTables()
const FIXED_KEYS = (Object.keys(EMPTY.fixed) as FixedKind[]).map((kind) => [kind, `fixed:${kind}`] as const)
const BLOB_KEYS = (Object.keys(EMPTY.blobs) as BlobKind[]).map((kind) => [kind, `blob:${kind}`] as const)

/** Rows that are gone are those of deaths up to `epoch`; a writer sees all deaths. */
export function setDeathLimit(relation: Relation, epoch: number): void {
  relation.deathLimit = Math.max(0, Math.min(ALL_DEATHS, epoch - relation.deathBase))
}

/** The word that follows an offset says how long that block is, but for the heap, behind whose length stands its use. */
function blockWords(words: Uint32Array, at: number, offset: number): number {
  return words[at + offset + 1]!
}

function attachTables(arena: Arena, tables: Tables, from: number): void {
  const { words } = arena
  forEachTable(from, tables, (_, at, table) => {
    if ('fixed' in table) {
      const { fixed } = table
      fixed.count = words[at + FIXED_TABLE.count]!
      fixed.rows = viewAt(arena, at + FIXED_TABLE.rows, fixed.rows)
      fixed.buckets = viewAt(arena, at + FIXED_TABLE.buckets, fixed.buckets)
    } else {
      const { blob } = table
      blob.count = words[at + BLOB_TABLE.count]!
      blob.used = words[at + BLOB_TABLE.heapUsed]!
      blob.starts = viewAt(arena, at + BLOB_TABLE.starts, blob.starts)
      blob.heap = viewAt(arena, at + BLOB_TABLE.heap, blob.heap)
      blob.buckets = viewAt(arena, at + BLOB_TABLE.buckets, blob.buckets)
    }
  })
}

/** The view that the two words at `at` describe: `old`, where that is the same. */
function viewAt(arena: Arena, at: number, old: Uint32Array): Uint32Array {
  return viewOf(arena, arena.words[at]!, arena.words[at + 1]!, old)
}

function viewOf(arena: Arena, offset: number, words: number, old?: Uint32Array): Uint32Array {
  if (old && old.byteOffset === offset * 4 && old.length === words && isShared(old)) return old
  return view(arena, offset, words)
}

/** A relation that is attached remembers which block it was read from. */
interface Attached extends Relation {
  block?: number
  stamp?: number
}

function attachRelation(arena: Arena, at: number, epoch: number, old?: Attached): Relation {
  const { words } = arena
  const stamp = loadLong(words, at + RELATION.stamp)
  const arity = bounded(words[at + RELATION.arity]!, COLUMNS_MAX)
  const born = loadLong(words, at + RELATION.born)
  if (old && (old.block !== at || old.stamp !== stamp || old.arity !== arity)) dropIndexes(old, born)
  if (old && old.block === at && old.stamp === stamp && old.arity === arity) {
    if (old.deaths) setDeathLimit(old, epoch)
    return old
  }
  const relation: Attached = old && old.arity === arity ? old : createRelation(arity)
  relation.block = at
  relation.stamp = stamp
  relation.count = words[at + RELATION.count]!
  relation.baseCount = words[at + RELATION.baseCount]!
  relation.gone = words[at + RELATION.gone]!
  relation.born = born
  relation.deathBase = loadLong(words, at + RELATION.deathBase)
  const capacity = words[at + RELATION.capacity]!
  relation.capacity = capacity
  for (let i = 0; i < arity; i++) {
    relation.columns[i] = viewOf(arena, words[at + RELATION.columns + i]!, capacity, relation.columns[i])
  }
  const deaths = words[at + RELATION.deaths]!
  relation.deaths = deaths === 0 ? undefined : viewOf(arena, deaths, capacity, relation.deaths)
  setDeathLimit(relation, epoch)
  attachIndexes(
    arena,
    relation,
    at + RELATION.columns + arity,
    bounded(words[at + RELATION.indexes]!, INDEXES_MAX),
    capacity,
  )
  return relation
}

/**
 * Indexes that this thread made itself go on where rows were only added, though the columns may have moved: rows have the
 * numbers that they had if they had them first in the same epoch.
 */
function dropIndexes(relation: Relation, born: number): void {
  const isStale = ({ heads }: Index) => relation.born !== born || isShared(heads)
  const [unique, ...others] = relation.indexes
  const kept = others.filter((index) => !isStale(index))
  relation.indexes = [isStale(unique) ? createUnique(relation.arity) : unique, ...kept]
}

function attachIndexes(arena: Arena, relation: Relation, from: number, count: number, capacity: number): void {
  const { words } = arena
  let at = from
  for (let i = 0; i < count; i++) {
    const length = words[at + INDEX.keyLength]!
    const key = Array.from(words.subarray(at + INDEX.key, at + INDEX.key + Math.min(length, relation.arity)))
    const longest = words[at + INDEX.longest]!
    putIndex(relation, {
      key,
      synced: relation.count,
      heads: view(arena, words[at + INDEX.heads]!, words[at + INDEX.headsWords]!),
      next: view(arena, words[at + INDEX.next]!, capacity),
      counted: longest > 0 ? relation.count : 0,
      longest,
    })
    at += INDEX.key + length
  }
}

function relationBlocks(words: Uint32Array, at: number): Extent[] {
  const capacity = words[at + RELATION.capacity]!
  const arity = words[at + RELATION.arity]!
  const blocks: Extent[] = [{ start: at, words: words[at + RELATION.words]! }]
  for (let i = 0; i < arity; i++) blocks.push({ start: words[at + RELATION.columns + i]!, words: capacity })
  if (words[at + RELATION.deaths] !== 0) blocks.push({ start: words[at + RELATION.deaths]!, words: capacity })
  let index = at + RELATION.columns + arity
  for (let i = 0; i < words[at + RELATION.indexes]!; i++) {
    blocks.push({ start: words[index + INDEX.heads]!, words: words[index + INDEX.headsWords]! })
    blocks.push({ start: words[index + INDEX.next]!, words: capacity })
    index += INDEX.key + words[index + INDEX.keyLength]!
  }
  return blocks
}
