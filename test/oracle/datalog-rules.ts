/**
 * Rules as the Datalog oracle reads them: without disjunction, each aggregate with its groups, each wildcard of an aggregate
 * and each expression in an atom a variable of its own, and strings in atoms read as entities and extension values where a
 * `decl` says so. Types that are inferred are not known here. Spec: LANGUAGE section 4.
 */
import type { Aggregate, Clause, Expr, Head, Literal, Rule } from '../../src/syntax/datalog/ast.ts'
import { entityUid, type Value } from '../../src/values/value.ts'
import { callExtension } from './cedar-extensions.ts'
import { definedNames } from './datalog-defined.ts'
import { type Body, listed, type Step, variablesOf } from './datalog-steps.ts'

export interface FlatRule {
  readonly head: Head
  readonly body: Body
}

/** The types of a declared predicate's columns. */
export type Declared = ReadonlyMap<string, readonly (readonly string[])[]>

/** The column types that `clauses` declare. */
export function declaredTypes(clauses: readonly Clause[]): Declared {
  const declarations = clauses.filter((clause) => clause.kind === 'decl')
  return new Map(declarations.map(({ predicate, columns }) => [predicate.text, columns.map(({ types }) => types)]))
}

/** The rules of `clauses`, one for each alternative; facts are rules without a body. */
export function flatten(clauses: readonly Clause[]): FlatRule[] {
  const declared = declaredTypes(clauses)
  const rules = clauses.filter((clause) => clause.kind === 'rule')
  return rules.flatMap((rule) => alternatives(rule.body).map((body) => flatRule(rule, body, declared)))
}

type Flat = Exclude<Literal, { kind: 'or' }>

/** `body` in disjunctive normal form. */
function alternatives(body: readonly Literal[]): Flat[][] {
  let all: Flat[][] = [[]]
  for (const literal of body) {
    const choices = literal.kind === 'or' ? literal.alternatives.flatMap(alternatives) : [[literal]]
    all = all.flatMap((before) => choices.map((choice) => [...before, ...choice]))
  }
  return all
}

function flatRule(rule: Rule, body: readonly Flat[], declared: Declared): FlatRule {
  const inHead = rule.head.args.flatMap((arg) => variablesOf(arg.expr))
  const types = declared.get(rule.head.predicate.text)
  const args = rule.head.args.map((arg, i) => ({ ...arg, expr: readExpr(arg.expr, types?.[i]) }))
  const steps = body.flatMap((literal, at): Step[] => {
    const found = aggregateOf(literal)
    if (found === undefined) return readLiteral(literal as Step, declared, `${at}`)
    const { aggregate } = found
    const rest = body.filter((other) => other !== literal)
    const inner = [...new Set(inside(aggregate))]
    const result = found.result ?? receiver(inHead, rest, inner)
    const elsewhere = new Set([...inHead, ...variablesOf(result), ...rest.flatMap(literalVariables)])
    const groups = inner.filter((name) => elsewhere.has(name))
    const ways = alternatives(aggregate.body).map((one, i) =>
      one.flatMap((inBody, j) =>
        readLiteral(inBody as Step, declared, `${i}.${j}`).map((s) => nameWildcards(s, `${i}.${j}`)),
      ),
    )
    const finders = ways.map((way) => ({ steps: way, defined: definedNames(way, { known: [], groups }) }))
    const [way = []] = ways
    // Several alternatives are a predicate of their own, which has to do without the groups.
    const bodies = ways.length > 1 ? finders : [{ steps: way, defined: definedNames(way, { known: groups, groups }) }]
    const bindable = bindableBy(rest)
    const bound = groups.filter((name) => bindable.has(name))
    const { function: name, over } = aggregate
    return [{ kind: 'aggregate', function: name, result, over, bodies, finders, groups, bound }]
  })
  return { head: { ...rule.head, args }, body: { steps, defined: definedNames(steps, { known: [], groups: [] }) } }
}

/** The aggregate of a literal, and the other side of its `=`; none for the short form. */
function aggregateOf(literal: Flat): { aggregate: Aggregate; result?: Expr } | undefined {
  if (literal.kind === 'bare_aggregate') return { aggregate: literal.aggregate }
  if (literal.kind !== 'compare') return undefined
  if (literal.left.kind === 'aggregate') return { aggregate: literal.left, result: literal.right }
  if (literal.right.kind === 'aggregate') return { aggregate: literal.right, result: literal.left }
  return undefined
}

