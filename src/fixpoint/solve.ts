/**
 * Demand evaluation: answers what a request asks of predicates, top-down with tables. A goal is a predicate with some
 * columns given; its rows and its errors are kept for the request. Goals of one stratum are worked off together from a
 * queue until none finds anything new; a goal of a lower stratum is finished first, so that `not` and aggregates see all of
 * it, and no recursion of the data is a recursion of the machine's stack. What is materialised is read from the image.
 * Source: Vieille, "Recursive axioms in deductive databases: the query/subquery approach" (1986), on strata.
 */
import type { Image } from '../image/image.ts'
import { rowCount, rowsOf } from '../image/relation.ts'
import { StoredRows } from '../image/stored-rows.ts'
import type { ValueId } from '../image/value-ids.ts'
import { definedVariables } from '../program/defined.ts'
import type { Holds } from '../program/demand.ts'
import { type Plan, planBody } from '../program/plan.ts'
import { BUILTIN, type PredicateId, type ReaderProgram, type Rule } from '../program/program.ts'
import { isBetter } from './best.ts'
import { compileBody } from './body.ts'
import type { AtomLayout, Reader } from './body-target.ts'
import type { Environment } from './expression.ts'
import { type Answer, type ErrorRow, type Goal, matchErrors, newGoal, OPEN, takeRow } from './goal.ts'
import { type Machine, spendSteps, step } from './machine.ts'
import { matchingRows } from './matching.ts'
import { type Observe, type RunRule, unobserved } from './rule-tally.ts'
import { loadKey, scanAbsent, scanRows } from './scan.ts'
import { tailOf } from './tail.ts'

/** What holds for one request. */
export interface RequestFacts {
  /** Rows of a request-time predicate, or those that the request's entities add to an `entity.*` predicate. */
  rows(predicate: PredicateId): readonly (readonly ValueId[])[]
  /** Whether the request brings entities. */
  readonly bringsEntities: boolean
}

export interface Solver {
  /** Turns to another program over the same image. What was compiled stays, for rules that are the same objects, if `samePredicates`. */
  use(program: ReaderProgram, samePredicates: boolean): void
  /** Forgets all goals and takes the facts of another request; without any, request-time predicates are empty. */
  begin(facts?: RequestFacts): void
  ask(predicate: PredicateId, pattern: readonly ValueId[]): Answer
  /** For a request that brings no entities. */
  readonly holds: Holds
  /** To be called when the image was turned to another epoch. */
  turn(): void
  /** All bindings of `rule`'s head arguments; `rule` need not belong to the program. */
  run(rule: Rule, constants: Machine['values']): Answer
}

/** Goals of one stratum that are being worked off, and the one at work. */
interface Work {
  readonly stratum: number
  readonly goals: Goal[]
  readonly queue: Goal[]
  current?: Goal
}

interface State {
  program: ReaderProgram
  readonly image: Image
  readonly machine: Machine
  stratumOf: readonly number[]
  /** By head. */
  rulesOf: ReadonlyMap<PredicateId, readonly Rule[]>
  /** By rule, and then by what a goal gives. */
  compiled: WeakMap<Rule, Map<string, RunRule>>
  readonly observe: Observe
  goals: Map<string, Goal>
  /** What was asked of the image. */
  stored: Map<string, Answer>
  facts: RequestFacts
  work: Work | undefined
}

const NO_FACTS: RequestFacts = { rows: () => [], bringsEntities: false }

