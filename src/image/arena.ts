/**
 * The arena: the one shared memory of an image, in 32-bit words. Grows in place; never shrinks. Which words are free is
 * known to the writer alone (`space.ts`). Layout: `native-layout/layout.ts`.
 */
import { HEADER, HEADER_WORDS, LAYOUT_VERSION, MAGIC } from '../../native-layout/layout.ts'
import { runeError } from '../text/diagnostic.ts'

export const PAGE_WORDS = 16384
export const PAGES_MAX = 65536

/** What the engine uses of a shared `WebAssembly.Memory`; the compiler knows that class only with the browser's types. */
export interface SharedMemory {
  readonly buffer: ArrayBufferLike
  grow(pages: number): number
}

interface MemoryConstructor {
  new (descriptor: { initial: number; maximum: number; shared: true }): SharedMemory
}

/** A growing shared memory; `words` covers what this thread has seen of it and is replaced on growth. */
export interface Arena {
  readonly memory: SharedMemory
  words: Uint32Array
}

/** An empty arena of at least `initialWords` words that can grow to 4 GiB. */
export function createArena(initialWords = 1): Arena {
  const initial = Math.ceil(initialWords / PAGE_WORDS)
  const memory = new (memoryClass())({ initial, maximum: PAGES_MAX, shared: true })
  const words = new Uint32Array(memory.buffer)
  words[HEADER.magic] = MAGIC
  words[HEADER.layoutVersion] = LAYOUT_VERSION
  return { memory, words }
}

/** An arena in this thread's own memory, to read an image from; it cannot grow. */
export function createPrivateArena(initialWords: number): Arena {
  const words = new Uint32Array(initialWords)
  const grow = () => {
    throw new Error('internal error: an image goes beyond the memory that holds it')
  }
  return { memory: { buffer: words.buffer, grow }, words }
}

/** The arena of a memory that another thread made. Throws `R602` where that is none, or one of another layout. */
export function attachArena(memory: unknown): Arena {
  if (!isSharedMemory(memory)) {
    throw runeError('R602', 'this is no handle of an engine', { help: 'pass what `rune.handle()` returns' })
  }
  const words = new Uint32Array(memory.buffer)
  if (words.length < HEADER_WORDS || words[HEADER.magic] !== MAGIC) {
    throw runeError('R602', 'this memory holds no image', { help: 'pass what `rune.handle()` returns' })
  }
  if (words[HEADER.layoutVersion] !== LAYOUT_VERSION) {
    const message = `the image has layout ${words[HEADER.layoutVersion]}, and this engine reads layout ${LAYOUT_VERSION}`
    throw runeError('R602', message, { help: 'use one version of rune-engine in all threads' })
  }
  return { memory, words }
}

/** Makes `arena.words` cover the first `words` words, which some thread has grown the memory to. */
export function coverArena(arena: Arena, words: number): void {
  if (words <= arena.words.length) return
  // A stale buffer was seen right after another thread grew the memory; growing by nothing refreshes it.
  if (arena.memory.buffer.byteLength < words * 4) arena.memory.grow(0)
  arena.words = new Uint32Array(arena.memory.buffer)
}

/** Grows the memory to at least `words` words. Throws `R601` when 4 GiB are used up. */
export function growArena(arena: Arena, words: number): void {
  coverArena(arena, words)
  if (words <= arena.words.length) return
  const have = arena.words.length / PAGE_WORDS
  const need = Math.ceil(words / PAGE_WORDS)
  if (need > PAGES_MAX) throw runeError('R601', 'the image would be larger than 4 GiB')
  // A tenth ahead, so that small allocations do not grow page by page; pages that are not touched cost nothing.
  const want = Math.min(PAGES_MAX, Math.max(need, have + Math.ceil(have / 8)))
  arena.memory.grow(want - have)
  arena.words = new Uint32Array(arena.memory.buffer)
}

/** A view of `words` words from `offset`. Stays valid when the arena grows: shared memory is never detached. */
export function view(arena: Arena, offset: number, words: number): Uint32Array {
  return new Uint32Array(arena.memory.buffer, offset * 4, words)
}

/** By name, since each realm has classes of its own. */
function isSharedMemory(memory: unknown): memory is SharedMemory {
  const nameOf = (value: unknown) => Object.prototype.toString.call(value)
  return (
    nameOf(memory) === '[object WebAssembly.Memory]' &&
    nameOf((memory as SharedMemory).buffer) === '[object SharedArrayBuffer]'
  )
}

function memoryClass(): MemoryConstructor {
  return (globalThis as unknown as { WebAssembly: { Memory: MemoryConstructor } }).WebAssembly.Memory
}
