/**
 * Profiles: what the policies and rules of a configuration cost, for requests that somebody has. Each request is decided once
 * to count, and then again and again to time it: as a whole, and step by step. A policy is evaluated so often between two
 * readings of the clock that reading it hardly weighs; one that asks rules is evaluated once, among the others and in their
 * order, since who asks first pays for all. Decisions that nobody profiles go through none of this. What is said of it to users
 * is in `docs/profile.md`.
 */
import type { PredicateId, ReaderProgram } from '../program/program.ts'
import { type Position, positionOf, type Span } from '../text/source.ts'
import { type Counts, createProfiler, type Part, type ProfilerOptions } from './profiler.ts'
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

/** The steps of decisions; `whole` was timed by itself, next to the `sum` of the others. */
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
  const { program } = options
  const { watch, examine, counts, runRound } = createProfiler(options)
  const cases = requests.flatMap((request) => examine(request) ?? [])
  const counted = counts()
  const rounds = cases.length === 0 ? 0 : runRounds(durationMs, () => runRound(cases), watch.clear)
  const totals = watch.totals()
  const nsOf = (part: Part) => Math.max(0, totals.get(part) ?? 0)
  const policies = program.policies.map(({ id, effect, span }, number): ProfiledPolicy => {
    const { asked, satisfied, failed } = counted.policies[number]!
    return { id, effect, ...placeOf(span), asked, satisfied, failed, ns: nsOf(number) }
  })
  const parts = {
    reading: nsOf('reading'),
    finding: nsOf('finding'),
    policies: sumOf(policies, ({ ns }) => ns),
    decidingRules: nsOf('decidingRules'),
    combining: nsOf('combining'),
  }
  return {
    epoch: options.turned.epoch,
    requests: requests.length,
    decisions: counted.decisions,
    rounds,
    ...watch.costs(),
    times: { whole: nsOf('whole'), sum: sumOf(Object.values(parts), (ns) => ns), ...parts },
    policies: policies.sort(byCost),
    predicates: predicatesOf(program, counted, nsOf).sort(byCost),
  }
}

const ROUNDS_MIN = 3
const ROUNDS_MAX = 31

/** Runs rounds, after one that warms up and is forgotten; a single one where there is no time. */
function runRounds(durationMs: number, round: () => void, forget: () => void): number {
  const end = performance.now() + durationMs
  round()
  if (durationMs === 0) return 1
  forget()
  let rounds = 0
  for (let lastMs = 0; rounds < ROUNDS_MIN || (rounds < ROUNDS_MAX && performance.now() + lastMs / 2 < end); rounds++) {
    const start = performance.now()
    round()
    lastMs = performance.now() - start
  }
  return rounds
}

function predicatesOf(
  { predicates }: ReaderProgram,
  { asks, goals, rules }: Counts,
  nsOf: (part: Part) => number,
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
