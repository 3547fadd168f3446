/**
 * The work behind a profile: a request is examined once, which counts, and tells how it can be timed; then it is timed in
 * rounds, as a whole and step by step, by the very steps of a decision. Owns two deciders; rules of one of them are observed,
 * which costs, so that policies are timed with the other.
 */
import type { PredicateId, Rule } from '../program/program.ts'
import { RuneError } from '../text/diagnostic.ts'
import { askList, createVerdicts } from './cedar/authorize.ts'
import { createDecider, type Decider } from './decider.ts'
import type { Decision } from './decision.ts'
import type { AuthorizeRequest } from './request.ts'
import type { RuleEvaluation, StageOptions } from './stage.ts'
import { createStopwatch, type Stopwatch } from './stopwatch.ts'

/** What a rule costs, and what of that is its own: not that of lower strata. */
export interface RuleCost {
  readonly rule: Rule
  readonly runs: number
  readonly rows: number
  readonly steps: number
  readonly ownSteps: number
  readonly ns: number
  readonly ownNs: number
}

/** What is known of rules that run; counted by who evaluates them. */
export interface ObservedRules {
  readonly rules: ReadonlyMap<Rule, RuleCost>
  readonly goals: ReadonlyMap<PredicateId, { readonly goals: number; readonly rows: number }>
  /** Before a request, and after it. */
  begin(): void
  end(): void
  /** Forgets all; reading the clock takes `clockNs`, which is to be taken away. */
  reset(clockNs: number): void
}

export interface ProfilerOptions extends StageOptions {
  readonly epoch: () => number
  /** What runs there is counted by `observed`; nobody counts what `rules` run. */
  readonly observedRules: RuleEvaluation
  readonly observed: ObservedRules
}

/** A request that is decided without an error. */
export interface Case {
  readonly request: AuthorizeRequest
  /** Numbers of policies that can be asked again and again: they ask nothing. */
  readonly repeated: readonly number[]
  /** Those that ask predicates, in the order in which they are asked. */
  readonly asking: readonly number[]
}

interface PolicyCounts {
  asked: number
  satisfied: number
  failed: number
}

export interface Counts {
  readonly decisions: { permit: number; deny: number; forbid: number; error: number; failing: number }
  /** By number. */
  readonly policies: readonly PolicyCounts[]
  /** What policies and decisions asked. */
  readonly asks: ReadonlyMap<PredicateId, { asked: number; rows: number }>
  readonly goals: ObservedRules['goals']
  readonly rules: readonly RuleCost[]
}

/** Policies by number; of a rule the rule for all of its time, and its body for its own. */
export type Part = 'whole' | 'inTurn' | 'reading' | 'finding' | 'decidingRules' | 'combining' | number | object

interface Profiler {
  /** Counts a request, and tells how to time it; nothing for one that is refused or reaches a limit. */
  examine(request: AuthorizeRequest): Case | undefined
  /** Of all requests that were examined. */
  counts(): Counts
  runRound(cases: readonly Case[]): void
  readonly watch: Stopwatch<Part>
}

export function createProfiler(options: ProfilerOptions): Profiler {
  const { program, observed, rules, observedRules } = options
  let demands = 0
  const demand: RuleEvaluation['demand'] = (predicate, pattern) => {
    demands++
    return rules.demand(predicate, pattern)
  }
  const timed = deciderOver(options, { ...rules, demand })
  const asks = new Map<PredicateId, { asked: number; rows: number }>()
  const seen = deciderOver(options, countAsks(observedRules, asks))
  const policies = program.policies.map((): PolicyCounts => ({ asked: 0, satisfied: 0, failed: 0 }))
  const decisions = { permit: 0, deny: 0, forbid: 0, error: 0, failing: 0 }
  const asker = createAsker(timed)
  const watch = createStopwatch<Part>()
  const askEach = (numbers: readonly number[]) =>
    numbers.map((number) => {
      const before = demands
      return { number, outcome: asker.ask(number), isAsking: demands > before }
    })
  const examine = (request: AuthorizeRequest): Case => {
    const { steps } = timed
    steps.take(request)
    const answers = askEach(candidatesOf(timed))
    steps.permits?.()
    steps.forbids?.()
    observed.begin()
    countDecision(decisions, seen.authorize(request))
    observed.end()
    for (const { number, outcome } of answers) {
      const counts = policies[number]!
      counts.asked++
      if (outcome !== 'unsatisfied') counts[outcome]++
    }
    const numbers = (isAsking: boolean) =>
      answers.flatMap((answer) => (answer.isAsking === isAsking ? [answer.number] : []))
    return { request, repeated: numbers(false), asking: numbers(true) }
  }
  return {
    examine: (request) => {
      try {
        return examine(request)
      } catch (error) {
        if (!(error instanceof RuneError)) throw error
        decisions.error++
        return undefined
      }
    },
    counts: () => ({
      decisions,
      policies,
      asks: new Map([...asks].map(([predicate, counts]) => [predicate, { ...counts }])),
      goals: new Map(observed.goals),
      rules: [...observed.rules.values()].map((cost) => ({ ...cost })),
    }),
    runRound: createRound({ timed, seen, observed, watch, asker }),
    watch,
  }
}

