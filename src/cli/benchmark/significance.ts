/**
 * Whether one series of measurements is slower than another, and not only by chance: the test of Mann and Whitney (Annals of
 * Mathematical Statistics 18, 1947), which asks nothing about how measurements are spread, and the median of all ratios
 * (Hodges and Lehmann, 1963). Pure.
 */

export interface Comparison {
  /** By how much the second is slower: 0.2 for a rate of 80 %; below 0 where it is faster. */
  readonly slowdown: number
  /** How likely it is to see the second that much behind by chance. */
  readonly chance: number
  /** Whether the second is slower by more than the limit, and not by chance. */
  readonly regressed: boolean
}

/** Fewer on a side cannot be told from chance. */
export const SAMPLES_MIN = 5

/** More than a test needs, and few enough to compute it exactly. */
export const SAMPLES_MAX = 50

/** Above it, a difference counts as chance. */
export const CHANCE_MAX = 0.01

/** Compares rates (more is better). `limit` is the slowdown that is accepted: 0.1 for 10 %. */
export function compareRates(base: readonly number[], rates: readonly number[], limit: number): Comparison {
  const ratios = base.flatMap((before) => rates.map((now) => now / before)).sort((a, b) => a - b)
  const slowdown = 1 - median(ratios)
  const chance = chanceOfLess(base, rates)
  return { slowdown, chance, regressed: slowdown > limit && chance < CHANCE_MAX }
}

/** The middle of sorted numbers. */
export function median(sorted: readonly number[]): number {
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2
}

/**
 * How likely `second` is to win no more often against `first` than it does, if both come from one distribution: exact, and
 * ties counted so that it never comes out too small.
 */
export function chanceOfLess(first: readonly number[], second: readonly number[]): number {
  let wins = 0
  for (const a of first) for (const b of second) wins += b > a ? 1 : b === a ? 0.5 : 0
  const ways = waysOfWins(first.length, second.length)
  const sum = (upTo: number) => ways.slice(0, upTo + 1).reduce((total, count) => total + count, 0)
  return sum(Math.ceil(wins)) / sum(ways.length - 1)
}

/** In how many orders of `m` and `n` things the second kind wins 0, 1, … `m n` times: the coefficients of a Gaussian binomial. */
function waysOfWins(m: number, n: number): number[] {
  // The product of (1 - x^(n + i)) / (1 - x^i) for i = 1 … m, cut off after m n.
  const ways = new Array<number>(m * n + 1).fill(0)
  ways[0] = 1
  for (let i = 1; i <= m; i++) {
    for (let at = m * n; at >= n + i; at--) ways[at] = (ways[at] ?? 0) - (ways[at - n - i] ?? 0)
    for (let at = i; at <= m * n; at++) ways[at] = (ways[at] ?? 0) + (ways[at - i] ?? 0)
  }
  return ways
}
