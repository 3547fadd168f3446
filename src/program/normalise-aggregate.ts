/**
 * Aggregates, normalised: which variables group them, who binds these, and where the result of a short form goes. What is
 * grouped by a variable that nothing else binds gets an atom that enumerates the groups. Spec: LANGUAGE section 4,
 * "Aggregates".
 */
import type * as ast from '../syntax/datalog/ast.ts'
import type { Span } from '../text/source.ts'
import { alternativesOf, type PlainLiteral } from './disjunction.ts'
import { disjunctionAtom } from './normalise-alternatives.ts'
import { normaliseExpr, refuse } from './normalise-expr.ts'
import { normaliseLiteral } from './normalise-literal.ts'
import { planBody, variablesOf } from './plan.ts'
import { internalPredicate } from './predicate-table.ts'
import type { AggregateLiteral, AtomLiteral, Expr, Literal } from './program.ts'
import { newVariable, type RuleScope, variableOf, withLocals } from './rule-draft.ts'
import { namesInBody, namesInExpr } from './variable-names.ts'

/** An aggregate and what its result is compared with; nothing in the short form. */
export interface PendingAggregate {
  readonly aggregate: ast.Aggregate
  readonly result?: ast.Expr
  readonly span: Span
}

export interface AggregatesInBody {
  readonly aggregates: readonly PendingAggregate[]
  /** All literals of the body, the aggregates too. */
  readonly body: readonly PlainLiteral[]
  readonly scope: RuleScope
  /** The other literals, normalised; the aggregates are added. */
  readonly out: Literal[]
}

/** Adds the aggregates of a body to its other literals. */
export function normaliseAggregates({ aggregates, body, scope, out }: AggregatesInBody): void {
  const shapes = shapesOf(aggregates, body, scope)
  const made = shapes.map((shape) => {
    const { result } = shape.pending
    return { shape, result: result && normaliseExpr(result, scope, out), ...normaliseInside(shape, scope) }
  })
  const groups = made.map(({ shape }) => shape.groups.map((name) => variableOf(scope, name, shape.pending.span).variable))
  const results = made.map(({ result }) => result ?? shortResult({ made, groups, scope, out }))
  if (scope.failed) return
  const enumerators: AtomLiteral[] = []
  for (const [i, { shape, over, inside }] of made.entries()) {
    const others = results.filter((result, j) => j !== i && result?.kind === 'variable')
    const { bound } = planBody(out, { bound: others.flatMap((result) => (result ? variablesOf(result) : [])) })
    const own = groups[i] ?? []
    const isEnumerated = own.some((variable) => !bound.has(variable))
    if (isEnumerated) enumerators.push(enumerateGroups(shape, own, inside, scope))
    const { aggregate, span } = shape.pending
    const empty = isEnumerated ? undefined : EMPTY.get(aggregate.function)
    made[i] = { ...(made[i] as (typeof made)[number]) }
    literals.push()
    void over
    void empty
    void span
  }
  out.push(...enumerators)
}
