/** When a run counts as slower than its baseline: always if it is, never by chance; on samples that are made up, not timed. */
import { expect, test } from 'vitest'
import { createDraw } from '../../../src/cli/benchmark/random.ts'
import { CHANCE_MAX, chanceOfLess, compareRates, median } from '../../../src/cli/benchmark/significance.ts'

/** `count` rates around `rate`, some of them far behind, as when something else took the core. */
function noisyRates(random: () => number, rate: number, { spread = 0.04, hiccups = 0.1, count = 20 } = {}): number[] {
  return Array.from({ length: count }, () => {
    // Normal, by Box and Muller.
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return rate * (1 + spread * normal) * (random() < hiccups ? 0.7 : 1)
  })
}

const RUNS = Array.from({ length: 100 }, (_, i) => createDraw(1000 + i).random)

test('a run that lost 20 % is slower by more than 10 %, 100 times of 100', () => {
  const passed = RUNS.filter((random) => {
    const [base, run] = [noisyRates(random, 8e6), noisyRates(random, 0.8 * 8e6)]
    return !compareRates(base, run, 0.1).regressed
  })
  expect(passed).toEqual([])
})

test('a run that differs by noise alone passes, 100 times of 100', () => {
  const failed = RUNS.filter((random) => {
    const [base, run] = [noisyRates(random, 8e6), noisyRates(random, 8e6)]
    return compareRates(base, run, 0.1).regressed
  })
  expect(failed).toEqual([])
})

test('with five repetitions, in much noise, no more than chance allows fail', () => {
  const failed = RUNS.filter((random) => {
    const noise = { spread: 0.1, hiccups: 0.2, count: 5 }
    return compareRates(noisyRates(random, 8e6, noise), noisyRates(random, 8e6, noise), 0.1).regressed
  })
  expect(failed.length).toBeLessThanOrEqual(100 * CHANCE_MAX)
})

test('a run that is faster passes', () => {
  for (const random of RUNS) {
    const { slowdown, regressed } = compareRates(noisyRates(random, 8e6), noisyRates(random, 10e6), 0)
    expect(regressed).toBe(false)
    expect(slowdown).toBeLessThan(0)
  }
})

test('what is lost within the limit passes, however sure it is', () => {
  const { slowdown, chance, regressed } = compareRates([100, 101, 102, 103, 104], [94, 95, 96, 97, 98], 0.1)
  expect(slowdown).toBeCloseTo(0.06, 2)
  expect(chance).toBeCloseTo(1 / 252, 10)
  expect(regressed).toBe(false)
})

test('the chance is exact: of all orders of the samples, the share that is as bad', () => {
  expect(chanceOfLess([3, 4], [1, 2])).toBeCloseTo(1 / 6, 12)
  expect(chanceOfLess([2, 4], [1, 3])).toBeCloseTo(2 / 6, 12)
  expect(chanceOfLess([1, 4], [2, 3])).toBeCloseTo(4 / 6, 12)
  expect(chanceOfLess([1, 2], [3, 4])).toBe(1)
  // A table of the test: for 10 and 10, 23 wins are the most that come by chance in no more than 2.5 %.
  const wins = (count: number) => {
    const base = Array.from({ length: 10 }, (_, i) => i + 1)
    const whole = Math.floor(count / 10)
    const run = Array.from({ length: 10 }, (_, i) => (i < whole ? 11 : i === whole ? (count % 10) + 0.5 : 0))
    return chanceOfLess(base, run)
  }
  expect(wins(23)).toBeLessThan(0.025)
  expect(wins(24)).toBeGreaterThan(0.025)
  const many = (from: number) => Array.from({ length: 50 }, (_, i) => from + i)
  expect(chanceOfLess(many(100), many(0))).toBeLessThan(1e-28)
  expect(chanceOfLess(many(0), many(100))).toBe(1)
})

test('equal samples are no evidence', () => {
  expect(chanceOfLess([1, 1, 1, 1, 1], [1, 1, 1, 1, 1])).toBeGreaterThan(0.5)
})

test('the median of an even number is between the two in the middle', () => {
  expect([median([1]), median([1, 2]), median([1, 2, 9])]).toEqual([1, 1.5, 2])
})
