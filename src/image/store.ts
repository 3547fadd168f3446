/**
 * The writer's end of an arena: publishes images as epochs, and takes back the memory of old ones. One a memory, in the
 * coordinator; how a memory that has epochs already gets one is said in `take-over.ts`. Steps W1 to W6 are those of `native-layout/README.md`, "Epochs"; each is told to `onStep`, which tests use to
 * die there. What readers may still look at is never written, but for places that they ignore: rows and entries beyond
 * their counts, heads of chains, deaths of later epochs.
 */
import { INDEX, RELATION, ROOT } from '../../native-layout/layout.ts'
import { BUILTIN } from '../program/program.ts'
import { type Arena, createArena, view } from './arena.ts'
import { forEachTable, relationKey } from './attach.ts'
import type { BlobTable } from './blob-table.ts'
import { buildCells } from './build-cells.ts'
import { attachCells, EntityCells } from './entity-cells.ts'
import { announceReclaim, claim, claimedEpoch, commit, oldestAnnounced, silenceBefore, storeLong } from './epochs.ts'
import { type FixedTable, isShared } from './fixed-table.ts'
import type { Image } from './image.ts'
import type { Relation } from './relation.ts'
import { indexesFor } from './search.ts'
import { allocate, createSpace, type Extent, release, type Space, usedWords } from './space.ts'

export type Step = 'claimed' | 'sealed' | 'rooted' | 'committed' | 'retired' | 'announced' | 'reclaimed'

export interface StoreOptions {
  /** How long a reader that does not answer is waited for before memory is taken back without its consent. */
  readonly graceMs?: number
  readonly onStep?: (step: Step) => void
}

export interface Store {
  readonly arena: Arena
  readonly space: Space
  readonly options: StoreOptions
  /** The published epoch; 0 before the first. */
  epoch: number
  /** Numbers in use; see the layout of a root. */
  dictionaryNumber: number
  programNumber: number
  /** The blocks of the published root, by what they belong to. */
  readonly blocks: Map<BlockKey, readonly Block[]>
  /** Those of the published root. */
  cells: EntityCells
  /** Blocks that no root leads to from `epoch` on. */
  retired: { readonly epoch: number; readonly at: number; readonly blocks: readonly Extent[] }[]
}

/** What a block belongs to: a part of the root, or a relation (`relationKey`). */
export type BlockKey = string | number

/** A block; with the array that lies in it, where that is known. */
export interface Block extends Extent {
  readonly array?: Uint32Array
}

const NO_BLOCK: Block = { start: 0, words: 0 }
const NO_BLOCKS: readonly Block[] = []

/** What becomes visible. */
export interface Publication {
  readonly image: Image
  /** Absent where it is the one published before. */
  readonly program?: Uint8Array
  /** Predicates whose relations changed; absent: all. */
  readonly changed?: Pick<ReadonlySet<number>, 'keys'>
  /** Keys that readers search by, by predicate; there are indexes for them. */
  readonly indexes: ReadonlyMap<number, readonly (readonly number[])[]>
  /** Value ids have changed their meaning. */
  readonly isNewDictionary?: boolean
}

const GRACE_MS = 1000

/** A store over an empty arena. */
export function createStore(options: StoreOptions = {}): Store {
  const arena = createArena()
  return {
    arena,
    space: createSpace(arena),
    options,
    epoch: 0,
    dictionaryNumber: 0,
    programNumber: 0,
    blocks: new Map(),
    cells: new EntityCells(),
    retired: [],
  }
}

/** W1: the number of the epoch that is written next. */
export function claimNext(store: Store): number {
  const { words } = store.arena
  const epoch = Math.max(store.epoch, claimedEpoch(words)) + 1
  claim(words, epoch)
  store.options.onStep?.('claimed')
  return epoch
}

