/**
 * One task, from its contestants to their times: opens all, compares their answers, and only then takes times, in rounds in
 * which they take turns. Medians come from blocks of 64 decisions, since a clock costs about as much as a fast one; tails come
 * from decisions that are timed one by one, the clock's cost included, which is measured and said.
 */
import type { Answer, Contestant } from './contestants.ts'
import type { Task } from './task.ts'

export interface Measured {
  readonly contestant: string
  /** Until it can decide: policies read, and entities too where they can be kept. */
  readonly readyMs: number
  /** How many answers were compared. */
  readonly compared: number
  readonly decisions: number
  readonly medianNs: number
  /** Of decisions timed one by one. */
  readonly p99Ns: number
  readonly perSecond: number
}

export interface MeasureOptions {
  /** For each contestant in each round. */
  readonly sliceMs: number
  readonly rounds: number
  /** What a contestant may take to answer for comparison, besides three answers; the first answers everything. */
  readonly compareMs: number
}

export type Openers = Readonly<Record<string, () => Contestant | Promise<Contestant>>>

/** What one contestant may take for all its rounds, besides one decision. */
const LIMIT_MS = 4000
const BLOCK = 64
/** Who is slower is timed one by one alone. */
const FAST_BLOCK_MS = 10

/** Measures all who are named. Throws where their answers differ. */
export async function measure(task: Task, openers: Openers, options: MeasureOptions): Promise<Measured[]> {
  const runners: Runner[] = []
  for (const [name, open] of Object.entries(openers)) runners.push(await openRunner(name, open))
  const [first, ...others] = runners
  if (!first) return []
  const answers = answersOf(first, task, Number.POSITIVE_INFINITY)
  for (const runner of others) compare(task, runner, { answers, limitMs: options.compareMs })
  for (let round = 0; round < options.rounds; round++) {
    // Nobody always comes after the one who leaves the most garbage.
    const order = [...runners.slice(round % runners.length), ...runners.slice(0, round % runners.length)]
    for (const runner of order) if (runner.spentMs < LIMIT_MS) runSlice(runner, task.requests.length, options.sliceMs)
  }
  for (const { contestant } of runners) await contestant.close?.()
  return runners.map(summaryOf)
}

/** What it costs to read the clock: the median of many pairs of readings. */
export function clockNs(): number {
  const pairs = Float64Array.from({ length: 10_001 }, () => -performance.now() + performance.now())
  return pairs.sort()[pairs.length >> 1]! * 1e6
}

interface Runner {
  readonly name: string
  readonly contestant: Contestant
  readonly readyMs: number
  compared: number
  /** Where it goes on among the requests. */
  next: number
  /** Whether a block of decisions fits into a slice. */
  fast: boolean
  spentMs: number
  decisions: number
  /** Per decision, of whole blocks. */
  readonly blocks: number[]
  readonly singles: number[]
}

async function openRunner(name: string, open: Openers[string]): Promise<Runner> {
  const started = performance.now()
  const contestant = await open()
  const readyMs = performance.now() - started
  const counts = { compared: 0, next: 0, fast: true, spentMs: 0, decisions: 0 }
  return { name, contestant, readyMs, ...counts, blocks: [], singles: [] }
}

/** As many answers as the limit allows. */
function answersOf(runner: Runner, { requests }: Task, limitMs: number): Answer[] {
  const answers: Answer[] = []
  const started = performance.now()
  let spent = 0
  while (answers.length < requests.length && (answers.length < 3 || spent < limitMs)) {
    answers.push(runner.contestant.answer(answers.length))
    spent = performance.now() - started
  }
  runner.compared = answers.length
  runner.fast = (spent / answers.length) * BLOCK < FAST_BLOCK_MS
  return answers
}

interface Expected {
  readonly answers: readonly Answer[]
  readonly limitMs: number
}

function compare(task: Task, runner: Runner, { answers: expected, limitMs }: Expected): void {
  const answers = answersOf(runner, task, limitMs)
  const different = answers.findIndex((answer, i) => !same(answer, expected[i]!))
  if (different < 0) return
  const [found, wanted, request] = [answers, expected, task.requests].map((list) => JSON.stringify(list[different]))
  throw new Error(`${task.name}: ${runner.name} answers ${found}, and should answer ${wanted}, to ${request}`)
}

/** A library that names no policies is compared by decision alone. */
function same(answer: Answer, expected: Answer): boolean {
  if (answer.allowed !== expected.allowed) return false
  return !answer.policies || JSON.stringify(answer.policies) === JSON.stringify(expected.policies)
}

/** Half of the slice goes to blocks, half to decisions timed one by one; each of both comes about at least once. */
function runSlice(runner: Runner, requests: number, sliceMs: number): void {
  const { blocks, singles } = runner
  const started = performance.now()
  let now = started
  if (runner.fast) {
    do {
      const before = now
      runBlock(runner, requests)
      now = performance.now()
      blocks.push(((now - before) * 1e6) / BLOCK)
    } while (now - started < sliceMs / 2)
  }
  do {
    const before = performance.now()
    runner.contestant.decide(runner.next)
    now = performance.now()
    runner.next = runner.next + 1 === requests ? 0 : runner.next + 1
    singles.push((now - before) * 1e6)
  } while (now - started < sliceMs)
  runner.spentMs += now - started
}

function runBlock(runner: Runner, requests: number): void {
  const { contestant } = runner
  let allowed = 0
  for (let i = 0; i < BLOCK; i++) {
    if (contestant.decide(runner.next)) allowed++
    runner.next = runner.next + 1 === requests ? 0 : runner.next + 1
  }
  // The decisions are used, so that none is optimised away.
  runner.decisions += allowed >= 0 ? BLOCK : 0
}

function summaryOf({ name, readyMs, compared, blocks, singles }: Runner): Measured {
  const medians = sorted(blocks.length > 0 ? blocks : singles)
  return {
    contestant: name,
    readyMs,
    compared,
    decisions: blocks.length * BLOCK + singles.length,
    medianNs: quantile(medians, 0.5),
    p99Ns: quantile(sorted(singles), 0.99),
    perSecond: 1e9 / (medians.reduce((sum, ns) => sum + ns, 0) / medians.length),
  }
}

function sorted(numbers: readonly number[]): Float64Array {
  return Float64Array.from(numbers).sort()
}

function quantile(numbers: Float64Array, share: number): number {
  return numbers[Math.min(numbers.length - 1, Math.floor(numbers.length * share))]!
}
