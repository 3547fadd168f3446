/**
 * Which rules can hold for a request with a type, or an id, that no fact and no rule names: abstract interpretation in which
 * a value is known or is one of these two. What compares an unknown value with a known one looks at it, and does not hold.
 * Source: Cousot and Cousot, "Abstract interpretation" (1977). Spec: LANGUAGE section 4.
 */
import { listOf, planAggregate, type Step } from './plan.ts'
import { isRequestTime, type PredicateDraft } from './predicate-table.ts'
import type { AtomLiteral, Expr, Literal, PredicateId } from './program.ts'
import type { Scopes } from './request-scope.ts'
import { type RuleDraft, stepsOf } from './rule-draft.ts'
import type { Components } from './strata.ts'

/** What a value can be, as bits: known; the unknown type, or an entity of it; the unknown id. */
export const KNOWN = 1
export const TYPE = 2
export const ID = 4

/** What request-scoped predicates can hold. All others hold what is known. */
export interface Abstraction {
  /** What can stand in each column; nothing for a predicate that cannot hold. */
  readonly columns: Map<PredicateId, readonly number[]>
  readonly isRequest: readonly boolean[]
  /** What the id of an entity of the unknown type is. */
  readonly id: number
}

export interface AbstractionInput {
  readonly components: Components
  readonly drafts: readonly PredicateDraft[]
  readonly scopes: Scopes
  /** The columns of request-time predicates that hold something unknown. */
  readonly request: ReadonlyMap<PredicateId, readonly number[]>
  readonly id: number
}

/** What follows from a request by the rules. */
export function abstractionOf({ components, drafts, scopes, request, id }: AbstractionInput): Abstraction {
  const { isRequest } = scopes
  const columns = new Map(request)
  const abstraction = { columns, isRequest, id }
  for (const { id: predicate, arity, isFilled } of drafts) {
    const isGiven = isRequest[predicate] && (isFilled || isRequestTime(predicate)) && !columns.has(predicate)
    if (isGiven) columns.set(predicate, new Array<number>(arity).fill(KNOWN))
  }
  for (const component of components.all) {
    const rules = component.flatMap((p) => (isRequest[p] ? (components.rulesOf[p] ?? []) : []))
    for (let grows = true; grows; ) grows = rules.map((rule) => derive(rule, abstraction)).includes(true)
  }
  return abstraction
}

/** Whether all steps can hold; `values`, what each variable can be, is completed and narrowed. */
export function canHold(steps: readonly Step[], values: number[], abstraction: Abstraction): boolean {
  return steps.every((step) => take(step, values, abstraction))
}

/** Values of variables that are not bound yet. */
export function unboundValues({ variables }: RuleDraft): number[] {
  return new Array<number>(variables.length).fill(KNOWN | TYPE | ID)
}

/** Adds what a rule derives; says whether that is new. */
function derive(rule: RuleDraft, abstraction: Abstraction): boolean {
  const { columns } = abstraction
  const values = unboundValues(rule)
  if (!canHold(stepsOf(rule), values, abstraction)) return false
  const old = columns.get(rule.head)
  const found = rule.args.map((arg, i) => anyOf([old?.[i] ?? 0, possible(arg, values, abstraction)]))
  columns.set(rule.head, found)
  return old === undefined || found.some((value, i) => value !== old[i])
}

function take(step: Step, values: number[], abstraction: Abstraction): boolean {
  switch (step.kind) {
    case 'match':
      return match(step.atom, values, abstraction)
    case 'absent':
      return step.atom.args.every((arg) => arg.kind === 'any' || (possible(arg, values, abstraction) & KNOWN) !== 0)
    case 'check':
      return canBe(step.test, values, abstraction)
    case 'bind':
      values[step.variable] = possible(step.expr, values, abstraction)
      return true
    case 'each':
      values[step.variable] = elementsOf(step.source, values, abstraction)
      return true
    default: {
      const result = resultOf(step, values, abstraction)
      if (step.variable === undefined) return (possible(step.aggregate.result, values, abstraction) & result) !== 0
      values[step.variable] = result
      return result !== 0
    }
  }
}

function match({ predicate, args }: AtomLiteral, values: number[], { columns, isRequest }: Abstraction): boolean {
  const found = columns.get(predicate)
  if (!found && isRequest[predicate]) return false
  return args.every((arg, i) => {
    const column = found?.[i] ?? KNOWN
    if (arg.kind === 'any') return true
    if (arg.kind === 'constant') return (column & KNOWN) !== 0
    const value = (values[arg.variable] ?? 0) & column
    values[arg.variable] = value
    return value !== 0
  })
}

function canBe(test: (Step & { kind: 'check' })['test'], values: readonly number[], abstraction: Abstraction): boolean {
  const of = (expr: Expr) => possible(expr, values, abstraction)
  switch (test.kind) {
    case 'compare':
      return (of(test.left) & of(test.right)) !== 0
    case 'in':
      return (of(test.left) & elementsOf(test, values, abstraction)) !== 0
    case 'split':
      return (of(test.part) & elementsOf(test, values, abstraction)) !== 0
    default:
      return (of(test.expr) & KNOWN) !== 0
  }
}

function elementsOf(source: Literal & { kind: 'in' | 'split' }, values: readonly number[], abstraction: Abstraction) {
  const of = (expr: Expr) => possible(expr, values, abstraction)
  return source.kind === 'in' ? anyOf(listOf(source).map(of)) : madeOf([source.receiver, source.separator].map(of))
}

/** An aggregate depends on its groups, and may tell what it ranges over. */
function resultOf({ aggregate }: Step & { kind: 'aggregate' }, values: readonly number[], abstraction: Abstraction) {
  const { groups, over, empty } = aggregate
  const inner = [...values]
  const holds = canHold(planAggregate(aggregate), inner, abstraction)
  if (!holds && empty === undefined) return 0
  const group = madeOf(groups.map((variable) => values[variable] ?? 0))
  return holds ? anyOf([group, possible(over, inner, abstraction) & ~KNOWN]) : group
}

function possible(expr: Expr, values: readonly number[], abstraction: Abstraction): number {
  const of = (inner: Expr) => possible(inner, values, abstraction)
  switch (expr.kind) {
    case 'variable':
      return values[expr.variable] ?? 0
    case 'constant':
      return KNOWN
    case 'arithmetic':
      return madeOf([of(expr.left), of(expr.right)])
    case 'negate':
      return of(expr.operand)
    default: {
      const receiver = of(expr.receiver)
      if (expr.method === 'id') return anyOf([receiver & ~TYPE, receiver & TYPE ? abstraction.id : 0])
      return madeOf([receiver, ...expr.args.map(of)])
    }
  }
}

/** What is made of several values: known where all of them are. */
function madeOf(values: readonly number[]): number {
  const isKnown = values.every((value) => value & KNOWN)
  return (values.reduce((all, value) => all | value, 0) & ~KNOWN) | (isKnown ? KNOWN : 0)
}

/** One of several values. That it may be the unknown id alone counts: by the id, then, it is chosen. */
function anyOf(values: readonly number[]): number {
  const all = values.reduce((any, value) => any | value, 0)
  return all & ID ? all & ~KNOWN : all
}