/** A solver over the rows of `image`, which must be complete. `machine.values` has to be set for each request. */
export function createSolver(program: ReaderProgram, image: Image, machine: Machine, observe = unobserved): Solver {
  const state: State = {
    ...partsOf(program),
    image,
    machine,
    compiled: new WeakMap(),
    observe,
    goals: new Map(),
    stored: new Map(),
    facts: NO_FACTS,
    work: undefined,
  }
  const stored = new StoredRows(image)
  return {
    use: (other, samePredicates) => {
      Object.assign(state, partsOf(other))
      if (!samePredicates) state.compiled = new WeakMap()
    },
    begin: (facts = NO_FACTS) => {
      state.goals = new Map()
      state.stored = new Map()
      state.facts = facts
      state.work = undefined
    },
    ask: (predicate, pattern) =>
      isGoal(state, predicate)
        ? fitting(ask(state, predicate, pattern), pattern)
        : storedRows(state, predicate, pattern),
    holds: (predicate, row) =>
      state.program.predicates[predicate]!.evaluation === 'on demand' ? undefined : stored.has(predicate, row),
    turn: () => stored.turn(),
    run: (rule, constants) => {
      const goal = newGoal(
        rule.head,
        rule.args.map(() => OPEN),
      )
      compileRule(state, rule, [], constants)(goal)
      return goal
    },
  }
}

function partsOf(program: ReaderProgram): Pick<State, 'program' | 'stratumOf' | 'rulesOf'> {
  const stratumOf: number[] = []
  program.strata.forEach((stratum, i) => {
    for (const predicate of stratum.predicates) stratumOf[predicate] = i
  })
  return { program, stratumOf, rulesOf: rulesByHead(program) }
}

function rulesByHead(program: ReaderProgram): ReadonlyMap<PredicateId, readonly Rule[]> {
  const byHead = new Map<PredicateId, Rule[]>()
  for (const rule of program.rules) {
    const rules = byHead.get(rule.head)
    if (rules) rules.push(rule)
    else byHead.set(rule.head, [rule])
  }
  return byHead
}

/** Whether `predicate` has to be evaluated for the request at hand, rather than read from the image. */
function isGoal(state: State, predicate: PredicateId): boolean {
  const { evaluation, readsEntities } = state.program.predicates[predicate]!
  return evaluation === 'on demand' || (readsEntities && state.facts.bringsEntities)
}

/** Counted once: a policy that fails is evaluated again for its message, and what a request takes must not depend on that. */
function storedRows(state: State, predicate: PredicateId, pattern: readonly ValueId[]): Answer {
  const key = `${predicate}:${pattern.join()}`
  let answer = state.stored.get(key)
  if (!answer) {
    const relation = state.image.relations[predicate]!
    answer = { rows: matchingRows(relation, pattern, relation.count, state.machine), errors: [] }
    state.stored.set(key, answer)
  }
  return answer
}

function ask(state: State, predicate: PredicateId, asked: readonly ValueId[]): Goal {
  const { best } = state.program.predicates[predicate]!
  // Which row of a group is best shows only when all of them are looked at.
  const pattern = best && asked[best.column] !== OPEN ? asked.with(best.column, OPEN) : asked
  const key = `${predicate}:${pattern.join()}`
  let goal = state.goals.get(key)
  const { work } = state
  if (!goal) {
    // Goals can ask for ever further ones, each of which finds no row.
    spendSteps(state.machine, STEPS_OF_GOAL)
    goal = newGoal(predicate, pattern)
    state.goals.set(key, goal)
    seed(state, goal)
    const stratum = state.stratumOf[predicate]!
    if (isBase(predicate)) goal.complete = true
    else if (work?.stratum === stratum) enqueue(work, goal)
    else workOff(state, { stratum, goals: [], queue: [] }, goal)
  }
  if (!goal.complete && work?.current) goal.waiting.add(work.current)
  return goal
}

/** A goal takes the time of a hundred rows and nearly a kilobyte, but most find rows, whose steps count besides. */
const STEPS_OF_GOAL = 8

/** What of a goal's answer was asked for: of a best value's group the goal has the best row, whatever value was asked. */
function fitting(goal: Goal, asked: readonly ValueId[]): Answer {
  const { pattern, rows, errors } = goal
  const open = asked.findIndex((id, column) => id !== pattern[column])
  return open < 0 ? goal : { rows: rows.filter((row) => row[open] === asked[open]), errors }
}

/** Predicates that no rule adds to during a request. */
function isBase(predicate: PredicateId): boolean {
  return predicate <= BUILTIN.context || (predicate >= BUILTIN.entityType && predicate <= BUILTIN.entityTag)
}

