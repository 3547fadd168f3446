/**
 * One task, from its contestants to their times: compares the answers of all, and only then takes times, in rounds in which
 * they take turns.
 */
import type { Answer } from './contestants.ts'
import type { Measured, Runner } from './runner.ts'
import type { Task } from './task.ts'

export interface MeasureOptions {
  /** For each contestant in each round. */
  readonly sliceMs: number
  readonly rounds: number
  /** What a contestant may take to answer for comparison, besides three answers; the first answers everything. */
  readonly compareMs: number
}

/** What one contestant may take for all its rounds, besides one decision. */
const LIMIT_MS = 4000

/** Measures all runners of a task. Throws where their answers differ. */
export async function measure(
  task: Task,
  runners: readonly Runner[],
  { sliceMs, rounds, compareMs }: MeasureOptions,
): Promise<Measured[]> {
  const [first, ...others] = runners
  if (!first) return []
  const expected = await first.answers(Number.MAX_SAFE_INTEGER)
  for (const runner of others) compare(task, { name: runner.name, answers: await runner.answers(compareMs), expected })
  const spentMs = new Map<Runner, number>()
  for (let round = 0; round < rounds; round++) {
    // Nobody always comes after the same one.
    const order = [...runners.slice(round % runners.length), ...runners.slice(0, round % runners.length)]
    for (const runner of order) {
      const spent = spentMs.get(runner) ?? 0
      if (spent < LIMIT_MS) spentMs.set(runner, spent + (await runner.slice(sliceMs)))
    }
  }
  const measured: Measured[] = []
  for (const runner of runners) measured.push(await runner.summary())
  return measured
}

interface Compared {
  readonly name: string
  readonly answers: readonly Answer[]
  readonly expected: readonly Answer[]
}

function compare(task: Task, { name, answers, expected }: Compared): void {
  const different = answers.findIndex((answer, i) => !same(answer, expected[i]!))
  if (different < 0) return
  const [found, wanted, request] = [answers, expected, task.requests].map((list) => JSON.stringify(list[different]))
  throw new Error(`${task.name}: ${name} answers ${found}, and should answer ${wanted}, to ${request}`)
}

/** A library that names no policies is compared by decision alone. */
function same(answer: Answer, expected: Answer): boolean {
  if (answer.allowed !== expected.allowed) return false
  return !answer.policies || JSON.stringify(answer.policies) === JSON.stringify(expected.policies)
}
