/**
 * Disjunction inside of an aggregate: the ways through the body become rules of an internal predicate over all variables
 * and wildcards, so that each binding of these still counts once. Spec: LANGUAGE section 4, "Aggregates".
 */
import type { Expr } from '../syntax/datalog/ast.ts'
import type { Span } from '../text/source.ts'
import type { PlainLiteral } from './disjunction.ts'
import { refuse } from './normalise-expr.ts'
import { normaliseLiteral } from './normalise-literal.ts'
import { internalPredicate } from './predicate-table.ts'
import type { Constant, Literal, Operand, VariableRef } from './program.ts'
import { createScope, type RuleScope, variableOf } from './rule-draft.ts'
import { namesInBody } from './variable-names.ts'

export interface Alternatives {
  readonly ways: readonly PlainLiteral[][]
  /** Names that group the aggregate and names that it ranges over: they must be bound in every way through the body. */
  readonly groups: readonly string[]
  readonly over: readonly string[]
  readonly scope: RuleScope
  readonly span: Span
}

/** An atom that holds for every binding of one of the ways. */
export function disjunctionAtom({ ways, groups, over, scope, span }: Alternatives): Literal | undefined {
  const { context } = scope
  const needed = [...groups, ...over]
  if (context.isQuery) {
    refuse(scope, 'R346', 'an aggregate of a query holds a `;`', span, { help: 'write a rule for it' })
    return undefined
  }
  const bodies = nameWildcards(ways)
  const names = bodies.map((body) => new Set(namesInBody(body)))
  const all = [...new Set(names.flatMap((set) => [...set]))]
  const partial = new Set(all.filter((name) => names.some((set) => !set.has(name))))
  const missing = needed.find((name) => partial.has(name))
  if (missing !== undefined) {
    refuse(scope, 'R348', `\`${missing}\` stands in some alternatives, and is used outside of them`, span)
    return undefined
  }
  // Where a way lacks a variable, the column is padded; the last column keeps such rows apart from all others.
  const { id } = internalPredicate(context.table, 'or', all.length + 1)
  const shapes: string[] = []
  for (const [i, body] of bodies.entries()) {
    const inner = createScope(context, scope.name)
    const out: Literal[] = []
    for (const literal of body) normaliseLiteral(literal, inner, out)
    scope.failed ||= inner.failed
    const shape = all.map((name) => names[i]?.has(name)).join()
    if (!shapes.includes(shape)) shapes.push(shape)
    const args = all.map((name): VariableRef | Constant =>
      names[i]?.has(name) ? variableOf(inner, name, span) : PADDING,
    )
    const { variables, places, locals } = inner
    const tag: Constant = { kind: 'constant', value: BigInt(shapes.indexOf(shape)) }
    context.rules.push({
      name: scope.name,
      head: id,
      args: [...args, tag],
      body: out,
      groups: groups.map((name) => variableOf(inner, name, span).variable),
      variables,
      places,
      locals,
      span,
    })
  }
  const outer = all.map((name): Operand => (needed.includes(name) ? variableOf(scope, name, span) : { kind: 'any' }))
  return { kind: 'atom', negated: false, predicate: id, args: [...outer, { kind: 'any' }], span }
}

const PADDING: Constant = { kind: 'constant', value: false }

/** The same bodies with a variable, which no text can write, for each wildcard of a positive atom. */
function nameWildcards(ways: readonly PlainLiteral[][]): PlainLiteral[][] {
  const made = new Map<Expr, string>()
  const named = (arg: Expr): Expr => {
    if (arg.kind !== 'wildcard') return arg
    const name = made.get(arg) ?? `_ ${made.size}`
    made.set(arg, name)
    return { kind: 'variable', name, span: arg.span }
  }
  return ways.map((way) =>
    way.map((literal) =>
      literal.kind === 'atom' && !literal.negated ? { ...literal, args: literal.args.map(named) } : literal,
    ),
  )
}
