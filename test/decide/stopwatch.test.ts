/** Stopwatches: what is done how often, and what rounds come to. */
import { expect, test } from 'vitest'
import { createStopwatch } from '../../src/decide/stopwatch.ts'

test('of each place of the rounds the median counts, and a part is the sum of its places', () => {
  const watch = createStopwatch<string>()
  for (const [first, second, other] of [
    [1, 20, 5],
    [1000, 30, 5],
    [2, 2000, 7],
  ] as const) {
    watch.startRound()
    watch.note('a', first)
    watch.note('b', other)
    watch.note('a', second)
  }
  expect([...watch.totals()]).toEqual([
    ['a', 2 + 30],
    ['b', 5],
  ])
})

test('what was cleared counts no more', () => {
  const watch = createStopwatch<string>()
  watch.startRound()
  watch.note('cold', 1000)
  watch.clear()
  expect(watch.totals().size).toBe(0)
  watch.startRound()
  watch.note('warm', 10)
  expect([...watch.totals()]).toEqual([['warm', 10]])
})

test.each([1, 16, 17, 100])('each of %i items is worked on once, whatever the batch', (count) => {
  const items = Array.from({ length: count }, (_, i) => i)
  for (const batch of [undefined, 1, 7]) {
    const watch = createStopwatch<string>()
    watch.startRound()
    const seen: number[] = []
    watch.sweep('all', items, (item) => void seen.push(item), batch)
    expect(seen).toEqual(items)
    expect([...watch.totals().keys()]).toEqual(['all'])
  }
})