/** W2 to W4: makes an image visible as `epoch`, which was claimed; what it replaces is retired, and freed if nobody needs it. */
export function publish(store: Store, epoch: number, publication: Publication): void {
  const { arena } = store
  const sealing: Sealing = { store, epoch, publication, gone: [] }
  const program = publication.program ? sealProgram(store, publication.program) : undefined
  if (program) setBlocks(sealing, 'program', [program])
  const hasOtherRows = [BUILTIN.entityAttr, BUILTIN.entityTag].some((p) => publication.image.relations[p]?.born === 0)
  const relations = sealRelations(sealing)
  if (hasOtherRows || publication.isNewDictionary || store.cells.isWorn()) renewCells(sealing)
  publication.image.cells = store.cells
  const root = sealRoot(sealing, relations, program)
  store.options.onStep?.('rooted')
  commit(arena.words, root)
  store.options.onStep?.('committed')
  // W4: what only older roots lead to.
  if (sealing.gone.length > 0) store.retired.push({ epoch, at: performance.now(), blocks: sealing.gone })
  store.epoch = epoch
  store.options.onStep?.('retired')
  reclaim(store)
}

/** W5 and W6: frees what no reader looks at any more, or what has waited for them long enough. Yields when to look again. */
export function reclaim(store: Store): { readonly againInMs: number } | undefined {
  const { arena, space, options } = store
  const { graceMs = GRACE_MS } = options
  const now = performance.now()
  const oldest = oldestAnnounced(arena.words)
  let count = 0
  while (count < store.retired.length) {
    const { epoch, at } = store.retired[count]!
    if (oldest < epoch && now - at < graceMs) break
    count++
  }
  if (count > 0) {
    const done = store.retired.splice(0, count)
    const below = done.at(-1)!.epoch
    if (oldest < below) silenceBefore(arena.words, below)
    announceReclaim(arena.words, below)
    options.onStep?.('announced')
    for (const { blocks } of done) for (const block of blocks) release(space, block)
    options.onStep?.('reclaimed')
  }
  const [next] = store.retired
  return next && { againInMs: Math.max(1, graceMs - (now - next.at)) }
}

/** Bytes of the blocks that are given out. */
export function arenaBytes(store: Store): number {
  return usedWords(store.space) * 4
}

/** A publication at work. One that fails half-way leaves a store of no use. */
interface Sealing {
  readonly store: Store
  readonly epoch: number
  readonly publication: Publication
  /** Blocks of the published root that this one does not lead to. */
  readonly gone: Extent[]
}

/** Says which blocks belong to `key` now. */
function setBlocks({ store, gone }: Sealing, key: BlockKey, blocks: readonly Block[]): void {
  const before = store.blocks.get(key) ?? NO_BLOCKS
  for (let i = 0; i < before.length; i++) {
    const old = before[i]!
    // Most stay, and have the same place.
    if (blocks[i] !== old && !blocks.some(({ start }) => start === old.start)) gone.push(old)
  }
  if (blocks.length > 0) store.blocks.set(key, blocks)
  else store.blocks.delete(key)
}

/** W2: writes the relations that changed; yields the table of their offsets. */
function sealRelations(sealing: Sealing): Extent {
  const { store } = sealing
  const { image, indexes, changed } = sealing.publication
  const table = { start: allocate(store.space, image.relations.length * 2), words: image.relations.length * 2 }
  const seal = (key: BlockKey, relation: Relation | undefined, keys: readonly (readonly number[])[]): number => {
    const before = store.blocks.get(key) ?? NO_BLOCKS
    if (relation === undefined && before.length === 0) return 0
    const made = relation ? sealRelation(sealing, relation, keys, before) : NO_BLOCKS
    setBlocks(sealing, key, made)
    return made[0]?.start ?? 0
  }
  const put = (predicate: number) => {
    const at = table.start + 2 * predicate
    const relation = seal(relationKey(predicate, false), image.relations[predicate], indexes.get(predicate) ?? [])
    const replaced = seal(relationKey(predicate, true), image.replaced.get(predicate), [])
    const { words } = store.arena
    words[at] = relation
    words[at + 1] = replaced
  }
  const before = store.blocks.get('relations')?.[0]
  if (changed && before) {
    store.arena.words.copyWithin(table.start, before.start, before.start + table.words)
    for (const predicate of changed.keys()) put(predicate)
  } else {
    for (let predicate = image.relations.length; 2 * predicate < (before?.words ?? 0); predicate++) {
      for (const isReplaced of [false, true]) setBlocks(sealing, relationKey(predicate, isReplaced), [])
    }
    for (const predicate of image.relations.keys()) put(predicate)
  }
  setBlocks(sealing, 'relations', [table])
  store.options.onStep?.('sealed')
  return table
}

