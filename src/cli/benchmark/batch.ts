/**
 * The mode in which the thread that opened the engine has batches decided by its pool, one after the other. What is timed is
 * a batch, from the call until all of its decisions are there.
 */
import type { AuthorizeRequest, Decision, Rune } from '../../index.ts'
import { createFloor } from './floor.ts'
import { addTime, createHistogram } from './histogram.ts'
import { noOutcomes, type Outcomes, type Slice, type SliceTimes, sharedClockNs, timeFloor } from './measure.ts'

/** So many requests a batch, if there are that many. */
export const BATCH_MAX = 4096

export interface BatchTask {
  readonly requests: readonly AuthorizeRequest[]
  readonly order: Uint32Array
  readonly times: SliceTimes | undefined
}

export interface Batches {
  /** Where in the order it goes on. */
  at(): number
  /** Runs a slice, of `times` if they are given. */
  run(times?: SliceTimes): Promise<Slice>
}

/** Decides batches of one order, one after the other. */
export function createBatches(rune: Rune, { requests, order, times }: BatchTask): Batches {
  const floor = createFloor(requests)
  const size = Math.min(BATCH_MAX, order.length)
  let at = 0
  const next = (count: number): AuthorizeRequest[] => {
    const from = at
    at = (at + count) % order.length
    return Array.from({ length: count }, (_, i) => requests[order[(from + i) % order.length] ?? 0]).filter(
      (request) => request !== undefined,
    )
  }
  const run = async (given = times) => {
    const outcomes = noOutcomes()
    const blocks = createHistogram()
    const floorPerSecond = timeFloor({ floor, order, at }, given?.floorMs)
    const limitMs = given && given.blocksMs + given.singlesMs
    const start = performance.now()
    const startNs = sharedClockNs()
    let [now, decisions] = [start, 0]
    do {
      const batch = next(limitMs === undefined ? Math.min(size, order.length - decisions) : size)
      const before = performance.now()
      const answers = await rune.authorizeBatch(batch)
      now = performance.now()
      addTime(blocks, (now - before) * 1e6)
      decisions += answers.length
      for (const answer of answers) count(outcomes, answer)
    } while (limitMs === undefined ? decisions < order.length : now - start < limitMs)
    const endNs = sharedClockNs()
    return { startNs, endNs, decisions, outcomes, floorPerSecond, blocks, singles: createHistogram() }
  }
  return { at: () => at, run }
}

function count(outcomes: Outcomes, { decision, errors }: Decision): void {
  if (errors.some(({ kind }) => kind === 'request')) outcomes.error++
  else {
    outcomes[decision]++
    if (errors.length > 0) outcomes.failing++
  }
}
