/**
 * Times of parts of something that is done in rounds, each of which times the same in the same order. Much is done between two
 * readings of the clock; what these and the loop cost is measured and taken away. Of what is timed at a place of the rounds
 * the median counts: where a pause falls into one of them, it is not taken for work.
 */

export interface Stopwatch<Part> {
  /** Does `work` with each of `items`, up to `batch` between two readings of the clock, and notes for `part` what that takes. */
  sweep<T>(part: Part, items: readonly T[], work: (item: T) => void, batch?: number): void
  /** Does `work` again and again, and notes for `part` what it takes once. */
  repeat(part: Part, work: () => void): void
  /** Notes a time for `part`, in nanoseconds. */
  note(part: Part, ns: number): void
  startRound(): void
  /** Forgets all rounds. */
  clear(): void
  /** What each part takes in a round. */
  totals(): ReadonlyMap<Part, number>
  /** What it costs to read the clock, in the round at hand. */
  clockNs(): number
  /** What that costs, and what a turn of the loop with the call in it does: of all rounds. */
  costs(): { readonly clockNs: number; readonly loopNs: number }
}

export function createStopwatch<Part>(): Stopwatch<Part> {
  /** What is timed at each place of a round, and how long that took in each. */
  const parts: Part[] = []
  const rounds: number[][] = []
  const [clocks, loops]: [number[], number[]] = [[], []]
  let round: number[] = []
  let [clock, loop] = [0, 0]
  const note = (part: Part, ns: number) => {
    if (rounds.length === 1) parts.push(part)
    round.push(ns)
  }
  return {
    note,
    sweep: (part, items, work, batch = BATCH) => {
      for (let from = 0; from < items.length; from += batch) {
        const to = Math.min(items.length, from + batch)
        note(part, batchNs(items, from, to, work) - clock - (to - from) * loop)
      }
    },
    repeat: (part, work) => note(part, (batchNs(REPETITIONS, 0, BATCH, work) - clock) / BATCH - loop),
    startRound: () => {
      rounds.push((round = []))
      const [one, many] = [idleNs(1), idleNs(BATCH)]
      loop = Math.max(0, many - one) / (BATCH - 1)
      clock = Math.max(0, one - loop)
      loops.push(loop)
      clocks.push(clock)
    },
    clear: () => {
      for (const list of [parts, rounds, clocks, loops]) list.length = 0
    },
    totals: () => {
      const totals = new Map<Part, number>()
      parts.forEach((part, place) => {
        const ns = medianOf(rounds.map((times) => times[place] ?? 0))
        totals.set(part, (totals.get(part) ?? 0) + ns)
      })
      return totals
    },
    clockNs: () => clock,
    costs: () => ({ clockNs: medianOf(clocks), loopNs: medianOf(loops) }),
  }
}

const BATCH = 16
const REPETITIONS = Array.from({ length: BATCH }, (_, i) => i)

/** Two functions, since the loop could inline one; it calls many. */
const IDLE: readonly ((item: unknown) => void)[] = [() => {}, () => undefined]
const IDLE_BATCHES = 101

/** What it costs to time so many calls of what does nothing. */
function idleNs(count: number): number {
  const batches = Array.from({ length: IDLE_BATCHES }, () => IDLE.map((idle) => batchNs(REPETITIONS, 0, count, idle)))
  return medianOf(batches.flat())
}

function batchNs<T>(items: readonly T[], from: number, to: number, work: (item: T) => void): number {
  const start = performance.now()
  for (let i = from; i < to; i++) work(items[i] as T)
  return (performance.now() - start) * 1e6
}

function medianOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}
