/**
 * Datalog's perfect model, computed the naive way: stratum by stratum, every rule over all rows until nothing is new, first
 * for what is true, then for what fails. Rules are taken as checked: safe, typed, stratified. Spec: LANGUAGE section 4.
 */
import type { Clause, Expr } from '../../src/syntax/datalog/ast.ts'
import type { Value } from '../../src/values/value.ts'
import {
  type Bindings,
  type Budget,
  type Cell,
  cell,
  type Database,
  evaluate as evaluateIn,
  type Relation,
  type Row,
  rowKey,
  solve,
  spend,
} from './datalog-body.ts'
import { EvaluationError, order } from './datalog-expressions.ts'
import { declaredTypes, type FlatRule, flatten, readAs } from './datalog-rules.ts'
import type { Step } from './datalog-steps.ts'

/** By predicate. Predicates of several arities (`principal`) have rows of several lengths. */
export type Facts = ReadonlyMap<string, readonly (readonly Value[])[]>

/** What holds of a predicate, and what fails: `undefined` is a column that failed itself. Keys are `tupleKey`s. */
export interface Tuples {
  readonly rows: ReadonlyMap<string, readonly Value[]>
  readonly errors: ReadonlyMap<string, readonly (Value | undefined)[]>
}

/** So much work is done for one program. */
const STEPS_MAX = 3_000_000

/** The perfect model of `clauses` over `facts`; throws where it does not end, or not soon. */
export function evaluate(clauses: readonly Clause[], facts: Facts): ReadonlyMap<string, Tuples> {
  const budget: Budget = { steps: STEPS_MAX }
  const rules = [...flatten(clauses), ...flatten(clauses.flatMap(equivalence)), ...BRIDGE]
  const relations = new Map<string, Relation>()
  const database: Database = { relations, budget }
  const relation = (predicate: string): Relation => {
    const found = relations.get(predicate) ?? { rows: new Map(), errors: new Map() }
    relations.set(predicate, found)
    return found
  }
  const declared = declaredTypes(clauses)
  for (const [predicate, rows] of facts) {
    for (const row of rows) {
      const cells = row.map((value, i) => cell(readAs(value, declared.get(predicate)?.[i])))
      insert(relation(predicate), cells, bestOf(rules, predicate), budget)
    }
  }
  for (const stratum of stratify(rules)) {
    while (stratum.map((rule) => deriveRows(rule, database, relation(rule.head.predicate.text))).some(Boolean));
    while (stratum.map((rule) => deriveErrors(rule, database, relation(rule.head.predicate.text))).some(Boolean));
  }
  const values = <T>(all: ReadonlyMap<string, Row>): Map<string, T> =>
    new Map([...all].map(([key, row]) => [key, row.map((one) => one?.value) as T]))
  return new Map(
    [...relations].map(([name, { rows, errors }]) => [name, { rows: values(rows), errors: values(errors) }]),
  )
}

/** The key of a tuple in `Tuples`. */
export function tupleKey(tuple: readonly (Value | undefined)[]): string {
  return rowKey(tuple.map((value) => (value === undefined ? undefined : cell(value))))
}

/** Adds what `rule` derives; says whether there was anything new. */
function deriveRows(rule: FlatRule, database: Database, relation: Relation): boolean {
  const best = bestOf([rule], rule.head.predicate.text)
  let isNew = false
  for (const { bindings, sure } of solve(rule.body, new Map(), database)) {
    const row = headRow(rule, bindings)
    if (sure && row.every((one) => one !== undefined)) isNew = insert(relation, row, best, database.budget) || isNew
  }
  return isNew
}

/** Adds the error tuples of `rule`. Of a group with an error the best value is not known. */
function deriveErrors(rule: FlatRule, database: Database, { errors }: Relation): boolean {
  const before = errors.size
  for (const { bindings, sure } of solve(rule.body, new Map(), database)) {
    const row = headRow(rule, bindings)
    if (sure && row.every((one) => one !== undefined)) continue
    const known = row.map((one, i) => (rule.head.args[i]?.best === undefined ? one : undefined))
    errors.set(rowKey(known), known)
  }
  return errors.size > before
}

function headRow(rule: FlatRule, bindings: Bindings): (Cell | undefined)[] {
  return rule.head.args.map(({ expr }) => {
    try {
      return cell(evaluateIn(expr, bindings))
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      return undefined
    }
  })
}

/** The column of which only the best value of each group counts. */
interface Best {
  readonly column: number
  readonly sign: 1 | -1
}

function bestOf(rules: readonly FlatRule[], predicate: string): Best | undefined {
  for (const { head } of rules) {
    const column = head.args.findIndex(({ best }) => best !== undefined)
    if (head.predicate.text === predicate && column >= 0)
      return { column, sign: head.args[column]?.best === 'min' ? 1 : -1 }
  }
  return undefined
}

