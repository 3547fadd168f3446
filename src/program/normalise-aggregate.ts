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
import { planBody } from './plan.ts'
import { internalPredicate } from './predicate-table.ts'
import type { AggregateLiteral, Expr, Literal, VariableRef } from './program.ts'
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
    const result = shape.pending.result && normaliseExpr(shape.pending.result, scope, out)
    const groups = shape.groups.map((name) => variableOf(scope, name, shape.pending.span).variable)
    return { ...normaliseInside(shape, scope), shape, groups, result }
  })
  const given = made.flatMap(({ groups, result }) => [...groups, ...variableIn(result)])
  const short = aggregates.some(({ result }) => !result) ? shortResult(aggregates, given, scope, out) : undefined
  if (scope.failed) return
  const results = made.map(({ result }) => result ?? short ?? newVariable(scope))
  const added: Literal[] = made.flatMap(({ shape, groups, over, inside }, i): Literal[] => {
    const bound = results.flatMap((result, j) => (j === i ? [] : variableIn(result)))
    const known = planBody(out, { bound }).bound
    const isEnumerated = groups.some((variable) => !known.has(variable))
    const { aggregate, span } = shape.pending
    const empty = isEnumerated ? undefined : EMPTY.get(aggregate.function)
    const literal: AggregateLiteral = {
      kind: 'aggregate',
      function: aggregate.function,
      result: results[i] ?? newVariable(scope),
      over,
      groups,
      body: inside,
      ...(empty !== undefined && { empty }),
      span,
    }
    return isEnumerated ? [enumerateGroups(literal, scope), literal] : [literal]
  })
  out.push(...added)
}

/** What an aggregate without any binding yields; a sum of floats is given its zero once types are known. */
const EMPTY: ReadonlyMap<string, bigint> = new Map([
  ['count', 0n],
  ['count_distinct', 0n],
  ['sum', 0n],
])

interface Shape {
  readonly pending: PendingAggregate
  /** Names that mean something else outside. */
  readonly locals: readonly string[]
  readonly groups: readonly string[]
}

function shapesOf(aggregates: readonly PendingAggregate[], body: readonly PlainLiteral[], scope: RuleScope): Shape[] {
  const free = aggregates.map(({ aggregate }) => {
    const inBody = new Set(namesInBody(aggregate.body))
    const inOver = namesInExpr(aggregate.over)
    const locals = [...new Set(inOver)].filter((name) => inBody.has(name))
    return { locals, names: new Set([...inBody, ...inOver].filter((name) => !locals.includes(name))) }
  })
  const isAggregate = (literal: PlainLiteral) => aggregates.some(({ span }) => span === literal.span)
  const outside = new Set([
    ...(scope.head?.args.flatMap(({ expr }) => namesInExpr(expr)) ?? []),
    ...namesInBody(body.filter((literal) => !isAggregate(literal))),
    ...aggregates.flatMap(({ result }) => (result ? namesInExpr(result) : [])),
  ])
  return aggregates.map((pending, i) => {
    const { locals, names } = free[i] ?? { locals: [], names: new Set<string>() }
    const inOthers = (name: string) => free.some((other, j) => j !== i && other.names.has(name))
    return { pending, locals, groups: [...names].filter((name) => outside.has(name) || inOthers(name)) }
  })
}

function normaliseInside({ pending, locals, groups }: Shape, scope: RuleScope): { over: Expr; inside: Literal[] } {
  const { aggregate } = pending
  const inside: Literal[] = []
  const work = (): Expr => {
    const ways = alternativesOf(aggregate.body)
    const [first, ...others] = 'error' in ways ? [] : ways
    if ('error' in ways)
      refuse(scope, 'R342', ways.error, aggregate.span, { help: 'give parts of it names of their own' })
    else if (others.length > 0) {
      const atom = disjunctionAtom({
        ways,
        groups,
        over: namesInExpr(aggregate.over),
        scope,
        span: aggregate.span,
      })
      if (atom) inside.push(atom)
    } else {
      for (const literal of first ?? []) normaliseLiteral(literal, scope, inside)
    }
    if (aggregate.over.kind !== 'wildcard') return normaliseExpr(aggregate.over, scope, inside)
    if (aggregate.function === 'count') return { kind: 'constant', value: true }
    return refuse(scope, 'R346', `\`${aggregate.function}\` needs a variable in place of \`_\``, aggregate.over.span)
  }
  return { over: withLocals(scope, locals, work), inside }
}

/** The head variable that nothing binds, where the result of the short form goes; `given` is bound all the same. */
function shortResult(
  aggregates: readonly PendingAggregate[],
  given: readonly number[],
  scope: RuleScope,
  out: readonly Literal[],
): Expr {
  const [first, second] = aggregates.filter(({ result }) => !result)
  const { span } = second ?? first ?? { span: undefined }
  const name = first?.aggregate.function ?? ''
  const write = { help: `name the result: \`N = ${name}(…)\`` }
  const no: Expr = { kind: 'constant', value: false }
  if (!first || !span) return no
  if (second) return refuse(scope, 'R347', 'two aggregates without a result stand in one body', span, write)
  const { bound } = planBody(out, { bound: given })
  const names = [...new Set(scope.head?.args.flatMap(({ expr }) => namesInExpr(expr)) ?? [])]
  const open = names.filter((variable) => !bound.has(variableOf(scope, variable, span).variable))
  const [result] = open
  if (result !== undefined && open.length === 1) return variableOf(scope, result, span)
  const message =
    open.length === 0
      ? `the result of \`${name}\` goes nowhere: no variable of the head waits for it`
      : `the result of \`${name}\` can go to \`${open.join('`, `')}\`, which nothing binds`
  return refuse(scope, 'R347', message, span, write)
}

/** An atom over the groups of `aggregate` for which its body has a binding. */
function enumerateGroups(aggregate: AggregateLiteral, scope: RuleScope): Literal {
  const { context, name, variables, places, locals } = scope
  const { groups, body } = aggregate
  const span = aggregate.span ? { span: aggregate.span } : {}
  if (context.isQuery) {
    const message = `nothing else binds \`${groups.map((variable) => variables[variable]).join('`, `')}\``
    if (aggregate.span)
      refuse(scope, 'R347', message, aggregate.span, { help: 'a query groups by what other literals bind' })
  }
  const { id } = internalPredicate(context.table, 'groups', groups.length)
  const args = groups.map((variable): VariableRef => ({ kind: 'variable', variable }))
  context.rules.push({ name, head: id, args, body, groups, variables, places, locals, ...span })
  return { kind: 'atom', negated: false, predicate: id, args, ...span }
}

function variableIn(expr: Expr | undefined): number[] {
  return expr?.kind === 'variable' ? [expr.variable] : []
}
