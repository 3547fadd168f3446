/**
 * The arena: one shared memory that holds every section of the image, and its allocator (blocks of 2^k words, free lists
 * by size). Grows in place; never shrinks. Knows nothing of what the blocks hold. Layout: `native-layout/layout.ts`.
 */
import { BLOCK_CONTROL_WORDS, HEADER, HEADER_WORDS, LAYOUT_VERSION, MAGIC } from '../../native-layout/layout.ts'
import { runeError } from '../text/diagnostic.ts'

const PAGE_WORDS = 16384
const PAGES_MAX = 65536

/** What the engine uses of a shared `WebAssembly.Memory`; the compiler knows that class only with the browser's types. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer
  grow(pages: number): number
}

interface MemoryConstructor {
  new (descriptor: { initial: number; maximum: number; shared: true }): SharedMemory
}

/** A growing shared memory; `words` covers all of it and is replaced on growth. */
export interface Arena {
  readonly memory: SharedMemory
  words: Uint32Array
}

/** An empty arena that can grow to 4 GiB. */
export function createArena(): Arena {
  const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: MemoryConstructor } }).WebAssembly
  const memory = new Memory({ initial: 1, maximum: PAGES_MAX, shared: true })
  const words = new Uint32Array(memory.buffer)
  words[HEADER.magic] = MAGIC
  words[HEADER.layoutVersion] = LAYOUT_VERSION
  words[HEADER.arenaWords] = words.length
  words[HEADER.bumpOffset] = HEADER_WORDS
  return { memory, words }
}

/** The word offset of a new block of at least `words` words; its content is undefined. Throws `R601` when 4 GiB are used up. */
export function allocate(arena: Arena, words: number): number {
  const sizeClass = classOf(words + BLOCK_CONTROL_WORDS)
  const free = arena.words[HEADER.freeLists + sizeClass]!
  if (free !== 0) {
    arena.words[HEADER.freeLists + sizeClass] = arena.words[free]!
    return free
  }
  const start = arena.words[HEADER.bumpOffset]!
  const end = start + 2 ** sizeClass
  if (end > arena.words.length) grow(arena, end)
  arena.words[HEADER.bumpOffset] = end
  arena.words[start] = sizeClass
  return start + BLOCK_CONTROL_WORDS
}

/** Gives a block back. */
export function release(arena: Arena, offset: number): void {
  const sizeClass = arena.words[offset - BLOCK_CONTROL_WORDS]!
  arena.words[offset] = arena.words[HEADER.freeLists + sizeClass]!
  arena.words[HEADER.freeLists + sizeClass] = offset
}

/** How many words a block really has. */
export function blockWords(arena: Arena, offset: number): number {
  return 2 ** arena.words[offset - BLOCK_CONTROL_WORDS]! - BLOCK_CONTROL_WORDS
}

/** A view of `words` words from `offset`. Stays valid when the arena grows: shared memory is never detached. */
export function view(arena: Arena, offset: number, words: number): Uint32Array {
  return new Uint32Array(arena.memory.buffer, offset * 4, words)
}

/** Bytes given out so far, free blocks included. */
export function arenaBytes(arena: Arena): number {
  return arena.words[HEADER.bumpOffset]! * 4
}

function classOf(words: number): number {
  return Math.max(2, 32 - Math.clz32(words - 1))
}

function grow(arena: Arena, words: number): void {
  const have = arena.words.length / PAGE_WORDS
  const need = Math.ceil(words / PAGE_WORDS)
  if (need > PAGES_MAX) throw runeError('R601', 'the image would be larger than 4 GiB')
  // A tenth ahead, so that small allocations do not grow page by page; bounded, since pages that are not touched cost nothing.
  const want = Math.min(PAGES_MAX, Math.max(need, have + Math.ceil(have / 8)))
  arena.memory.grow(want - have)
  arena.words = new Uint32Array(arena.memory.buffer)
  arena.words[HEADER.arenaWords] = arena.words.length
}
