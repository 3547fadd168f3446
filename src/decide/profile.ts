/**
 * Profiles: what the policies and rules of a configuration cost, for requests that somebody has. Each request is decided once
 * to count, and then again and again to time it: as a whole, and step by step. A policy is evaluated so often between two
 * readings of the clock that reading it hardly weighs; one that asks rules is evaluated once, among the others and in their
 * order, since who asks first pays for all. Decisions that nobody profiles go through none of this. What is said of it to users
 * is in `docs/profile.md`.
 */
import type { PredicateId, ReaderProgram } from '../program/program.ts'
import { type Position, positionOf, type Span } from '../text/source.ts'
import { type Counts, createProfiler, type ProfilerOptions } from './profiler.ts'
import type { AuthorizeRequest } from './request.ts'

/** All times are nanoseconds for all requests once, the median of the rounds; all counts are of all requests once. */
export interface Profile {
  readonly epoch: number
  readonly requests: number
  /** What came of them. `error`: refused, or at a limit; nothing else here is about these. `failing`: a policy or rule failed. */
  readonly decisions: {
    readonly permit: number
    readonly deny: number
    readonly forbid: number
    readonly error: number
    readonly failing: number
  }
  /** How often all requests were timed. */
  readonly rounds: number
  /** What reading the clock cost, and each turn of the loop between two readings; both are taken away. */
  readonly clockNs: number
  readonly loopNs: number
  readonly times: ProfiledTimes
  /** All there are, the most expensive first. */
  readonly policies: readonly ProfiledPolicy[]
  /** Those that were asked, and what they asked; the most expensive first. */
  readonly predicates: readonly ProfiledPredicate[]
}

/** `whole` was timed by itself, and `sum` is what the others come to. */
export interface ProfiledTimes {
  readonly whole: number
  readonly sum: number
  readonly reading: number
  readonly finding: number
  readonly policies: number
  /** Asking `permit` and `forbid`. */
  readonly decidingRules: number
  readonly combining: number
}

export interface ProfiledPolicy extends Place {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  /** How often it was evaluated. */
  readonly asked: number
  readonly satisfied: number
  readonly failed: number
  /** With the rules that it was the first to ask. */
  readonly ns: number
}

/** `own` times and steps are without what its rules asked of lower strata. */
export interface ProfiledPredicate {
  readonly name: string
  readonly arity: number
  /** How often policies asked it, and decisions for `permit` and `forbid`. */
  readonly asked: number
  /** How many different questions rules worked out, these and those of other rules. None where its rows are stored. */
  readonly goals: number
  readonly rows: number
  readonly steps: number
  readonly ownSteps: number
  readonly ns: number
  readonly ownNs: number
  readonly rules: readonly ProfiledRule[]
}

export interface ProfiledRule extends Place {
  readonly name: string
  readonly runs: number
  /** That no other had found for the same goal. */
  readonly rows: number
  readonly steps: number
  readonly ownSteps: number
  readonly ns: number
  readonly ownNs: number
}

/** Absent where nobody wrote it. */
interface Place extends Partial<Position> {
  readonly file?: string
}

/** Profiles `requests` for about `durationMs`, and at least for one round. */
export function profile(requests: readonly AuthorizeRequest[], durationMs: number, options: ProfilerOptions): Profile {
  const { program, clockNs } = options
  const end = performance.now() + durationMs
  const { watch, examine, counts, runRound } = createProfiler(options)
  const cases = requests.flatMap((request) => examine(request) ?? [])
  const counted = counts()
  let rounds = 0
  while (cases.length > 0 && rounds < ROUNDS_MAX) {
    const start = performance.now()
    runRound(cases)
    rounds++
    const now = performance.now()
    // The next one would take as long.
    if (now + (now - start) / 2 > end) break
  }
  const policies = program.policies.map(({ id, effect, span }, number): ProfiledPolicy => {
    const { asked, satisfied, failed } = counted.policies[number]!
    return { id, effect, ...placeOf(span), asked, satisfied, failed, ns: watch.median(number) }
  })
  const parts = {
    reading: watch.median('reading'),
    finding: watch.median('finding'),
    policies: sumOf(policies, ({ ns }) => ns),
    decidingRules: watch.median('decidingRules'),
    combining: watch.median('combining'),
  }
  return {
    epoch: options.epoch(),
    requests: requests.length,
    decisions: counted.decisions,
    rounds,
    clockNs,
    loopNs: watch.loopNs(),
    times: { whole: watch.median('whole'), sum: sumOf(Object.values(parts), (ns) => ns), ...parts },
    policies: policies.sort(byCost),
    predicates: predicatesOf(program, counted, watch.median).sort(byCost),
  }
}

const ROUNDS_MAX = 101

function predicatesOf(
  { predicates }: ReaderProgram,
  { asks, goals, rules }: Counts,
  nsOf: (key: object) => number,
): ProfiledPredicate[] {
  return [...new Set([...asks.keys(), ...goals.keys()])].map((id: PredicateId): ProfiledPredicate => {
    const { name, arity } = predicates[id]!
    const own = rules
      .filter(({ rule }) => rule.head === id)
      .map((cost): ProfiledRule => {
        const { rule, runs, rows, steps, ownSteps } = cost
        const times = { ns: nsOf(rule), ownNs: nsOf(rule.body) }
        return { name: rule.name, ...placeOf(rule.span), runs, rows, steps, ownSteps, ...times }
      })
      .sort(byCost)
    const { asked, rows } = asks.get(id) ?? { asked: 0, rows: 0 }
    const worked = goals.get(id)
    return {
      name,
      arity,
      asked,
      goals: worked?.goals ?? 0,
      rows: worked?.rows ?? rows,
      steps: sumOf(own, (rule) => rule.steps),
      ownSteps: sumOf(own, (rule) => rule.ownSteps),
      ns: sumOf(own, (rule) => rule.ns),
      ownNs: sumOf(own, (rule) => rule.ownNs),
      rules: own,
    }
  })
}

function byCost(a: { readonly ns: number }, b: { readonly ns: number }): number {
  return b.ns - a.ns
}

function sumOf<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((sum, item) => sum + of(item), 0)
}

function placeOf(span: Span | undefined): Place {
  return span ? { file: span.source.path, ...positionOf(span.source, span.start) } : {}
}