function insert(
  { rows }: Relation,
  row: readonly (Cell | undefined)[],
  best: Best | undefined,
  budget: Budget,
): boolean {
  const key = rowKey(row)
  if (rows.has(key)) return false
  if (best !== undefined) {
    spend(budget, rows.size)
    const value = (of: Row): Value => of[best.column]?.value ?? ''
    for (const [otherKey, other] of rows) {
      const isSameGroup = other.every((one, i) => i === best.column || one?.key === row[i]?.key)
      if (!isSameGroup) continue
      if (order(value(row), value(other)) * best.sign >= 0) return false
      rows.delete(otherKey)
    }
  }
  rows.set(key, row)
  return true
}

/** Rules by strata: each holds rules that need each other, and comes after all that it needs. */
function stratify(rules: readonly FlatRule[]): FlatRule[][] {
  const needs = new Map<string, Set<string>>()
  for (const rule of rules) {
    const known = needs.get(rule.head.predicate.text) ?? new Set()
    needs.set(rule.head.predicate.text, known)
    for (const { predicate } of rule.body.steps.flatMap((step) => used(step))) known.add(predicate)
  }
  const reach = (from: string, seen: Set<string> = new Set([from])): Set<string> => {
    for (const next of needs.get(from) ?? []) if (!seen.has(next)) reach(next, seen.add(next))
    return seen
  }
  const reached = new Map([...needs.keys()].map((predicate) => [predicate, reach(predicate)]))
  const inStratum = (a: string, b: string): boolean => (reached.get(a)?.has(b) && reached.get(b)?.has(a)) ?? false
  const strata = new Map<string, FlatRule[]>()
  for (const rule of rules) {
    const head = rule.head.predicate.text
    for (const { predicate, isNegative } of rule.body.steps.flatMap((step) => used(step))) {
      if (isNegative && inStratum(head, predicate)) throw new Error(`not stratified: ${head} and ${predicate}`)
    }
    const first = [...strata.keys()].find((other) => inStratum(head, other)) ?? head
    strata.set(first, [...(strata.get(first) ?? []), rule])
  }
  // What another predicate needs reaches less than it does.
  const size = (predicate: string): number => reached.get(predicate)?.size ?? 0
  return [...strata].sort(([a], [b]) => size(a) - size(b)).map(([, stratum]) => stratum)
}

function used(step: Step, isNegative = false): { predicate: string; isNegative: boolean }[] {
  if (step.kind === 'aggregate') return step.bodies.flatMap(({ steps }) => steps).flatMap((inner) => used(inner, true))
  return step.kind === 'atom' ? [{ predicate: step.predicate.text, isNegative: isNegative || step.negated }] : []
}

/** The rules of an equivalence. */
function equivalence(clause: Clause): Clause[] {
  if (clause.kind !== 'decl' || clause.option !== 'equivalence') return []
  const name = clause.predicate.text
  return [
    rule([name, 'X', 'X'], [name, 'X', '_']),
    rule([name, 'Y', 'X'], [name, 'X', 'Y']),
    rule([name, 'X', 'Z'], [name, 'X', 'Y'], [name, 'Y', 'Z']),
  ]
}

type Pattern = readonly [predicate: string, ...variables: string[]]

const span = { source: { path: '<oracle>', text: '' }, start: 0, end: 0 }

function rule(
  [head, ...inHead]: readonly [predicate: string, ...args: (string | Expr)[]],
  ...body: readonly Pattern[]
): Clause {
  const variable = (name: string): Expr =>
    name === '_' ? { kind: 'wildcard', span } : { kind: 'variable', name, span }
  const literals = body.map(([predicate, ...args]) => {
    return {
      kind: 'atom',
      negated: false,
      predicate: { text: predicate, span },
      args: args.map(variable),
      span,
    } as const
  })
  const args = inHead.map((arg) => ({ expr: typeof arg === 'string' ? variable(arg) : arg }))
  return { kind: 'rule', head: { predicate: { text: head, span }, args, span }, body: literals, span }
}

const TYPE_OF_E: Expr = {
  kind: 'method',
  method: 'type',
  receiver: { kind: 'variable', name: 'E', span },
  args: [],
  span,
}

/** What holds of `entity.*` by itself: ancestors are parents and their ancestors, and what is described exists. */
const BRIDGE: readonly FlatRule[] = flatten([
  rule(['entity.ancestor', 'E', 'A'], ['entity.parent', 'E', 'A']),
  rule(['entity.ancestor', 'E', 'A'], ['entity.parent', 'E', 'P'], ['entity.ancestor', 'P', 'A']),
  rule(['entity.type', 'E', TYPE_OF_E], ['entity.parent', 'E', '_']),
  rule(['entity.type', 'E', TYPE_OF_E], ['entity.attr', 'E', '_', '_']),
  rule(['entity.type', 'E', TYPE_OF_E], ['entity.tag', 'E', '_', '_']),
])
