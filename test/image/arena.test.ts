/** The arena's allocator. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allocate, arenaBytes, blockWords, createArena, release, view } from '../../src/image/arena.ts'

test('blocks do not overlap, whatever is allocated and released', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.boolean()), { maxLength: 60 }), (steps) => {
      const arena = createArena()
      const live: { offset: number; words: number; mark: number }[] = []
      steps.forEach(([words, drop], mark) => {
        if (drop && live.length > 0) release(arena, live.splice(mark % live.length, 1)[0]!.offset)
        const offset = allocate(arena, words)
        expect(blockWords(arena, offset)).toBeGreaterThanOrEqual(words)
        view(arena, offset, words).fill(mark)
        live.push({ offset, words, mark })
        for (const block of live)
          expect(view(arena, block.offset, block.words).every((word) => word === block.mark)).toBe(true)
      })
    }),
    { numRuns: 50 },
  )
})

test('released blocks are used again', () => {
  const arena = createArena()
  const size = () => {
    release(arena, allocate(arena, 100_000))
    return arenaBytes(arena)
  }
  expect(size()).toBe(size())
})
