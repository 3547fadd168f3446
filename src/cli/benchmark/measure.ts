/**
 * The clock and the loops: one slice of a measurement in one thread. First the floor, then decisions in blocks between two
 * readings of the clock, which give the throughput, then decisions that are timed one by one, which give the tail. Reading
 * the clock costs as much as a fast decision, so it is measured and said. Owns no threads and no modes.
 */
import type { Decide } from './engine.ts'
import { type Floor, runFloor } from './floor.ts'
import { addTime, createHistogram, type Histogram } from './histogram.ts'

/** What came of requests, and how often. */
export interface Outcomes {
  permit: number
  deny: number
  forbid: number
  /** Refused, or at a limit. */
  error: number
  /** Decided, though a policy or a rule failed on the way. */
  failing: number
}

/** One thread at its work. */
export interface Loop {
  readonly decide: Decide
  readonly floor: Floor
  /** The numbers of the requests, in the order in which they are asked again and again. */
  readonly order: Uint32Array
  /** Where it goes on. */
  at: number
}

/** Milliseconds for each part; absent: each part asks everything once. */
export interface SliceTimes {
  readonly floorMs: number
  readonly blocksMs: number
  readonly singlesMs: number
}

export interface Slice {
  /** Of the part in blocks: nanoseconds of a clock that all threads share. */
  readonly startNs: number
  readonly endNs: number
  readonly decisions: number
  /** Of all parts. */
  readonly outcomes: Outcomes
  readonly floorPerSecond: number
  /** What blocks of `BLOCK` decisions took. */
  readonly blocks: Histogram
  /** What single decisions took, and reading the clock with each. */
  readonly singles: Histogram
}

export const BLOCK = 64

/** Runs one slice. */
export function runSlice(loop: Loop, times: SliceTimes | undefined): Slice {
  const outcomes = noOutcomes()
  const [blocks, singles] = [createHistogram(), createHistogram()]
  const floorPerSecond = timeFloor(loop, times?.floorMs)
  const startNs = sharedClockNs()
  const decisions = timeBlocks(loop, times?.blocksMs, { outcomes, times: blocks })
  const endNs = sharedClockNs()
  timeSingles(loop, times?.singlesMs, { outcomes, times: singles })
  return { startNs, endNs, decisions, outcomes, floorPerSecond, blocks, singles }
}

/** What it costs to read the clock: the median of many pairs of readings. */
export function clockNs(): number {
  const pairs = Float64Array.from({ length: 10_001 }, () => -performance.now() + performance.now())
  return (pairs.sort()[pairs.length >> 1] ?? 0) * 1e6
}

export function noOutcomes(): Outcomes {
  return { permit: 0, deny: 0, forbid: 0, error: 0, failing: 0 }
}

/** All of `list` together. */
export function sumOutcomes(list: readonly Outcomes[]): Outcomes {
  const sum = noOutcomes()
  for (const outcomes of list) for (const key of OUTCOMES) sum[key] += outcomes[key]
  return sum
}

const OUTCOMES = ['permit', 'deny', 'forbid', 'error', 'failing'] as const

interface Results {
  readonly outcomes: Outcomes
  readonly times: Histogram
}

/** A clock that all threads share. */
export function sharedClockNs(): number {
  return Number(process.hrtime.bigint())
}

/** Look-ups a second; absent a limit, each request once. */
export function timeFloor({ floor, order, at }: Omit<Loop, 'decide'>, limitMs: number | undefined): number {
  const start = performance.now()
  let [now, from, count, allowed] = [start, at, 0, 0]
  do {
    allowed += runFloor(floor, order, from, BLOCK)
    from = (from + BLOCK) % order.length
    count += BLOCK
    now = performance.now()
  } while (limitMs === undefined ? count < order.length : now - start < limitMs)
  // What was found is used, so that nothing is optimised away.
  return allowed >= 0 ? (count * 1000) / Math.max(now - start, 1e-6) : 0
}

function timeBlocks(loop: Loop, limitMs: number | undefined, { outcomes, times }: Results): number {
  const start = performance.now()
  let [now, count] = [start, 0]
  do {
    const before = now
    const size = limitMs === undefined ? Math.min(BLOCK, loop.order.length - count) : BLOCK
    runBlock(loop, size, outcomes)
    now = performance.now()
    count += size
    if (size === BLOCK) addTime(times, (now - before) * 1e6)
  } while (limitMs === undefined ? count < loop.order.length : now - start < limitMs)
  return count
}

function timeSingles(loop: Loop, limitMs: number | undefined, { outcomes, times }: Results): void {
  const start = performance.now()
  let [now, count] = [start, 0]
  do {
    const before = performance.now()
    runBlock(loop, 1, outcomes)
    now = performance.now()
    addTime(times, (now - before) * 1e6)
    count++
  } while (limitMs === undefined ? count < loop.order.length : now - start < limitMs)
}

function runBlock(loop: Loop, size: number, outcomes: Outcomes): void {
  const { decide, order } = loop
  let { at } = loop
  for (let i = 0; i < size; i++) {
    const decision = decide(order[at] ?? 0)
    at = at + 1 === order.length ? 0 : at + 1
    if (decision === undefined) outcomes.error++
    else {
      if (decision.allowed) outcomes.permit++
      else if (decision.decision === 'deny') outcomes.deny++
      else outcomes.forbid++
      if (decision.errors.length > 0) outcomes.failing++
    }
  }
  loop.at = at
}
