/**
 * The result of a benchmark, as `--format json` prints it and `--save` keeps it, and how it follows from what the threads
 * measured. Pure. Rates are decisions a second, of wall time; times are in nanoseconds where a name does not say otherwise.
 */
import type { CacheCounts } from './engine.ts'
import { countBetween, type Histogram, merged, percentile, percentileIfKnown } from './histogram.ts'
import { BLOCK, type Outcomes, type Slice, sumOutcomes } from './measure.ts'
import type { Settings } from './settings.ts'
import { median } from './significance.ts'
import type { GcPauses } from './thread.ts'

export const FORMAT = 'rune-benchmark/1'

export interface BenchmarkResult {
  readonly format: typeof FORMAT
  /** The scenario, or the configuration. */
  readonly name: string
  readonly settings: Settings
  readonly machine: Machine
  readonly requests: { readonly distinct: number; readonly asked: number }
  /** `failing` are among the others. */
  readonly decisions: Outcomes & { readonly total: number }
  readonly throughput: {
    /** The median of the repetitions. */
    readonly perSecond: number
    readonly repetitions: readonly number[]
    /** Over all repetitions. */
    readonly threads: readonly { readonly decisions: number; readonly perSecond: number }[]
  }
  /** All threads together; `ratio` is how many times longer a decision takes. */
  readonly floor: { readonly perSecond: number; readonly repetitions: readonly number[]; readonly ratio: number }
  readonly latency: Latency
  /** Of the caches of the measured threads; absent where there is no cache, or where it is the pool's. */
  readonly cache?: CacheCounts & {
    /** Of all decisions. */
    readonly hitRate: number
  }
  readonly memory: Memory
  /** Of the thread that opened the engine. */
  readonly eventLoop: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }
  /** Of the measured threads. */
  readonly gc: GcPauses & { readonly share: number }
  readonly reloads?: Times
  readonly updates?: Times
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly node: string
  readonly platform: string
  /** Average of the last minute, when the benchmark began. */
  readonly load: number
}

/** A percentile that too few samples lie beyond is absent. */
export interface Latency {
  /** How many requests each sample decides: 1, or those of a batch. */
  readonly of: number
  readonly samples: number
  /** What reading the clock takes, which each sample includes. */
  readonly clockNs: number
  /** The median of a decision in blocks, without the clock; absent for batches. */
  readonly blockP50?: number
  readonly p50?: number
  readonly p90?: number
  readonly p99?: number
  readonly p999?: number
  readonly p9999?: number
  readonly max: number
  readonly histogram: readonly { readonly from: number; readonly to: number; readonly count: number }[]
}

export interface Memory {
  readonly rows: number
  /** Of these rows and their indexes. */
  readonly rowBytes: number
  /** Of all that is shared between threads. */
  readonly arenaBytes: number
}

export interface Times {
  readonly count: number
  readonly p50Ms: number
  readonly maxMs: number
}

/** What was measured. */
export interface Measured {
  readonly name: string
  readonly settings: Settings
  readonly machine: Machine
  readonly requests: BenchmarkResult['requests']
  /** For each repetition, a slice of each thread. */
  readonly slices: readonly (readonly Slice[])[]
  /** Requests in a sample of `blocks`, where nothing is timed one by one. */
  readonly batch?: number
  readonly clockNs: number
  readonly caches: readonly (CacheCounts | undefined)[]
  readonly pauses: readonly GcPauses[]
  /** How long the threads were measured, in all. */
  readonly measuredMs: number
  readonly memory: Memory
  readonly eventLoop: BenchmarkResult['eventLoop']
  readonly reloads: Histogram
  readonly updates: Histogram
}

/** What all of it comes to. */
export function resultOf(measured: Measured): BenchmarkResult {
  const { name, settings, machine, requests, slices, caches, memory, eventLoop, reloads, updates } = measured
  const outcomes = sumOutcomes(slices.flat().map((slice) => slice.outcomes))
  const rates = slices.map(rateOf)
  const floors = slices.map((threads) => sum(threads.map(({ floorPerSecond }) => floorPerSecond)))
  const total = totalOf(outcomes)
  const cache = cacheOf(caches, total)
  return {
    format: FORMAT,
    name,
    settings,
    machine,
    requests,
    decisions: { total, ...outcomes },
    throughput: { perSecond: middle(rates), repetitions: rates, threads: threadsOf(slices) },
    floor: {
      perSecond: middle(floors),
      repetitions: floors,
      ratio: middle(rates.map((rate, i) => (floors[i] ?? 0) / rate)),
    },
    latency: latencyOf(measured),
    ...(cache && { cache }),
    memory,
    eventLoop,
    gc: gcOf(measured),
    ...(settings.reloadEveryMs !== undefined && { reloads: timesOf(reloads) }),
    ...(settings.updateRate !== undefined && { updates: timesOf(updates) }),
  }
}

