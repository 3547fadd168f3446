/**
 * What rules cost that are asked on demand: how often each runs, the rows that it adds, its steps and its time, with and
 * without what it asks of lower strata. A solver that nobody observes knows nothing of it. Owns no solver.
 */
import type { PredicateId, Rule } from '../program/program.ts'
import type { Goal } from './goal.ts'
import type { Machine } from './machine.ts'

/** What a rule does for a goal. */
export type RunRule = (goal: Goal) => void

/** Takes a rule that was compiled, and yields what is to run instead. */
export type Observe = (rule: Rule, run: RunRule) => RunRule

/** Nobody looks on. */
export const unobserved: Observe = (_rule, run) => run

/** Times in nanoseconds. `own` is without what the rule asked of lower strata; goals of its stratum wait until it has run. */
export interface RuleCost {
  readonly rule: Rule
  runs: number
  /** Those that nothing had found before for the same goal. */
  rows: number
  steps: number
  ownSteps: number
  ns: number
  ownNs: number
}

export interface RuleTally {
  readonly observe: Observe
  /** Of each rule that ran. */
  readonly rules: ReadonlyMap<Rule, RuleCost>
  /** How many goals there were of predicates with rules, and the rows of their answers. */
  readonly goals: ReadonlyMap<PredicateId, { readonly goals: number; readonly rows: number }>
  /** To be called before each request. */
  begin(): void
  /** Counts the goals of the request. */
  end(): void
  /** Forgets all costs and goals; reading the clock takes `clockNs`, which is taken away from then on. */
  reset(clockNs: number): void
}

/** A tally of what runs on `machine`. */
export function createRuleTally(machine: Machine): RuleTally {
  const rules = new Map<Rule, RuleCost>()
  const goals = new Map<PredicateId, { goals: number; rows: number }>()
  const seen = new Set<Goal>()
  let clockNs = 0
  /** What ran inside of the rule at work. */
  let inner = { runs: 0, steps: 0, ns: 0 }
  const begin = () => {
    seen.clear()
    inner = { runs: 0, steps: 0, ns: 0 }
  }
  const observe: Observe = (rule, run) => (goal) => {
    seen.add(goal)
    const outer = inner
    const own = (inner = { runs: 0, steps: 0, ns: 0 })
    const { steps: stepsBefore } = machine
    const rowsBefore = goal.rows.length
    const start = performance.now()
    run(goal)
    // Between two readings lies the cost of one; each run inside has cost two.
    const ns = Math.max(0, (performance.now() - start) * 1e6 - clockNs * (1 + 2 * own.runs))
    const steps = stepsBefore - machine.steps
    const cost = costOf(rules, rule)
    cost.runs++
    cost.rows += goal.rows.length - rowsBefore
    cost.steps += steps
    cost.ownSteps += steps - own.steps
    cost.ns += ns
    cost.ownNs += ns - own.ns
    outer.runs += 1 + own.runs
    outer.steps += steps
    outer.ns += ns
    inner = outer
  }
  return {
    observe,
    rules,
    goals,
    begin,
    end: () => {
      for (const { predicate, rows } of seen) {
        const known = goals.get(predicate) ?? { goals: 0, rows: 0 }
        goals.set(predicate, { goals: known.goals + 1, rows: known.rows + rows.length })
      }
      begin()
    },
    reset: (ns) => {
      clockNs = ns
      rules.clear()
      goals.clear()
      begin()
    },
  }
}

function costOf(rules: Map<Rule, RuleCost>, rule: Rule): RuleCost {
  const known = rules.get(rule)
  if (known) return known
  const cost = { rule, runs: 0, rows: 0, steps: 0, ownSteps: 0, ns: 0, ownNs: 0 }
  rules.set(rule, cost)
  return cost
}