/** The block of the descriptor first, then those of the arrays; `before` are those that it had. */
function sealRelation(
  { store, epoch }: Sealing,
  relation: Relation,
  keys: readonly (readonly number[])[],
  before: readonly Block[],
): Block[] {
  const { arity } = relation
  const wanted = indexesFor(relation, keys)
  const isPlaced = arity > 0 && (before[1]?.array === relation.columns[0] || isShared(relation.columns[0]!))
  const capacity = isPlaced ? relation.capacity : roomFor(relation.count, relation.born > 0)
  relation.capacity = capacity
  // The first is put in its place at the end.
  const blocks: Block[] = [NO_BLOCK]
  const place = (array: Uint32Array, length: number): Uint32Array => {
    const old = before[blocks.length]
    // Whether an array is shared takes longer to say than all else of an update that finds room.
    if (old !== undefined && old.array === array && old.words >= length) {
      blocks.push(old)
      return array
    }
    const placed = placeArray(store, array, length)
    if (placed.length > 0) blocks.push(blockOf(placed))
    return placed
  }
  relation.columns = relation.columns.map((column) => place(column, capacity))
  if (relation.born === 0) relation.born = epoch
  if (relation.deaths) relation.deaths = place(relation.deaths, capacity)
  const size = RELATION.columns + arity + wanted.reduce((sum, { key }) => sum + INDEX.key + key.length, 0)
  const at = allocate(store.space, size)
  const { words } = store.arena
  let next = at + RELATION.columns + arity
  for (const index of wanted) {
    index.heads = place(index.heads, index.heads.length)
    index.next = place(index.next, capacity)
    words[next + INDEX.heads] = index.heads.byteOffset / 4
    words[next + INDEX.headsWords] = index.heads.length
    words[next + INDEX.next] = index.next.byteOffset / 4
    words[next + INDEX.longest] = index.counted === relation.count ? index.longest : 0
    words[next + INDEX.keyLength] = index.key.length
    words.set(index.key, next + INDEX.key)
    next += INDEX.key + index.key.length
  }
  storeLong(words, at + RELATION.stamp, epoch)
  words[at + RELATION.words] = size
  words[at + RELATION.arity] = arity
  words[at + RELATION.count] = relation.count
  words[at + RELATION.baseCount] = relation.baseCount
  words[at + RELATION.gone] = relation.gone
  words[at + RELATION.capacity] = capacity
  words[at + RELATION.deaths] = relation.deaths ? relation.deaths.byteOffset / 4 : 0
  storeLong(words, at + RELATION.deathBase, relation.deathBase)
  storeLong(words, at + RELATION.born, relation.born)
  words[at + RELATION.indexes] = wanted.length
  relation.columns.forEach((column, i) => {
    words[at + RELATION.columns + i] = column.byteOffset / 4
  })
  blocks[0] = { start: at, words: size }
  return blocks
}

/**
 * A thirty-second part more than there is, so that updates append in place for a while, and an eighth where they did so
 * before; nothing for nothing.
 */
function roomFor(count: number, hasGrown: boolean): number {
  return count === 0 ? 0 : count + (count >>> (hasGrown ? 3 : 5)) + 8
}

/** The array itself if it lies in the arena, else a copy of its first `length` words there. */
function placeArray(store: Store, array: Uint32Array, length: number): Uint32Array {
  if (isShared(array) && array.length >= length) return array
  if (length === 0) return view(store.arena, 0, 0)
  const offset = allocate(store.space, length)
  const placed = view(store.arena, offset, length)
  placed.set(array.length > length ? array.subarray(0, length) : array)
  if (array.length < length) placed.fill(0, array.length)
  return placed
}

function sealProgram(store: Store, bytes: Uint8Array): Extent & { readonly bytes: number } {
  const words = Math.ceil(bytes.length / 4)
  const start = allocate(store.space, words)
  new Uint8Array(store.arena.memory.buffer, start * 4, bytes.length).set(bytes)
  store.programNumber++
  return { start, words, bytes: bytes.length }
}

