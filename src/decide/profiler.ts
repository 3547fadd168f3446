/**
 * The work behind a profile: a request is examined once, which counts, and tells how it can be timed; then it is timed in
 * rounds, as a whole and step by step, by the very steps of a decision. Owns two deciders; rules of one of them are observed,
 * which costs, so that policies are timed with the other.
 */
import type { Overlay } from '../image/overlay.ts'
import type { PredicateId, Rule } from '../program/program.ts'
import { RuneError } from '../text/diagnostic.ts'
import { askList, clearVerdicts, createVerdicts } from './cedar/authorize.ts'
import { Frame } from './cedar/frame.ts'
import { numbersOf, policyList } from './cedar/policy-index.ts'
import { Decider } from './decider.ts'
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
  readonly turned: { readonly epoch: number }
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
  readonly bringsEntities: boolean
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
export type Part = 'whole' | 'reading' | 'finding' | 'decidingRules' | 'combining' | number | object

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
  const ask = createAsker(timed)
  const watch = createStopwatch<Part>()
  const stored = timed.steps.frame.entities
  const askEach = (numbers: readonly number[]) =>
    numbers.map((number) => {
      const before = demands
      return { number, outcome: ask(number, timed.steps.frame), isAsking: demands > before }
    })
  const examine = (request: AuthorizeRequest): Case => {
    const { steps } = timed
    steps.take(request)
    const bringsEntities = steps.frame.entities !== stored
    const answers = askEach(candidatesOf(timed))
    steps.permits?.()
    steps.forbids?.()
    observed.begin()
    countDecision(decisions, seen.entrances.authorize(request))
    observed.end()
    for (const { number, outcome } of answers) {
      const counts = policies[number]!
      counts.asked++
      if (outcome !== 'unsatisfied') counts[outcome]++
    }
    const numbers = (isAsking: boolean) =>
      answers.flatMap((answer) => (answer.isAsking === isAsking ? [answer.number] : []))
    return { request, repeated: numbers(false), asking: numbers(true), bringsEntities }
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
    runRound: createRound({ timed, seen, observed, watch, ask, overlay: options.overlay }),
    watch,
  }
}

/** Decides without a cache. */
function deciderOver(options: ProfilerOptions, rules: RuleEvaluation): Decider {
  const stats = { hits: 0, misses: 0, evictions: 0, uncacheable: 0 }
  const decider = new Decider({ ...options, rules, compiled: new WeakMap(), cache: undefined, stats })
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
  return numbersOf(policies.index.find(frame))
}

type Ask = (number: number, frame: Frame) => 'satisfied' | 'unsatisfied' | 'failed'

/** Asks policies one by one, as a decision does. */
function createAsker({ steps: { policies } }: Decider): Ask {
  const verdicts = createVerdicts()
  const isInterpreted = !Number.isFinite(policies.interpreted)
  const lists = policies.policies.map((_, number) => policyList([number]))
  return (number, frame) => {
    clearVerdicts(verdicts)
    askList(policies, lists[number]!, isInterpreted, frame, verdicts)
    return verdicts.count > 0 ? 'satisfied' : verdicts.failed.length > 0 ? 'failed' : 'unsatisfied'
  }
}

interface Round {
  readonly timed: Decider
  readonly seen: Decider
  readonly observed: ObservedRules
  readonly watch: Stopwatch<Part>
  readonly ask: Ask
  readonly overlay: Overlay
}

/** Times all cases: as a whole, and step by step. */
function createRound({ timed, seen, observed, watch, ask, overlay }: Round): (cases: readonly Case[]) => void {
  const { policies, frame, permits, forbids, ...steps } = timed.steps
  /** Asks what depends on what was asked before, in the order of a decision: who asks first pays. */
  const timeAsking = ({ request, asking }: Case) => {
    steps.take(request)
    for (const number of asking) watch.sweep(number, [frame], (only) => ask(number, only))
    if (permits) watch.sweep('decidingRules', [permits], (rules) => rules())
    if (forbids) watch.sweep('decidingRules', [forbids], (rules) => rules())
    observed.reset(watch.clockNs())
    observed.begin()
    seen.entrances.authorize(request)
    observed.end()
    for (const [rule, { ns, ownNs }] of observed.rules) {
      watch.note(rule, ns)
      watch.note(rule.body, ownNs)
    }
  }
  const timeCombining = ({ request }: Case) => {
    steps.take(request)
    steps.ask()
    const [permitted, forbidden] = [permits?.(), forbids?.()]
    watch.repeat('combining', () => steps.conclude(permitted, forbidden))
  }
  const timeFrames = (cases: readonly Case[], frames: readonly Frame[]) => {
    watch.sweep('finding', frames, (one) => policies.index.find(one))
    const asked = new Map<number, Frame[]>()
    cases.forEach(({ repeated }, i) => {
      for (const number of repeated) {
        const list = asked.get(number)
        if (list) list.push(frames[i]!)
        else asked.set(number, [frames[i]!])
      }
    })
    for (const [number, list] of asked) watch.sweep(number, list, (one) => ask(number, one))
  }
  /** Puts requests into frames, so that each policy is asked about all of them in turn. */
  const timeSteps = (cases: readonly Case[]): void => {
    // From empty, so that in each round as many fit.
    overlay.reset()
    const before = overlay.generation
    const frames = cases.map(({ request }) => {
      steps.take(request)
      return cases.length === 1 ? frame : copyOf(frame)
    })
    if (overlay.generation === before || cases.length === 1) timeFrames(cases, frames)
    else {
      // Ids of the first of them hold no more: there was too much that is new to the image.
      const middle = cases.length >> 1
      timeSteps(cases.slice(0, middle))
      timeSteps(cases.slice(middle))
    }
  }
  const hasRules = permits !== undefined || forbids !== undefined
  const isAsking = ({ asking }: Case) => hasRules || asking.length > 0
  return (cases) => {
    watch.startRound()
    const decide = ({ request }: Case) => void timed.entrances.authorize(request)
    // Rules take so long that a pause would fall into many batches.
    const [slow, fast] = [cases.filter(isAsking), cases.filter((one) => !isAsking(one))]
    watch.sweep('whole', fast, decide)
    watch.sweep('whole', slow, decide, 1)
    watch.sweep('reading', cases, ({ request }) => steps.take(request))
    // An entity that a request brings is there as long as the request is.
    const plain = cases.filter(({ bringsEntities }) => !bringsEntities)
    for (let from = 0; from < plain.length; from += FRAMES) timeSteps(plain.slice(from, from + FRAMES))
    for (const one of cases) if (one.bringsEntities) timeSteps([one])
    slow.forEach(timeAsking)
    cases.forEach(timeCombining)
  }
}

/** So many are kept at a time. */
const FRAMES = 1024

function copyOf(frame: Frame): Frame {
  const copy = new Frame(frame.values, frame.entities, frame.demand, frame.holds)
  copy.principal = frame.principal
  copy.action = frame.action
  copy.resource = frame.resource
  copy.useContext(frame.contextIds())
  return copy
}
