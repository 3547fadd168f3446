/** Which requests are asked and how often: distinct ones, in the proportions that were asked for. */
import { expect, test } from 'vitest'
import { createDraw, createZipf } from '../../../src/cli/benchmark/random.ts'
import { distinctRequests, onceEach, orderOf } from '../../../src/cli/benchmark/requests.ts'

const draw = () => createDraw(5)
const request = (id: number) => ({ principal: `user-${id}`, action: 'read', resource: 'x' })

test('no two requests are alike, and there are fewer where no more can be drawn', () => {
  const { below } = draw()
  expect(new Set(distinctRequests(50, () => request(below(60))).map(({ principal }) => principal)).size).toBe(50)
  expect(distinctRequests(50, () => request(below(7)))).toHaveLength(7)
})

test("by Zipf's law, the first comes twice as often as the second, and three times as often as the third", () => {
  const next = createZipf(draw(), 100, 1)
  const counts = new Array<number>(100).fill(0)
  for (let i = 0; i < 200_000; i++) {
    const n = next()
    counts[n] = (counts[n] ?? 0) + 1
  }
  const [first = 0, second = 0, third = 0] = counts
  expect(first / second).toBeCloseTo(2, 0)
  expect(first / third).toBeCloseTo(3, 0)
  expect(Math.min(...counts)).toBeGreaterThan(0)
})

test('all alike, each comes about as often', () => {
  const order = orderOf(draw(), { common: 16, total: 16 }, { zipf: 0 })
  const counts = Array.from({ length: 16 }, (_, n) => order.filter((i) => i === n).length / order.length)
  for (const share of counts) expect(share).toBeCloseTo(1 / 16, 1)
})

test('of a mix, the rare ones have their share, and each comes once before any comes again', () => {
  const [common, total] = [100, 5100]
  const order = orderOf(draw(), { common, total }, { zipf: 0, hitRate: 0.8 })
  const rare = [...order].filter((i) => i >= common)
  expect(rare.length / order.length).toBeCloseTo(0.2, 1)
  const round = rare.slice(0, Math.min(rare.length, total - common))
  expect(new Set(round).size).toBe(round.length)
  expect(Math.max(...order)).toBeLessThan(total)
})

test('once each is each once', () => {
  const order = onceEach(draw(), 1000)
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  expect(order).not.toEqual(Uint32Array.from({ length: 1000 }, (_, i) => i))
  expect(order).toEqual(onceEach(draw(), 1000))
})