/** Takes the rows that hold without any rule. */
function seed(state: State, goal: Goal): void {
  const relation = state.image.relations[goal.predicate]!
  const limit = isBase(goal.predicate) ? relation.count : relation.baseCount
  for (const row of matchingRows(relation, goal.pattern, limit, state.machine)) addRow(state, goal, row)
  const replaced = state.image.replaced.get(goal.predicate)
  for (const row of [...(replaced ? rowsOf(replaced) : []), ...state.facts.rows(goal.predicate)]) {
    step(state.machine)
    if (row.every((id, i) => goal.pattern[i] === OPEN || goal.pattern[i] === id)) addRow(state, goal, [...row])
  }
}

function enqueue(work: Work, goal: Goal): void {
  if (goal.queued) return
  goal.queued = true
  work.queue.push(goal)
  work.goals.push(goal)
}

function workOff(state: State, work: Work, first: Goal): void {
  const { work: outer, machine } = state
  const failure = machine.failure
  state.work = work
  enqueue(work, first)
  for (let next = 0; next < work.queue.length; next++) {
    const goal = work.queue[next]!
    goal.queued = false
    work.current = goal
    for (const rule of state.rulesOf.get(goal.predicate) ?? []) {
      step(machine)
      compiledRule(state, rule, goal)(goal)
    }
  }
  for (const goal of work.goals) goal.complete = true
  state.work = outer
  machine.failure = failure
}

function compiledRule(state: State, rule: Rule, goal: Goal): RunRule {
  const given = goal.pattern.flatMap((id, column) => (id === OPEN ? [] : [column]))
  const key = `${state.facts.bringsEntities}:${given.join()}`
  let ways = state.compiled.get(rule)
  if (!ways) {
    ways = new Map()
    state.compiled.set(rule, ways)
  }
  let run = ways.get(key)
  if (!run) {
    run = state.observe(rule, compileRule(state, rule, given, state.image.values))
    ways.set(key, run)
  }
  return run
}

/** Compiles `rule` for goals that give a value to the columns `given`. */
function compileRule(state: State, rule: Rule, given: readonly number[], constants: Machine['values']): RunRule {
  const { machine } = state
  const args = rule.args.map((arg) => (arg.kind === 'constant' ? constants.intern(arg.value) : ~arg.variable))
  const defined = definedVariables(rule)
  // What the body defines is not bound before, but compared at the end: its errors must not depend on what is given.
  const isCompared = (column: number) => args[column]! < 0 && defined.has(~args[column]!)
  const compared = given.filter(isCompared)
  const loaded = given.filter((column) => !isCompared(column))
  const bound = new Set(loaded.flatMap((column) => (args[column]! < 0 ? [~args[column]!] : [])))
  let goal: Goal
  const rowOf = (environment: Environment) => args.map((arg) => (arg < 0 ? environment[~arg]! : arg))
  const fits = (row: readonly ValueId[]) =>
    compared.every((column) => row[column] === OPEN || row[column] === goal.pattern[column])
  const target = {
    body: rule.body,
    defined,
    machine,
    reader: goalReader(state),
    constants,
    emit: (environment: Environment) => {
      const row = rowOf(environment)
      if (fits(row)) addRow(state, goal, row)
      return false
    },
    error: (known: ReadonlySet<number>) => (environment: Environment) => {
      const row = args.map((arg) => (arg >= 0 ? arg : known.has(~arg) ? environment[~arg]! : OPEN))
      if (fits(row)) addError(state, goal, { row, rule, message: machine.failure })
      return false
    },
  }
  const { steps } = planGoal(rule, bound, state.image, (predicate) => isGoal(state, predicate))
  const wanted = new Set(args.flatMap((arg) => (arg < 0 ? [~arg] : [])))
  const tail = tailOf(steps, { bound, wanted, needsAll: ({ predicate }) => isGoal(state, predicate) })
  const body = compileBody(target, steps, bound, tail)
  const environment = new Int32Array(rule.variables.length)
  return (of) => {
    goal = of
    const set = new Set<number>()
    for (const column of loaded) {
      const [arg, id] = [args[column]!, of.pattern[column]!]
      if (arg >= 0 ? arg !== id : set.has(~arg) && environment[~arg] !== id) return
      if (arg >= 0) continue
      environment[~arg] = id
      set.add(~arg)
    }
    body(environment)
  }
}

