/** The literals of a body as the Datalog oracle reads them, and the variables in them. */
import type { AggregateFunction, Expr, Literal } from '../../src/syntax/datalog/ast.ts'

export interface Body {
  readonly steps: readonly Step[]
  /** Variables that atoms do not bind. */
  readonly defined: ReadonlySet<string>
}

export type Step = Exclude<Literal, { kind: 'or' | 'bare_aggregate' }> | AggregateStep

export interface AggregateStep {
  readonly kind: 'aggregate'
  readonly function: AggregateFunction
  readonly result: Expr
  readonly over: Expr
  /** One body for each alternative, for a binding of the groups. */
  readonly bodies: readonly Body[]
  /** The same bodies where they find the groups themselves. */
  readonly finders: readonly Body[]
  /** Variables that `bodies` share with the rest of the rule. */
  readonly groups: readonly string[]
  /** Those of `groups` that literals other than aggregates bind. */
  readonly bound: readonly string[]
}

/** Whether an aggregate has groups that nothing else binds: it goes through all that its body has. */
export function findsGroups({ bound, groups }: AggregateStep): boolean {
  return bound.length < groups.length
}

/** The right side of an `in`, element by element. */
export function listed(right: Extract<Literal, { kind: 'in' }>['right']): readonly Expr[] {
  return right.kind === 'list' ? right.elements : [right]
}

/** All variables of an expression; an aggregate has none to the outside. */
export function variablesOf(expr: Expr): string[] {
  switch (expr.kind) {
    case 'variable':
      return [expr.name]
    case 'arithmetic':
      return [...variablesOf(expr.left), ...variablesOf(expr.right)]
    case 'negate':
      return variablesOf(expr.operand)
    case 'method':
      return [expr.receiver, ...expr.args].flatMap(variablesOf)
    default:
      return []
  }
}
