/**
 * One contestant and its times. Medians come from blocks of 64 decisions, since a clock costs about as much as a fast one;
 * tails come from decisions that are timed one by one, the clock's cost included, which is measured and said.
 */
import type { Answer, Contestant } from './contestants.ts'

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

/** Whom `measure` asks, wherever it runs. */
export interface Runner {
  readonly name: string
  /** As many answers as the limit allows, and at least three. */
  answers(limitMs: number): Promise<Answer[]>
  /** Decides for about so long, and yields how long that took. */
  slice(ms: number): Promise<number>
  summary(): Promise<Measured>
  close(): Promise<void>
}

const BLOCK = 64
/** Who is slower is timed one by one alone. */
const FAST_BLOCK_MS = 10

/** What it costs to read the clock: the median of many pairs of readings. */
export function clockNs(): number {
  const pairs = Float64Array.from({ length: 10_001 }, () => -performance.now() + performance.now())
  return pairs.sort()[pairs.length >> 1]! * 1e6
}

/** A runner in this process, of a task with so many requests. */
export class LocalRunner implements Runner {
  readonly name: string
  readonly #contestant: Contestant
  readonly #readyMs: number
  readonly #requests: number
  /** Where it goes on among the requests. */
  #next = 0
  /** Whether a block of decisions fits into a slice. */
  #isFast = true
  #compared = 0
  #decisions = 0
  /** Per decision, of whole blocks. */
  readonly #blocks: number[] = []
  readonly #singles: number[] = []

  private constructor(name: string, contestant: Contestant, readyMs: number, requests: number) {
    this.name = name
    this.#contestant = contestant
    this.#readyMs = readyMs
    this.#requests = requests
  }

  static async open(name: string, open: () => Contestant | Promise<Contestant>, requests: number): Promise<Runner> {
    const started = performance.now()
    const contestant = await open()
    return new LocalRunner(name, contestant, performance.now() - started, requests)
  }

  answers(limitMs: number): Promise<Answer[]> {
    const answers: Answer[] = []
    const started = performance.now()
    let spent = 0
    while (answers.length < this.#requests && (answers.length < 3 || spent < limitMs)) {
      answers.push(this.#contestant.answer(answers.length))
      spent = performance.now() - started
    }
    this.#compared = answers.length
    this.#isFast = (spent / answers.length) * BLOCK < FAST_BLOCK_MS
    return Promise.resolve(answers)
  }

  /** Half of the slice goes to blocks, half to decisions timed one by one; each of both comes about at least once. */
  slice(ms: number): Promise<number> {
    const started = performance.now()
    let now = started
    if (this.#isFast) {
      do {
        const before = now
        this.#decideBlock()
        now = performance.now()
        this.#blocks.push(((now - before) * 1e6) / BLOCK)
      } while (now - started < ms / 2)
    }
    do {
      const before = performance.now()
      this.#contestant.decide(this.#next)
      now = performance.now()
      this.#advance()
      this.#singles.push((now - before) * 1e6)
    } while (now - started < ms)
    return Promise.resolve(now - started)
  }

  summary(): Promise<Measured> {
    const [blocks, singles] = [this.#blocks, sorted(this.#singles)]
    const medians = blocks.length > 0 ? sorted(blocks) : singles
    return Promise.resolve({
      contestant: this.name,
      readyMs: this.#readyMs,
      compared: this.#compared,
      decisions: this.#decisions + singles.length,
      medianNs: quantile(medians, 0.5),
      p99Ns: quantile(singles, 0.99),
      perSecond: 1e9 / (medians.reduce((sum, ns) => sum + ns, 0) / medians.length),
    })
  }

  async close(): Promise<void> {
    await this.#contestant.close?.()
  }

  #decideBlock(): void {
    let allowed = 0
    for (let i = 0; i < BLOCK; i++) {
      if (this.#contestant.decide(this.#next)) allowed++
      this.#advance()
    }
    // The decisions are used, so that none is optimised away.
    this.#decisions += allowed >= 0 ? BLOCK : 0
  }

  #advance(): void {
    this.#next = this.#next + 1 === this.#requests ? 0 : this.#next + 1
  }
}

function sorted(numbers: readonly number[]): Float64Array {
  return Float64Array.from(numbers).sort()
}

function quantile(numbers: Float64Array, share: number): number {
  return numbers[Math.min(numbers.length - 1, Math.floor(numbers.length * share))]!
}
