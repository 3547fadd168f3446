/**
 * Defined variables: those that a literal of the body computes from what is known without them. A computation may fail, and
 * what mentions its variable depends on the failure; so no atom binds a defined variable, it is matched once that is known.
 * A property of the body alone, whatever is given and in whatever order. Spec: LANGUAGE section 4, "Errors of a derivation".
 */
import { boundBy, listOf, stepOf, variablesOf, variablesOfLiteral } from './plan.ts'
import type { Expr, Literal } from './program.ts'

interface BodyWithGroups {
  readonly body: readonly Literal[]
  /** Variables that stand for what the outside gives: they are not defined. */
  readonly groups?: readonly number[]
}

/** The variables that the body defines, where `bound` are always bound before. Most bodies define none, and cost nothing. */
export function definedVariables(
  { body, groups = [] }: BodyWithGroups,
  bound: readonly number[] = [],
): ReadonlySet<number> {
  const definitions = body.flatMap(definitionsOf)
  const defined = new Set<number>()
  if (definitions.length === 0) return defined
  const equal = equalVariables(body)
  for (const { variable } of definitions) for (const other of equal(variable)) defined.add(other)
  for (const group of groups) for (const other of equal(group)) defined.delete(other)
  const mentions = literalsByVariable(body)
  const isComputedWithoutItself = (variable: number): boolean => {
    const own = equal(variable)
    const known = bindable(body, mentions, { bound, defined: NONE, without: own.flatMap((v) => mentions.get(v) ?? []) })
    return definitions.some((d) => own.includes(d.variable) && d.inputs.every((input) => known.has(input)))
  }
  for (;;) {
    const known = bindable(body, mentions, { bound, defined })
    const waiting = [...defined].filter((variable) => !known.has(variable))
    if (waiting.length === 0) return defined
    const needAtoms = waiting.filter((variable) => !isComputedWithoutItself(variable))
    // Definitions that wait for each other in a circle, and for such ones, would never be reached: atoms bind them.
    for (const variable of needAtoms.length > 0 ? needAtoms : waiting) defined.delete(variable)
  }
}

const NONE: ReadonlySet<number> = new Set()

interface Definition {
  readonly variable: number
  readonly inputs: readonly number[]
}

function definitionsOf(literal: Literal): Definition[] {
  const define = (target: Expr, inputs: readonly number[]) =>
    target.kind === 'variable' ? [{ variable: target.variable, inputs }] : []
  switch (literal.kind) {
    case 'compare': {
      const { operator, left, right } = literal
      if (operator !== '=') return []
      const side = (target: Expr, expr: Expr) => (isPlain(expr) ? [] : define(target, variablesOf(expr)))
      return [...side(left, right), ...side(right, left)]
    }
    case 'in': {
      const elements = listOf(literal)
      const isFixed = literal.negated || elements.every(({ kind }) => kind === 'constant')
      return isFixed ? [] : define(literal.left, elements.flatMap(variablesOf))
    }
    case 'split':
      return define(literal.part, [literal.receiver, literal.separator].flatMap(variablesOf))
    case 'aggregate':
      return define(literal.result, literal.groups)
    default:
      return []
  }
}

/** Neither fails nor computes. */
function isPlain({ kind }: Expr): boolean {
  return kind === 'variable' || kind === 'constant'
}

/** For each variable those that `X = Y` makes equal to it, itself included. */
function equalVariables(body: readonly Literal[]): (variable: number) => readonly number[] {
  const classes = new Map<number, readonly number[]>()
  const equal = (variable: number) => classes.get(variable) ?? [variable]
  for (const literal of body) {
    if (literal.kind !== 'compare' || literal.operator !== '=') continue
    const { left, right } = literal
    if (left.kind !== 'variable' || right.kind !== 'variable') continue
    const united = [...new Set([...equal(left.variable), ...equal(right.variable)])]
    for (const variable of united) classes.set(variable, united)
  }
  return equal
}

function literalsByVariable(body: readonly Literal[]): ReadonlyMap<number, readonly Literal[]> {
  const literals = new Map<number, Literal[]>()
  for (const literal of body) {
    for (const variable of variablesOfLiteral(literal)) {
      const others = literals.get(variable)
      if (others) others.push(literal)
      else literals.set(variable, [literal])
    }
  }
  return literals
}

interface Binding {
  readonly bound: readonly number[]
  readonly defined: ReadonlySet<number>
  readonly without?: readonly Literal[]
}

/** All that `body` binds beyond `bound`, while no atom binds a variable of `defined`. Linear in the size of the body. */
function bindable(
  body: readonly Literal[],
  mentions: ReadonlyMap<number, readonly Literal[]>,
  { bound, defined, without = [] }: Binding,
): ReadonlySet<number> {
  const known = new Set(bound)
  const done = new Set(without)
  // A literal is looked at again when a variable of it becomes known.
  const queue = [...body]
  for (const literal of queue) {
    const step = done.has(literal) ? undefined : stepOf(literal, 0, known, defined)
    if (!step) continue
    done.add(literal)
    for (const variable of boundBy(step)) {
      if (!known.has(variable)) queue.push(...(mentions.get(variable) ?? []))
      known.add(variable)
    }
  }
  return known
}