/** The one variable of the head that nothing binds: it receives the result of a short form. */
function receiver(inHead: readonly string[], rest: readonly Flat[], inner: readonly string[]): Expr {
  const bound = bindableBy(rest)
  const [name, ...others] = new Set(inHead.filter((one) => !bound.has(one) && !inner.includes(one)))
  if (name === undefined || others.length > 0) throw new Error('no single variable for a bare aggregate')
  return { kind: 'variable', name, span: NOWHERE }
}

const NOWHERE = { source: { path: '<oracle>', text: '' }, start: 0, end: 0 }

/** The variables that `literals` bind where nothing fails. */
export function bindableBy(literals: readonly Literal[]): ReadonlySet<string> {
  const bound = new Set<string>()
  const isBound = (...exprs: Expr[]): boolean => exprs.flatMap(variablesOf).every((name) => bound.has(name))
  const bind = (target: Expr): void => {
    if (target.kind === 'variable') bound.add(target.name)
  }
  // Each pass binds one more variable or is the last that could.
  for (let pass = 0; pass <= literals.length; pass++) {
    for (const literal of literals) {
      if (literal.kind === 'atom' && !literal.negated) literal.args.forEach(bind)
      if (literal.kind === 'in' && !literal.negated && isBound(...listed(literal.right))) bind(literal.left)
      if (literal.kind !== 'compare' || literal.operator !== '=') continue
      if (isBound(literal.right)) bind(literal.left)
      if (isBound(literal.left)) bind(literal.right)
    }
  }
  return bound
}

/** The variables of a literal, but for those that are an aggregate's own. */
export function literalVariables(literal: Literal): string[] {
  switch (literal.kind) {
    case 'atom':
      return literal.args.flatMap(variablesOf)
    case 'compare':
      return [literal.left, literal.right].flatMap((e) => (e.kind === 'aggregate' ? inside(e) : variablesOf(e)))
    case 'in':
      return [literal.left, ...listed(literal.right)].flatMap(variablesOf)
    case 'test':
      return variablesOf(literal.expr)
    case 'bare_aggregate':
      return inside(literal.aggregate)
    case 'or':
      return literal.alternatives.flat().flatMap(literalVariables)
  }
}

/** Variables of an aggregate, but for the ones that are its own: what it ranges over, where its body binds that. */
function inside({ body, over }: Aggregate): string[] {
  const inBody = body.flatMap(literalVariables)
  const inOver = variablesOf(over)
  return [...inBody.filter((name) => !inOver.includes(name)), ...inOver.filter((name) => !inBody.includes(name))]
}

function nameWildcards(step: Step, place: string): Step {
  if (step.kind !== 'atom' || step.negated) return step
  const args = step.args.map((arg, i): Expr => {
    return arg.kind === 'wildcard' ? { kind: 'variable', name: `_${place}.${i}`, span: arg.span } : arg
  })
  return { ...step, args }
}

/** The literal with an equation before it for each expression in an atom; `place` tells its variables from all others. */
function readLiteral(step: Step, declared: Declared, place: string): Step[] {
  if (step.kind !== 'atom') return [step]
  const types = declared.get(step.predicate.text)
  const made: Step[] = []
  const args = step.args.map((arg, i): Expr => {
    if (['constant', 'variable', 'wildcard'].includes(arg.kind)) return readExpr(arg, types?.[i])
    const left: Expr = { kind: 'variable', name: `$${place}.${i}`, span: arg.span }
    made.push({ kind: 'compare', operator: '=', left, right: arg, span: arg.span })
    return left
  })
  return [...made, { ...step, args }]
}

function readExpr(expr: Expr, types: readonly string[] | undefined): Expr {
  return expr.kind === 'constant' ? { ...expr, value: readAs(expr.value, types) } : expr
}

const KEPT = ['String', 'Long', 'Bool', 'Float', 'Set', 'Record']
const CONSTRUCTORS = new Map(['decimal', 'datetime', 'duration'].map((name) => [name, name])).set('ipaddr', 'ip')

/** A string where a column of one entity or extension type is declared is read as that type. */
export function readAs(value: Value, types: readonly string[] | undefined): Value {
  const [type, ...others] = types ?? []
  if (typeof value !== 'string' || type === undefined || others.length > 0 || KEPT.includes(type)) return value
  const construct = CONSTRUCTORS.get(type)
  return construct === undefined ? entityUid(type, value) : callExtension(construct, [value])
}
