/** The writer's account of free words. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createArena, view } from '../../src/image/arena.ts'
import { allocate, createSpace, type Extent, release, usedWords } from '../../src/image/space.ts'

const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.boolean()), { maxLength: 60 })

test('blocks do not overlap, whatever is allocated and released', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const space = createSpace(createArena())
      const live: (Extent & { mark: number })[] = []
      all.forEach(([words, drop], mark) => {
        if (drop && live.length > 0) release(space, live.splice(mark % live.length, 1)[0]!)
        const start = allocate(space, words)
        view(space.arena, start, words).fill(mark)
        live.push({ start, words, mark })
        for (const block of live)
          expect(view(space.arena, block.start, block.words).every((word) => word === block.mark)).toBe(true)
      })
      for (const block of live) release(space, block)
      expect(usedWords(space)).toBe(createSpace(createArena()).end)
      expect(space.free.length).toBeLessThanOrEqual(1)
    }),
    { numRuns: 50 },
  )
})

test('a space made of the blocks that are left gives out no word of them', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const before = createSpace(createArena())
      const live = all.map(([words]) => ({ start: allocate(before, words), words }))
      const left = live.filter((_, i) => all[i]![1])
      const space = createSpace(before.arena, left)
      const taken = new Set(left.flatMap(({ start, words }) => Array.from({ length: words }, (_, i) => start + i)))
      for (const [words] of all) {
        const start = allocate(space, words)
        for (let i = 0; i < words; i++) expect(taken.has(start + i)).toBe(false)
      }
    }),
    { numRuns: 20 },
  )
})

test('released blocks are used again', () => {
  const space = createSpace(createArena())
  const end = () => {
    release(space, { start: allocate(space, 100_000), words: 100_000 })
    return space.end
  }
  expect(end()).toBe(end())
})

test('a block that is given back twice is a mistake', () => {
  const space = createSpace(createArena())
  const block = { start: allocate(space, 10), words: 10 }
  release(space, block)
  expect(() => release(space, block)).toThrow('twice')
})
