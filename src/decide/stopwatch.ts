/**
 * Times of parts of something that is done in rounds. Work is repeated between two readings of the clock; what these cost, and
 * what the loop costs, is measured and taken away. Of the rounds the median counts, so that a pause in one of them does not.
 */

export interface Stopwatch<Part> {
  /** Does `work` so many times, adds what it takes once to `part`, and yields that, in nanoseconds. */
  time(part: Part, work: () => void, count: number): number
  /** As often as the work is short: a batch takes microseconds, where it can. */
  repetitions(ns: number | undefined): number
  /** Does `work` once; what it takes counts as much as `weight` says. */
  timeOnce(part: Part, work: () => void, weight: number): void
  add(part: Part, ns: number): void
  startRound(): void
  endRound(): void
  /** Of the rounds; 0 for a part that nobody timed. */
  median(part: Part): number
  /** What a turn of the loop costs, and the call in it. */
  loopNs(): number
}

/** A stopwatch for a clock that takes `clockNs` to read. */
export function createStopwatch<Part>(clockNs: number): Stopwatch<Part> {
  const parts = new Map<Part, { now: number; readonly rounds: number[] }>()
  const loops: number[] = []
  let loop = 0
  const add = (part: Part, ns: number) => {
    const known = parts.get(part)
    if (known) known.now += ns
    else parts.set(part, { now: ns, rounds: [] })
  }
  return {
    add,
    repetitions: (ns) =>
      ns === undefined ? 1 : Math.max(1, Math.min(BATCH_MAX, Math.floor(BATCH_NS / Math.max(1, ns)))),
    time: (part, work, count) => {
      const ns = (batchNs(work, count) - clockNs) / count - loop
      add(part, ns)
      return ns
    },
    timeOnce: (part, work, weight) => {
      add(part, (batchNs(work, 1) - clockNs - loop) * weight)
    },
    startRound: () => {
      const batches = Array.from({ length: IDLE_BATCHES }, () =>
        IDLE.map((idle) => (batchNs(idle, BATCH_MAX) - clockNs) / BATCH_MAX),
      )
      loop = Math.max(0, medianOf(batches.flat()))
      loops.push(loop)
    },
    endRound: () => {
      for (const part of parts.values()) {
        part.rounds.push(part.now)
        part.now = 0
      }
    },
    median: (part) => Math.max(0, medianOf(parts.get(part)?.rounds ?? [])),
    loopNs: () => medianOf(loops),
  }
}

/** What it costs to read the clock: the median of many pairs of readings. */
export function measureClock(): number {
  const pairs = Array.from({ length: 2001 }, () => -performance.now() + performance.now())
  return medianOf(pairs) * 1e6
}

const BATCH_MAX = 64
const BATCH_NS = 5000

/** Two functions, since the loop could inline one; it calls many. */
const IDLE: readonly (() => void)[] = [() => {}, () => undefined]
const IDLE_BATCHES = 16

function batchNs(work: () => void, count: number): number {
  const start = performance.now()
  for (let i = 0; i < count; i++) work()
  return (performance.now() - start) * 1e6
}

function medianOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}
