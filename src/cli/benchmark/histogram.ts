/**
 * Times, counted in buckets: 64 to each power of two, so that what is read from them is at most 1.6 % off, whatever the range.
 * Adding one allocates nothing. Pure; owns neither clocks nor print.
 */

/** How often each time came, in nanoseconds; it can be sent to another thread. */
export interface Histogram {
  readonly buckets: Float64Array
  total: number
  max: number
}

/** One that is empty. */
export function createHistogram(): Histogram {
  return { buckets: new Float64Array(BUCKETS), total: 0, max: 0 }
}

/** Adds a time. One of more than two seconds is only exact as the maximum. */
export function addTime(histogram: Histogram, ns: number): void {
  const { buckets } = histogram
  const bucket = bucketOf(ns)
  buckets[bucket] = (buckets[bucket] ?? 0) + 1
  histogram.total++
  if (ns > histogram.max) histogram.max = ns
}

/** All times of all of them. */
export function merged(histograms: readonly Histogram[]): Histogram {
  const all = createHistogram()
  for (const { buckets, total, max } of histograms) {
    for (let i = 0; i < BUCKETS; i++) all.buckets[i] = (all.buckets[i] ?? 0) + (buckets[i] ?? 0)
    all.total += total
    all.max = Math.max(all.max, max)
  }
  return all
}

/** The time that the share `share` of all times does not exceed; 0 where there are none. */
export function percentile({ buckets, total, max }: Histogram, share: number): number {
  // Of what a share comes to in floating point, such as 0.9999 × 10,000, the last digits are noise.
  const rank = Math.max(1, Math.ceil(share * total - 1e-6))
  if (rank >= total) return max
  let seen = 0
  for (let i = 0; i < BUCKETS; i++) {
    seen += buckets[i] ?? 0
    if (seen >= rank) return Math.min(max, middleOf(i))
  }
  return max
}

/** The same, or nothing where too few times lie beyond it to say. */
export function percentileIfKnown(histogram: Histogram, share: number): number | undefined {
  return histogram.total * (1 - share) >= BEYOND_MIN ? percentile(histogram, share) : undefined
}

/** How many times lie in `[from, to)`, each bucket being counted where its middle lies. */
export function countBetween({ buckets }: Histogram, from: number, to: number): number {
  let count = 0
  for (let i = 0; i < BUCKETS; i++) if (middleOf(i) >= from && middleOf(i) < to) count += buckets[i] ?? 0
  return count
}

const SUB_BITS = 6
const SUBS = 1 << SUB_BITS
/** Times are below 2^31 ns. */
const TIME_MAX = 2 ** 31 - 1
const BUCKETS = (31 - SUB_BITS + 1) * SUBS
const BEYOND_MIN = 10 - 1e-6

function bucketOf(ns: number): number {
  const time = Math.max(0, Math.min(TIME_MAX, Math.round(ns)))
  if (time < SUBS) return time
  const shift = 31 - Math.clz32(time) - SUB_BITS
  return ((shift + 1) << SUB_BITS) + ((time >>> shift) & (SUBS - 1))
}

function middleOf(bucket: number): number {
  if (bucket < 2 * SUBS) return bucket
  const shift = (bucket >>> SUB_BITS) - 1
  const low = (SUBS + (bucket & (SUBS - 1))) * 2 ** shift
  return low + (2 ** shift - 1) / 2
}