/** The join order of `rule` for goals that bind `bound`; `isAsked` says of which predicates there are goals, not rows. */
export function planGoal(
  rule: Rule,
  bound: ReadonlySet<number>,
  image: Image,
  isAsked: (predicate: PredicateId) => boolean,
): Plan {
  const rows = (predicate: PredicateId) => (isAsked(predicate) ? ROWS_OF_GOAL : rowCount(image.relations[predicate]!))
  return planBody(rule.body, { bound, defined: definedVariables(rule), rows })
}

/** How many a goal is expected to find. */
const ROWS_OF_GOAL = 10

function goalReader(state: State): Reader {
  const { machine, image } = state
  const all = (predicate: PredicateId) => ({
    from: 0,
    get to() {
      return image.relations[predicate]!.count
    },
  })
  const askFor = (predicate: PredicateId, layout: AtomLayout, environment: Environment): Goal => {
    const key: number[] = []
    loadKey(layout, environment, key)
    const pattern: ValueId[] = new Array(state.program.predicates[predicate]!.arity).fill(OPEN)
    layout.key.forEach((column, i) => {
      pattern[column] = key[i]!
    })
    return ask(state, predicate, pattern)
  }
  return {
    match: (atom, layout, _place, next, failed) => {
      const { predicate } = atom
      if (!isGoal(state, predicate)) return scanRows(image.relations[predicate]!, all(predicate), layout, machine, next)
      return (environment) => {
        const goal = askFor(predicate, layout, environment)
        // The goal may grow meanwhile: what is added is seen at once.
        for (let i = 0; i < goal.rows.length; i++) {
          step(machine)
          if (takeRow(layout, goal.rows[i]!, environment)) next(environment)
        }
        matchErrors(machine, layout, goal, environment, failed)
        return false
      }
    },
    absent: (atom, layout, next, failed) => {
      const { predicate } = atom
      if (!isGoal(state, predicate))
        return scanAbsent(image.relations[predicate]!, all(predicate), layout, machine, next)
      return (environment) => {
        const goal = askFor(predicate, layout, environment)
        for (const row of goal.rows) {
          step(machine)
          if (takeRow(layout, row, environment)) return false
        }
        let failing = false
        matchErrors(machine, layout, goal, environment, () => () => {
          failing = true
          return false
        })
        return failing ? failed(environment) : next(environment)
      }
    },
  }
}

function addRow(state: State, goal: Goal, row: ValueId[]): void {
  const { best } = state.program.predicates[goal.predicate] ?? {}
  const key = best ? row.with(best.column, OPEN).join() : row.join()
  const old = goal.keys.get(key)
  if (old === undefined) {
    goal.keys.set(key, goal.rows.length)
    goal.rows.push(row)
  } else {
    if (!best || !isBetter(state.machine, best.order, row[best.column]!, goal.rows[old]![best.column]!)) return
    goal.rows[old] = row
  }
  wake(state, goal)
}

function addError(state: State, goal: Goal, found: ErrorRow): void {
  const { best } = state.program.predicates[goal.predicate] ?? {}
  // Of a group with an error the best value is not known.
  const error = best ? { ...found, row: found.row.with(best.column, OPEN) } : found
  const key = `!${error.row.join()}`
  if (goal.keys.has(key)) return
  goal.keys.set(key, goal.errors.length)
  goal.errors.push(error)
  wake(state, goal)
}

/** Goals that have read this one look again. */
function wake(state: State, goal: Goal): void {
  if (!state.work) return
  for (const waiting of goal.waiting) if (!waiting.complete) enqueue(state.work, waiting)
}