/** W2: cells for the relations as they are now; what rows changed until then is marked in the ones before. */
function renewCells(sealing: Sealing): void {
  const { store, publication } = sealing
  const block = buildCells(store.space, publication.image)
  setBlocks(sealing, 'cells', block ? [block] : [])
  store.cells = attachCells(store.arena, block?.start ?? 0)
}

/** W2: the dictionary's tables and the root itself. */
function sealRoot(
  sealing: Sealing,
  relations: Extent,
  program: (Extent & { readonly bytes: number }) | undefined,
): number {
  const { store, epoch } = sealing
  const { image, isNewDictionary } = sealing.publication
  const { tables } = image.dictionary
  if (isNewDictionary) store.dictionaryNumber++
  const before = store.blocks.get('root')?.[0]
  const size = before?.words ?? forEachTable(ROOT.tables, tables, () => undefined)
  const root = allocate(store.space, size)
  if (before !== undefined) store.arena.words.copyWithin(root, before.start, before.start + size)
  forEachTable(ROOT.tables, tables, (key, at, table) => {
    // What nothing was added to is where it was.
    const isSame = before !== undefined && !isNewDictionary && store.arena.words[root + at] === tableOf(table).count
    if (isSame) return
    placeTable(sealing, key, table)
    writeTable(store.arena.words, root + at, table)
  })
  const { words } = store.arena
  storeLong(words, root + ROOT.epoch, epoch)
  words[root + ROOT.words] = size
  words[root + ROOT.arenaWords] = store.space.end
  words[root + ROOT.dictionaryNumber] = store.dictionaryNumber
  words[root + ROOT.programNumber] = store.programNumber
  words[root + ROOT.program] = program?.start ?? words[before!.start + ROOT.program]!
  words[root + ROOT.programBytes] = program?.bytes ?? words[before!.start + ROOT.programBytes]!
  words[root + ROOT.predicates] = image.relations.length
  words[root + ROOT.relations] = relations.start
  words[root + ROOT.cells] = store.blocks.get('cells')?.[0]?.start ?? 0
  setBlocks(sealing, 'root', [{ start: root, words: size }])
  return root
}

type Table = { readonly fixed: FixedTable } | { readonly blob: BlobTable }

/** Moves arrays of a table of the dictionary into the arena, unless they are there. */
function placeTable(sealing: Sealing, key: string, table: Table): void {
  if (arraysOf(table).every(isShared)) return
  const { store, publication } = sealing
  const hasGrown = store.blocks.has(key) && !publication.isNewDictionary
  const place = (array: Uint32Array, used: number) =>
    isShared(array) ? array : placeArray(store, array, Math.max(8, used))
  if ('fixed' in table) {
    const { fixed } = table
    fixed.rows = place(fixed.rows, roomFor(fixed.count, hasGrown) * fixed.width)
    fixed.buckets = place(fixed.buckets, fixed.buckets.length)
  } else {
    const { blob } = table
    blob.starts = place(blob.starts, roomFor(blob.count, hasGrown))
    blob.heap = place(blob.heap, roomFor(blob.used, hasGrown))
    blob.buckets = place(blob.buckets, blob.buckets.length)
  }
  setBlocks(sealing, key, arraysOf(table).map(blockOf))
}

function writeTable(words: Uint32Array, at: number, table: Table): void {
  if ('fixed' in table) {
    const { count, rows, buckets } = table.fixed
    words.set([count, ...extentOf(rows), ...extentOf(buckets)], at)
  } else {
    const { count, starts, heap, used, buckets } = table.blob
    words.set([count, ...extentOf(starts), ...extentOf(heap), used, ...extentOf(buckets)], at)
  }
}

function tableOf(table: Table): FixedTable | BlobTable {
  return 'fixed' in table ? table.fixed : table.blob
}

function arraysOf(table: Table): Uint32Array[] {
  return 'fixed' in table
    ? [table.fixed.rows, table.fixed.buckets]
    : [table.blob.starts, table.blob.heap, table.blob.buckets]
}

function blockOf(array: Uint32Array): Block {
  return { start: array.byteOffset / 4, words: array.length, array }
}

function extentOf(array: Uint32Array): [number, number] {
  return [array.byteOffset / 4, array.length]
}
