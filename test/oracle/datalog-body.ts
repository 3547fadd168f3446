/**
 * The bindings of a rule's body, by nested loops. Its logic has three values, as LANGUAGE's "Errors of a derivation" asks: a
 * literal whose expression fails, or which only an error tuple matches, is neither true nor false. A binding for which the
 * literals that do not depend on such failures all hold is an error, whatever the order of the literals; variables that
 * cannot be bound without the failing literal stay unbound in it, and so do all that `datalog-defined.ts` calls defined.
 */
import type { Atom, Expr } from '../../src/syntax/datalog/ast.ts'
import type { Value } from '../../src/values/value.ts'
import { aggregate, compare, EvaluationError, elements, evaluateExpr, split } from './datalog-expressions.ts'
import { type AggregateStep, type Body, findsGroups, listed, type Step, variablesOf } from './datalog-steps.ts'
import { valueKey } from './value-key.ts'

export interface Cell {
  readonly key: string
  readonly value: Value
}

/** `undefined` is a column that could not be computed: it may be any value. Only error tuples have such columns. */
export type Row = readonly (Cell | undefined)[]

export interface Relation {
  readonly rows: Map<string, Row>
  readonly errors: Map<string, Row>
}

/** What is known so far, and how much work may still be done for it. */
export interface Database {
  readonly relations: ReadonlyMap<string, Relation>
  readonly budget: Budget
}

/** Counted down by one for each row and each literal of a binding that is looked at. */
export interface Budget {
  steps: number
}

export type Bindings = ReadonlyMap<string, Cell>

/** `sure` bindings satisfy the body; all others are errors. */
export interface Binding {
  readonly bindings: Bindings
  readonly sure: boolean
}

/** The cell of a value. */
export function cell(value: Value): Cell {
  return { key: valueKey(value), value }
}

/** Counts work; throws where the budget is used up. */
export function spend(budget: Budget, steps: number): void {
  budget.steps -= steps
  if (budget.steps < 0) throw new Error('too many steps')
}

/** All bindings that extend `outer` and satisfy `body`, and all for which it fails. */
export function solve({ steps, defined }: Body, outer: Bindings, database: Database): Binding[] {
  const found = new Map<string, Binding>()
  const search = (pending: readonly Step[], bindings: Bindings, sure: boolean): void => {
    spend(database.budget, 1 + pending.length)
    const next = cheapest(pending, bindings, defined)
    if (next !== undefined) {
      const others = pending.filter((step) => step !== next)
      for (const one of outcomes(next, bindings, database)) search(others, one.bindings, sure && one.sure)
      return
    }
    if (sure && pending.length > 0) throw new Error('unsafe rule')
    found.set(bindingKey({ bindings, sure }), { bindings, sure })
  }
  search(steps, outer, true)
  return [...found.values()]
}

function bindingKey({ bindings, sure }: Binding): string {
  return `${sure} ${[...bindings].map(([name, { key }]) => `${name}=${key}`).sort()}`
}

/** The step to take next: one that can be taken and branches least. */
function cheapest(pending: readonly Step[], bindings: Bindings, defined: ReadonlySet<string>): Step | undefined {
  const costs = pending.map((step) => cost(step, bindings, defined))
  const least = Math.min(...costs)
  return least === Number.POSITIVE_INFINITY ? undefined : pending[costs.indexOf(least)]
}

