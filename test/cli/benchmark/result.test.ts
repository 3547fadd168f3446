/** What measurements come to: totals add up over threads and repetitions, and rates are of wall time. */
import { expect, test } from 'vitest'
import { addTime, createHistogram } from '../../../src/cli/benchmark/histogram.ts'
import type { Slice } from '../../../src/cli/benchmark/measure.ts'
import { type Measured, resultOf } from '../../../src/cli/benchmark/result.ts'

/** A slice that starts and ends at these milliseconds. */
function slice(startMs: number, endMs: number, decisions: number, singleNs: number): Slice {
  const [blocks, singles] = [createHistogram(), createHistogram()]
  for (let i = 0; i < 100; i++) addTime(singles, singleNs)
  for (let i = 0; i < 10; i++) addTime(blocks, 64 * 50)
  const outcomes = { permit: decisions, deny: 60, forbid: 30, error: 10, failing: 5 }
  const times = { startNs: startMs * 1e6, endNs: endMs * 1e6 }
  return { ...times, decisions, outcomes, floorPerSecond: 1e6, blocks, singles }
}

const cache = { hits: 150_000, misses: 5, evictions: 1, uncacheable: 5, bytes: 1000 }
const measured: Measured = {
  name: 'rbac',
  settings: {
    scenario: 'rbac',
    mode: 'cached',
    threads: 2,
    requests: 10,
    sliceMs: 100,
    warmupMs: 0,
    repetitions: 3,
    zipf: 0,
    seed: 1,
    scale: 1,
    failOver: 0.1,
    reloadEveryMs: 5,
  },
  machine: { cpu: 'a cpu', cores: 2, node: 'v20.0.0', platform: 'linux x64', load: 0 },
  requests: { distinct: 10, asked: 10 },
  slices: [
    [slice(0, 100, 50_000, 100), slice(10, 110, 60_000, 1000)],
    [slice(200, 300, 50_000, 100), slice(200, 300, 50_000, 1000)],
    [slice(400, 500, 40_000, 100), slice(400, 500, 50_000, 1000)],
  ],
  clockNs: 45,
  caches: [cache, cache],
  pauses: [
    { count: 1, totalMs: 2, maxMs: 2 },
    { count: 2, totalMs: 4, maxMs: 3 },
  ],
  measuredMs: 300,
  memory: { rows: 10, rowBytes: 100, arenaBytes: 1000 },
  eventLoop: { p50Ms: 1, p99Ms: 2, maxMs: 3 },
  reloads: createHistogram(),
  updates: createHistogram(),
}
const result = resultOf(measured)

test('totals add up over threads, repetitions and kinds of decision', () => {
  const { decisions, throughput } = result
  expect(decisions).toEqual({ total: 300_600, permit: 300_000, deny: 360, forbid: 180, error: 60, failing: 30 })
  expect(throughput.threads.map((thread) => thread.decisions)).toEqual([140_300, 160_300])
  expect(throughput.threads.reduce((sum, thread) => sum + thread.decisions, 0)).toBe(decisions.total)
})

test('a rate is of the time from the first start to the last end', () => {
  expect(result.throughput.repetitions).toEqual([1e6, 1e6, 0.9e6])
  expect(result.throughput.perSecond).toBe(1e6)
  const rates = result.throughput.threads.map(({ perSecond }) => perSecond)
  expect(rates).toEqual([140_000 / 0.3, 160_000 / 0.3])
})

test('the floor is that of all threads together', () => {
  expect(result.floor).toEqual({ perSecond: 2e6, repetitions: [2e6, 2e6, 2e6], ratio: 2 })
})

test('latencies are of all threads, and what is not known is absent', () => {
  const { latency } = result
  expect(latency).toMatchObject({ of: 1, samples: 600, clockNs: 45, blockP50: 50, p50: 100, max: 1000 })
  expect(latency.p90).toBeCloseTo(1000, -2)
  expect(latency.p999).toBeUndefined()
  expect(latency.histogram.reduce((sum, bar) => sum + bar.count, 0)).toBe(600)
})

test('caches and pauses are those of all threads', () => {
  const counts = { hits: 300_000, misses: 10, evictions: 2, uncacheable: 10, bytes: 2000 }
  expect(result.cache).toEqual({ ...counts, hitRate: 300_000 / result.decisions.total })
  expect(result.gc).toEqual({ count: 3, totalMs: 6, maxMs: 3, share: 0.01 })
  expect(resultOf({ ...measured, caches: [undefined, undefined] })).not.toHaveProperty('cache')
})

test('a sample of batches is a batch', () => {
  const { latency } = resultOf({ ...measured, batch: 4096 })
  expect(latency).toMatchObject({ of: 4096, samples: 60, p50: 3200 })
  expect(latency).not.toHaveProperty('blockP50')
})

test('reloads are only told of where there were to be some', () => {
  expect(result).toHaveProperty('reloads')
  expect(result).not.toHaveProperty('updates')
})