/** From the first start to the last end: a thread that came late, or had to wait, counts with all its time. */
export function rateOf(threads: readonly Slice[]): number {
  const start = Math.min(...threads.map(({ startNs }) => startNs))
  const end = Math.max(...threads.map(({ endNs }) => endNs))
  return (sum(threads.map(({ decisions }) => decisions)) * 1e9) / Math.max(1, end - start)
}

function threadsOf(slices: readonly (readonly Slice[])[]): BenchmarkResult['throughput']['threads'] {
  return (slices[0] ?? []).map((_, thread) => {
    const own = slices.flatMap((threads) => threads[thread] ?? [])
    return {
      decisions: totalOf(sumOutcomes(own.map(({ outcomes }) => outcomes))),
      perSecond:
        (sum(own.map((slice) => slice.decisions)) * 1e9) /
        Math.max(1, sum(own.map(({ startNs, endNs }) => endNs - startNs))),
    }
  })
}

function latencyOf({ slices, batch, clockNs }: Measured): Latency {
  const blocks = merged(slices.flat().map((slice) => slice.blocks))
  const samples = batch === undefined ? merged(slices.flat().map((slice) => slice.singles)) : blocks
  const shares = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999, p9999: 0.9999 }
  const known = Object.entries(shares).flatMap(([name, share]) => {
    const time = percentileIfKnown(samples, share)
    return time === undefined ? [] : [[name, time] as const]
  })
  return {
    of: batch ?? 1,
    samples: samples.total,
    clockNs,
    ...(batch === undefined && blocks.total > 0 && { blockP50: percentile(blocks, 0.5) / BLOCK }),
    ...Object.fromEntries(known),
    max: samples.max,
    histogram: histogramOf(samples),
  }
}

/** Steps of half an octave or more up to the 99.9th percentile, and one for the few beyond. */
function histogramOf(samples: Histogram): Latency['histogram'] {
  if (samples.total === 0) return []
  const low = Math.floor(2 * Math.log2(Math.max(1, percentile(samples, 0))))
  const high = Math.max(low + 1, Math.ceil(2 * Math.log2(Math.max(2, percentile(samples, 0.999) + 1))))
  const step = Math.ceil((high - low) / BARS_MAX)
  const ends = Array.from({ length: Math.ceil((high - low) / step) }, (_, i) => 2 ** ((low + (i + 1) * step) / 2))
  const last = ends.at(-1) ?? 0
  if (samples.max >= last) ends.push(samples.max + 1)
  return ends.map((to, i) => {
    const from = i === 0 ? 0 : (ends[i - 1] ?? 0)
    return { from, to, count: countBetween(samples, from, to) }
  })
}

const BARS_MAX = 12

function cacheOf(caches: readonly (CacheCounts | undefined)[], decisions: number): BenchmarkResult['cache'] {
  const known = caches.filter((counts) => counts !== undefined)
  if (known.length === 0) return undefined
  const of = (name: keyof CacheCounts) => sum(known.map((counts) => counts[name]))
  const hits = of('hits')
  return {
    hits,
    misses: of('misses'),
    evictions: of('evictions'),
    uncacheable: of('uncacheable'),
    bytes: of('bytes'),
    hitRate: decisions === 0 ? 0 : hits / decisions,
  }
}

function gcOf({ pauses, measuredMs }: Measured): BenchmarkResult['gc'] {
  const totalMs = sum(pauses.map((pause) => pause.totalMs))
  return {
    count: sum(pauses.map(({ count }) => count)),
    totalMs,
    maxMs: Math.max(0, ...pauses.map(({ maxMs }) => maxMs)),
    share: totalMs / Math.max(1, measuredMs * pauses.length),
  }
}

function timesOf(times: Histogram): Times {
  return { count: times.total, p50Ms: percentile(times, 0.5) / 1e6, maxMs: times.max / 1e6 }
}

function totalOf({ permit, deny, forbid, error }: Outcomes): number {
  return permit + deny + forbid + error
}

function middle(numbers: readonly number[]): number {
  return median([...numbers].sort((a, b) => a - b))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}