/** Infinite where variables are missing. Aggregates come last, so that whatever else binds their groups has done so. */
function cost(step: Step, bindings: Bindings, defined: ReadonlySet<string>): number {
  const isBound = (...exprs: readonly Expr[]): boolean =>
    exprs.every((e) => variablesOf(e).every((v) => bindings.has(v)))
  const known = (...exprs: readonly Expr[]): number => (isBound(...exprs) ? 0 : Number.POSITIVE_INFINITY)
  const waits = (name: string): boolean => defined.has(name) && !bindings.has(name)
  switch (step.kind) {
    case 'atom': {
      if (step.negated) return known(...step.args.filter((arg) => arg.kind !== 'wildcard'))
      if (step.args.flatMap(variablesOf).some(waits)) return Number.POSITIVE_INFINITY
      const free = step.args.filter((arg) => arg.kind === 'variable' && !bindings.has(arg.name))
      return free.length === 0 ? 0 : 10 + free.length
    }
    case 'compare': {
      const { left, right } = step
      if (step.operator !== '=' || isBound(left, right)) return known(left, right)
      return (left.kind === 'variable' && isBound(right)) || (right.kind === 'variable' && isBound(left))
        ? 1
        : known(left, right)
    }
    case 'in': {
      if (step.negated || step.left.kind !== 'variable' || isBound(step.left))
        return known(step.left, ...listed(step.right))
      return known(...listed(step.right)) + 2
    }
    case 'test':
      return known(step.expr)
    case 'aggregate': {
      const isReady = step.groups.every((name) => bindings.has(name) || (findsGroups(step) && !waits(name)))
      return isReady && (step.result.kind === 'variable' || isBound(step.result)) ? 1000 : Number.POSITIVE_INFINITY
    }
  }
}

/** What a step makes of `bindings`: nothing where it is false. */
function outcomes(step: Step, bindings: Bindings, database: Database): Binding[] {
  const attempt = (results: () => Bindings[]): Binding[] => {
    try {
      return results().map((one) => ({ bindings: one, sure: true }))
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      return [{ bindings, sure: false }]
    }
  }
  const when = (holds: boolean): Bindings[] => (holds ? [bindings] : [])
  const value = (expr: Expr): Value => evaluate(expr, bindings)
  switch (step.kind) {
    case 'atom':
      return matchAtom(step, bindings, database)
    case 'compare':
      if (step.operator !== '=') return attempt(() => when(compare(step.operator, value(step.left), value(step.right))))
      return attempt(() => unify(step.left, step.right, bindings))
    case 'in':
      return attempt(() => {
        const [first] = listed(step.right)
        const values = step.right.kind === 'list' ? step.right.elements.map(value) : first ? elements(value(first)) : []
        if (!step.negated) return values.flatMap((one) => bind(step.left, one, bindings))
        return when(values.every((one) => compare('!=', value(step.left), one)))
      })
    case 'test':
      return attempt(() => {
        const result = value(step.expr)
        if (typeof result !== 'boolean') throw new EvaluationError('not a bool')
        return when(result !== step.negated)
      })
    case 'aggregate':
      return aggregateOutcomes(step, bindings, database)
  }
}

/** The value of `expr` under `bindings`. */
export function evaluate(expr: Expr, bindings: Bindings): Value {
  return evaluateExpr(expr, (name) => {
    const found = bindings.get(name)
    if (found === undefined) throw new EvaluationError(`${name} depends on what failed`)
    return found.value
  })
}

/** `target` is `value`: binds an unbound variable. */
function bind(target: Expr, value: Value, bindings: Bindings): Bindings[] {
  if (target.kind === 'variable' && !bindings.has(target.name)) return [new Map(bindings).set(target.name, cell(value))]
  return compare('=', evaluate(target, bindings), value) ? [bindings] : []
}

/** `left = right`; a `split` has one value for each part. */
function unify(left: Expr, right: Expr, bindings: Bindings): Bindings[] {
  const values = (expr: Expr): readonly Value[] => {
    const [separator] = expr.kind === 'method' ? expr.args : []
    if (expr.kind !== 'method' || expr.method !== 'split' || !separator) return [evaluate(expr, bindings)]
    return split(evaluate(expr.receiver, bindings), evaluate(separator, bindings))
  }
  if (right.kind === 'variable' && !bindings.has(right.name)) return unify(right, left, bindings)
  const isFree = left.kind === 'variable' && !bindings.has(left.name)
  if (isFree) return values(right).flatMap((value) => bind(left, value, bindings))
  const ours = values(left)
  return values(right).some((value) => ours.some((one) => compare('=', one, value))) ? [bindings] : []
}

