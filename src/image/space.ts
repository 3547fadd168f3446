/**
 * Which words of an arena are free: extents with coalescing, best fit. Only the writer allocates, so this is an ordinary
 * object of its thread: a writer that dies takes no lock or half-linked list with it, and its successor derives the free
 * extents from the blocks that the published root names.
 */
import { HEADER_WORDS } from '../../native-layout/layout.ts'
import { assert } from '../text/assert.ts'
import { type Arena, growArena } from './arena.ts'

/** Words `[start, start + words)`. */
export interface Extent {
  readonly start: number
  readonly words: number
}

export interface Space {
  readonly arena: Arena
  /** Free extents below `end`, ascending, none next to another. */
  readonly free: { start: number; words: number }[]
  /** First word never given out. */
  end: number
}

/** Blocks are multiples of this many words, so that what is freed fits what comes next. */
const GRAIN_WORDS = 16

/** The space of `arena` in which `used` blocks are given out. */
export function createSpace(arena: Arena, used: readonly Extent[] = []): Space {
  const space: Space = { arena, free: [], end: HEADER_WORDS }
  for (const { start, words } of [...used].sort((a, b) => a.start - b.start)) {
    assert(start >= space.end, 'blocks of an image overlap')
    if (start > space.end) space.free.push({ start: space.end, words: start - space.end })
    space.end = start + roundUp(words)
  }
  return space
}

/** The offset of a new block of at least `words` words; its content is undefined. Throws `R601` when 4 GiB are used up. */
export function allocate(space: Space, words: number): number {
  const size = roundUp(words)
  let best = -1
  for (let i = 0; i < space.free.length; i++) {
    const extent = space.free[i]!
    if (extent.words >= size && (best < 0 || extent.words < space.free[best]!.words)) best = i
  }
  if (best >= 0) {
    const extent = space.free[best]!
    const { start } = extent
    extent.start += size
    extent.words -= size
    if (extent.words === 0) space.free.splice(best, 1)
    return start
  }
  const last = space.free.at(-1)
  const grows = last !== undefined && last.start + last.words === space.end
  const start = grows ? last.start : space.end
  growArena(space.arena, start + size)
  if (grows) space.free.pop()
  space.end = start + size
  return start
}

/** Gives a block back. */
export function release(space: Space, { start, words }: Extent): void {
  const size = roundUp(words)
  const { free } = space
  let at = 0
  for (let low = 0, high = free.length; low < high; at = low) {
    const middle = (low + high) >>> 1
    if (free[middle]!.start < start) low = middle + 1
    else high = middle
    at = low
  }
  const before = free[at - 1]
  const after = free[at]
  const joinsBefore = before !== undefined && before.start + before.words === start
  const joinsAfter = after !== undefined && start + size === after.start
  assert(before === undefined || before.start + before.words <= start, 'a block is given back twice')
  assert(after === undefined || start + size <= after.start, 'a block is given back twice')
  if (joinsBefore) {
    before.words += size + (joinsAfter ? after.words : 0)
    if (joinsAfter) free.splice(at, 1)
  } else if (joinsAfter) {
    after.start = start
    after.words += size
  } else free.splice(at, 0, { start, words: size })
}

/** Words that are given out. */
export function usedWords(space: Space): number {
  return space.free.reduce((words, extent) => words - extent.words, space.end)
}

function roundUp(words: number): number {
  return Math.max(1, Math.ceil(words / GRAIN_WORDS)) * GRAIN_WORDS
}
