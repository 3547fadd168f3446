/**
 * Lowered policies: what `lower-policies.ts` makes of Cedar policies and `src/decide/cedar` evaluates. One policy is one
 * condition, its scope included; names, paths, globs and `context.facts` are resolved; `!=`, `>`, `>=` and `unless` are
 * gone, and so are slots. Plain data, no higher than the syntax tree. The meaning of each node is that of the Cedar
 * expression that it came from, errors included. Spec: LANGUAGE sections 5 and 6.
 */
import type { CoreMethod, LikePattern, Variable } from '../syntax/cedar/ast.ts'
import type { Span } from '../text/source.ts'
import type { Glob } from '../values/glob.ts'
import type { Value } from '../values/value.ts'
import type { FactAsk } from './demand.ts'
import type { PredicateId } from './program.ts'

/** A static policy or a linked template. */
export interface LoweredPolicy {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  /** The template that it is a link of. */
  readonly template?: string
  /** `principal, then action, then resource, then the conditions`; satisfied if it yields true. */
  readonly condition: LoweredExpr
  /** How many operands of the condition, its first ones, are the scope. */
  readonly scopeLength: number
  /** How the condition asks for facts, each way once. */
  readonly asks: readonly FactAsk[]
  /** Whether the text mentions `context.facts`, even where nothing has to be asked. */
  readonly usesFacts: boolean
  readonly span: Span
}

export type LoweredExpr = { readonly span: Span } & (
  | { readonly kind: 'constant'; readonly value: Value }
  | { readonly kind: 'variable'; readonly name: Variable }
  | { readonly kind: 'not'; readonly operand: LoweredExpr }
  | { readonly kind: 'negate'; readonly operand: LoweredExpr }
  /** From left to right; ends at the first false (`and`) or true (`or`); an operand that is no bool is an error. At least one. */
  | { readonly kind: 'and' | 'or'; readonly operands: readonly LoweredExpr[] }
  | { readonly kind: 'equal'; readonly left: LoweredExpr; readonly right: LoweredExpr }
  | { readonly kind: 'less'; readonly orEqual: boolean; readonly left: LoweredExpr; readonly right: LoweredExpr }
  | {
      readonly kind: 'arithmetic'
      readonly operator: '+' | '-' | '*'
      readonly left: LoweredExpr
      readonly right: LoweredExpr
    }
  | { readonly kind: 'if'; readonly test: LoweredExpr; readonly whenTrue: LoweredExpr; readonly whenFalse: LoweredExpr }
  | { readonly kind: 'in'; readonly operand: LoweredExpr; readonly group: Group }
  | { readonly kind: 'is'; readonly operand: LoweredExpr; readonly type: string; readonly group?: Group }
  | { readonly kind: 'has'; readonly operand: LoweredExpr; readonly attributes: readonly string[] }
  | { readonly kind: 'get'; readonly operand: LoweredExpr; readonly attribute: string }
  | { readonly kind: 'like'; readonly operand: LoweredExpr; readonly pattern: LikePattern }
  | { readonly kind: 'set'; readonly elements: readonly LoweredExpr[] }
  /** Entries in the order of their evaluation: by key, in code points. */
  | { readonly kind: 'record'; readonly entries: readonly { readonly key: string; readonly value: LoweredExpr }[] }
  | {
      readonly kind: 'method'
      readonly method: CoreMethod
      readonly receiver: LoweredExpr
      readonly args: readonly LoweredExpr[]
    }
  | { readonly kind: 'extension'; readonly name: string; readonly args: readonly LoweredExpr[] }
  /** `context.facts.p` as a value. */
  | { readonly kind: 'facts'; readonly facts: FactSet }
  /** A set method of `context.facts.p`, for an arity of at least 1; `arg` is absent for `isEmpty` alone. */
  | { readonly kind: 'probe'; readonly facts: FactSet; readonly method: ProbeMethod; readonly arg?: LoweredExpr }
)

export type ProbeMethod = 'contains' | 'containsAll' | 'containsAny' | 'isEmpty'

/**
 * The right side of `in`: `right` as in Cedar; besides, the entity is in it if it or an ancestor of it is of the type and
 * matches one of `globs`. These stand in `right` as plain entities, too.
 */
export interface Group {
  readonly right: LoweredExpr
  readonly globs: readonly GlobGroup[]
}

/** All entities of `type` whose id matches. */
export interface GlobGroup {
  readonly type: string
  readonly glob: Glob
}

/** A predicate as Cedar sees it: a bool for arity 0, a set for 1, a set of records with `keys` (one a column) for more. */
export interface FactSet {
  readonly predicate: PredicateId
  readonly name: string
  readonly arity: number
  readonly keys: readonly string[]
}

/** The expressions directly inside of `expr`, in the order of their evaluation. */
export function operandsOf(expr: LoweredExpr): readonly LoweredExpr[] {
  switch (expr.kind) {
    case 'constant':
    case 'variable':
    case 'facts':
      return []
    case 'not':
    case 'negate':
    case 'has':
    case 'get':
    case 'like':
      return [expr.operand]
    case 'and':
    case 'or':
      return expr.operands
    case 'equal':
    case 'less':
    case 'arithmetic':
      return [expr.left, expr.right]
    case 'if':
      return [expr.test, expr.whenTrue, expr.whenFalse]
    case 'in':
      return [expr.operand, expr.group.right]
    case 'is':
      return expr.group ? [expr.operand, expr.group.right] : [expr.operand]
    case 'set':
      return expr.elements
    case 'record':
      return expr.entries.map(({ value }) => value)
    case 'method':
      return [expr.receiver, ...expr.args]
    case 'extension':
      return expr.args
    case 'probe':
      return expr.arg ? [expr.arg] : []
  }
}