function matchAtom(atom: Atom, bindings: Bindings, database: Database): Binding[] {
  const { rows, errors } = database.relations.get(atom.predicate.text) ?? { rows: new Map(), errors: new Map() }
  let wanted: (Cell | undefined)[]
  try {
    wanted = atom.args.map((arg) => {
      if (arg.kind === 'wildcard') return undefined
      return arg.kind === 'variable' ? bindings.get(arg.name) : cell(evaluate(arg, bindings))
    })
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error
    return [{ bindings, sure: false }]
  }
  const match = (all: ReadonlyMap<string, Row>): Bindings[] => {
    spend(database.budget, all.size)
    return [...all.values()].flatMap((row) => matchRow(atom.args, wanted, row, bindings) ?? [])
  }
  // Where nothing is left to bind, the key of the row says it all.
  const sure = wanted.every((one) => one !== undefined) ? (rows.has(rowKey(wanted)) ? [bindings] : []) : match(rows)
  const unsure = errors.size > 0 ? match(errors) : []
  if (atom.negated) {
    if (sure.length > 0) return []
    return [{ bindings, sure: unsure.length === 0 }]
  }
  const isDecided = sure.some((one) => one === bindings)
  const found = sure.map((one) => ({ bindings: one, sure: true }))
  // What fails is not hidden by what holds: an error of a predicate is one of all that reads it.
  return [...(isDecided ? found.slice(0, 1) : found), ...unsure.map((one) => ({ bindings: one, sure: false }))]
}

/** The key of a row: equal for equal rows only. */
export function rowKey(row: Row): string {
  return row.map((one) => one?.key ?? '?').join()
}

/** `bindings` with what `row` binds; `bindings` itself where it binds nothing; `undefined` where the row does not match. */
function matchRow(
  args: readonly Expr[],
  wanted: readonly (Cell | undefined)[],
  row: Row,
  bindings: Bindings,
): Bindings | undefined {
  if (row.length !== args.length) return undefined
  if (wanted.some((one, i) => one !== undefined && row[i] !== undefined && one.key !== row[i].key)) return undefined
  let extended: Map<string, Cell> | undefined
  for (const [i, arg] of args.entries()) {
    const given = row[i]
    if (arg.kind !== 'variable' || given === undefined || wanted[i] !== undefined) continue
    extended ??= new Map(bindings)
    if ((extended.get(arg.name) ?? given).key !== given.key) return undefined
    extended.set(arg.name, given)
  }
  return extended ?? bindings
}

/**
 * One outcome for each group: for the one that is bound, even if it is empty; where the aggregate itself finds groups, for
 * each that its body has. A group that is not known for a failure of the body fails.
 */
function aggregateOutcomes(step: AggregateStep, bindings: Bindings, database: Database): Binding[] {
  const given = new Map([...bindings].filter(([name]) => step.groups.includes(name)))
  const groups = findsGroups(step)
    ? solveAll(step.finders, given, database).map(
        (one) => new Map([...one.bindings].filter(([name]) => step.groups.includes(name))),
      )
    : [given]
  const distinct = new Map(groups.map((group) => [bindingKey({ bindings: group, sure: true }), group]))
  return [...distinct.values()].flatMap((group): Binding[] => {
    const extended = new Map([...bindings, ...group])
    if (group.size < step.groups.length) return [{ bindings: extended, sure: false }]
    const members = solveAll(step.bodies, group, database)
    if (members.some(({ sure }) => !sure)) return [{ bindings: extended, sure: false }]
    try {
      // `count(_, …)` counts without looking at a value.
      const values = members.map((one) => step.over.kind === 'wildcard' || evaluate(step.over, one.bindings))
      const result = aggregate(step.function, values, !findsGroups(step))
      return result === undefined
        ? []
        : bind(step.result, result, extended).map((one) => ({ bindings: one, sure: true }))
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      return [{ bindings: extended, sure: false }]
    }
  })
}

/** The bindings of any of `bodies`. */
function solveAll(bodies: readonly Body[], outer: Bindings, database: Database): Binding[] {
  const all = bodies.flatMap((body) => solve(body, outer, database))
  return [...new Map(all.map((one) => [bindingKey(one), one])).values()]
}