/** Decides without a cache. */
function deciderOver(options: ProfilerOptions, rules: RuleEvaluation): Decider {
  const stats = { hits: 0, misses: 0, evictions: 0, uncacheable: 0 }
  const decider = createDecider({ ...options, rules, compiled: new WeakMap(), cache: undefined, stats })
  const { policies } = decider.steps
  // What is repeated is generated soon; where nothing may be generated, closures stay.
  if (Number.isFinite(policies.interpreted)) policies.interpreted = 0
  return decider
}

function countAsks(rules: RuleEvaluation, asks: Map<PredicateId, { asked: number; rows: number }>): RuleEvaluation {
  const note = (predicate: PredicateId, rows: number) => {
    const counts = asks.get(predicate)
    if (counts) {
      counts.asked++
      counts.rows += rows
    } else asks.set(predicate, { asked: 1, rows })
  }
  return {
    ...rules,
    demand: (predicate, pattern) => {
      const answer = rules.demand(predicate, pattern)
      note(predicate, answer.rows.length)
      return answer
    },
    holds: (predicate, row) => {
      const isStored = rules.holds(predicate, row)
      // What is not known here is asked by `demand`.
      if (isStored !== undefined) note(predicate, isStored ? 1 : 0)
      return isStored
    },
  }
}

function countDecision(decisions: Counts['decisions'], { decision, errors }: Decision): void {
  decisions[decision]++
  if (errors.length > 0) decisions.failing++
}

/** As often as a decision would ask them. */
function candidatesOf({ steps: { policies, frame } }: Decider): number[] {
  const { lists, count } = policies.index.find(frame)
  return lists.slice(0, count).flat()
}

interface Asker {
  ask(number: number): 'satisfied' | 'unsatisfied' | 'failed'
  /** To be called again and again; the verdict is lost. */
  asking(number: number): () => void
}

/** Asks policies one by one, as a decision does. */
function createAsker({ steps: { policies, frame } }: Decider): Asker {
  const verdicts = createVerdicts()
  const isInterpreted = !Number.isFinite(policies.interpreted)
  const lists: (readonly number[])[] = []
  let list: readonly number[] = []
  const ask = () => {
    verdicts.count = 0
    if (verdicts.errors.length > 0) {
      verdicts.errors = []
      verdicts.failed = []
    }
    askList(policies, list, isInterpreted, frame, verdicts)
  }
  const asking = (number: number) => {
    list = lists[number] ??= [number]
    return ask
  }
  return {
    asking,
    ask: (number) => {
      asking(number)()
      return verdicts.count > 0 ? 'satisfied' : verdicts.failed.length > 0 ? 'failed' : 'unsatisfied'
    },
  }
}

interface Round {
  readonly timed: Decider
  readonly seen: Decider
  readonly observed: ObservedRules
  readonly watch: Stopwatch<Part>
  readonly asker: Asker
}

/** Times all cases, each as a whole and step by step. */
function createRound({ timed, seen, observed, watch, asker }: Round): (cases: readonly Case[]) => void {
  const { steps } = timed
  const { policies, frame, permits, forbids } = steps
  /** How long a case or a policy took the last time. */
  const typical = new Map<Case | number, number>()
  /** In the order of a decision, and each time anew: who asks first pays. */
  const timeAsking = ({ request, asking }: Case) => {
    steps.take(request)
    for (const number of asking) watch.time(number, asker.asking(number), 1)
    if (permits) watch.time('decidingRules', permits, 1)
    if (forbids) watch.time('decidingRules', forbids, 1)
  }
  const timeRules = (request: AuthorizeRequest) => {
    observed.reset(watch.clockNs())
    observed.begin()
    seen.authorize(request)
    observed.end()
    for (const [rule, { ns, ownNs }] of observed.rules) {
      watch.note(rule, ns)
      watch.note(rule.body, ownNs)
    }
  }
  const timeCase = (one: Case) => {
    const { request, repeated, asking } = one
    const repetitions = watch.repetitions(typical.get(one))
    typical.set(
      one,
      watch.time('whole', () => timed.authorize(request), repetitions),
    )
    watch.time('reading', () => steps.take(request), repetitions)
    if (asking.length > 0 || permits || forbids) {
      timeAsking(one)
      timeRules(request)
    }
    watch.time('finding', () => policies.index.find(frame), SEARCHES)
    for (const number of repeated) {
      typical.set(number, watch.time(number, asker.asking(number), watch.repetitions(typical.get(number))))
    }
    steps.ask()
    const [permitted, forbidden] = [permits?.(), forbids?.()]
    watch.time('combining', () => steps.conclude(permitted, forbidden), repetitions)
  }
  return (cases) => {
    watch.startRound()
    for (let from = 0; from < cases.length; from += CHUNK) {
      const chunk = cases.slice(from, from + CHUNK)
      watch.time('inTurn', () => chunk.forEach(({ request }) => void timed.authorize(request)), 1)
    }
    cases.forEach(timeCase)
  }
}

const SEARCHES = 16
/** So many different requests are decided between two readings of the clock. */
const CHUNK = 16
