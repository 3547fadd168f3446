/** Percentiles: right for distributions that are known, and never more than a bucket off. */
import { expect, test } from 'vitest'
import {
  addTime,
  countBetween,
  createHistogram,
  type Histogram,
  merged,
  percentile,
  percentileIfKnown,
} from '../../../src/cli/benchmark/histogram.ts'
import { createDraw } from '../../../src/cli/benchmark/random.ts'

const SHARES = [0, 0.01, 0.5, 0.9, 0.99, 0.999, 0.9999, 1]
/** Half of a bucket, and the rounding to whole nanoseconds. */
const OFF = 1 / 64

function histogramOf(times: Iterable<number>): Histogram {
  const histogram = createHistogram()
  for (const time of times) addTime(histogram, time)
  return histogram
}

test('times below 128 ns are exact', () => {
  const histogram = histogramOf(Array.from({ length: 128 }, (_, i) => i))
  for (let i = 1; i <= 128; i++) expect(percentile(histogram, i / 128)).toBe(i - 1)
})

test('percentiles of 1 to 100,000 are where they are', () => {
  const histogram = histogramOf(Array.from({ length: 100_000 }, (_, i) => i + 1))
  for (const share of SHARES) {
    const right = Math.max(1, share * 100_000)
    expect(Math.abs(percentile(histogram, share) - right) / right).toBeLessThan(OFF)
  }
  expect(percentile(histogram, 1)).toBe(100_000)
})

test('percentiles agree with those of the sorted times, from nanoseconds to seconds', () => {
  const { random } = createDraw(7)
  const times = Array.from({ length: 50_000 }, () => Math.round(10 * 2 ** (27 * random())))
  const histogram = histogramOf(times)
  times.sort((a, b) => a - b)
  for (const share of SHARES) {
    const right = times[Math.max(0, Math.ceil(share * times.length - 1e-6) - 1)] ?? 0
    expect(Math.abs(percentile(histogram, share) - right) / right).toBeLessThan(OFF)
  }
})

test('one slow time among ten thousand is the maximum, and beyond every percentile', () => {
  const histogram = histogramOf([...Array.from({ length: 9999 }, () => 80), 5e9])
  expect(percentile(histogram, 0.9999)).toBe(80)
  expect(histogram.max).toBe(5e9)
})

test('a percentile that too few times lie beyond is not known', () => {
  const histogram = histogramOf(Array.from({ length: 1000 }, (_, i) => i))
  expect(percentileIfKnown(histogram, 0.99)).toBeDefined()
  expect(percentileIfKnown(histogram, 0.999)).toBeUndefined()
})

test('no times have no percentiles', () => {
  expect(percentile(createHistogram(), 0.5)).toBe(0)
})

test('those of several threads together are those of all their times', () => {
  const { below } = createDraw(3)
  const lists = [1, 2, 3].map((n) => Array.from({ length: 1000 * n }, () => below(10 ** (n + 2))))
  const together = merged(lists.map(histogramOf))
  expect(together).toEqual(histogramOf(lists.flat()))
  expect(together.total).toBe(6000)
  const ends = [0, 100, 1000, 10_000, 200_000]
  const counts = ends.slice(1).map((to, i) => countBetween(together, ends[i] ?? 0, to))
  expect(counts.reduce((a, b) => a + b)).toBe(6000)
})
