/**
 * Times of parts of something that is done in rounds, each of which times the same in the same order. Work is repeated between
 * two readings of the clock; what these and the loop cost is measured and taken away. Of what is timed at a place of the rounds
 * the median counts: where a pause falls into one of them, it is not taken for work.
 */

export interface Stopwatch<Part> {
  /** Does `work` so many times, notes for `part` what it takes once, and yields that, in nanoseconds. */
  time(part: Part, work: () => void, count: number): number
  /** So many as take microseconds, of what takes `ns`; one, of what takes much longer. */
  repetitions(ns: number | undefined): number
  /** Notes a time for `part`. */
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
    repetitions: (ns = SLOW_NS) => (ns >= SLOW_NS ? 1 : Math.max(2, Math.min(BATCH_MAX, Math.floor(BATCH_NS / ns)))),
    time: (part, work, count) => {
      // In the first of many the machine finds out what the others know.
      if (count > 1) work()
      const ns = (batchNs(work, count) - clock) / count - loop
      note(part, ns)
      return Math.max(1, ns)
    },
    startRound: () => {
      rounds.push((round = []))
      const [one, many] = [idleNs(1), idleNs(BATCH_MAX)]
      loop = Math.max(0, many - one) / (BATCH_MAX - 1)
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

const BATCH_MAX = 64
const BATCH_NS = 10_000
const SLOW_NS = 100_000

/** Two functions, since the loop could inline one; it calls many. */
const IDLE: readonly (() => void)[] = [() => {}, () => undefined]
const IDLE_BATCHES = 101

/** What it costs to time so many calls of what does nothing. */
function idleNs(count: number): number {
  return medianOf(Array.from({ length: IDLE_BATCHES }, () => IDLE.map((idle) => batchNs(idle, count))).flat())
}

function batchNs(work: () => void, count: number): number {
  const start = performance.now()
  for (let i = 0; i < count; i++) work()
  return (performance.now() - start) * 1e6
}

function medianOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}
