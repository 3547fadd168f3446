/**
 * The syntax tree of Cedar policies, as close to the text as printing it back needs, with a span on every node. Built by
 * the text parser (`parse.ts`) and by the JSON form (`est.ts`), which bound its depth (`limits.ts`); read by the printer, by `src/program` and by the oracle.
 * Spec: Cedar's grammar.
 */
import type { Span } from '../../text/source.ts'
import type { EntityUid } from '../../values/value.ts'

/** One statement of a policy set: a static policy, or a template if a slot stands in its scope. */
export interface Policy {
  readonly annotations: readonly Annotation[]
  readonly effect: 'permit' | 'forbid'
  readonly principal: ScopeConstraint
  readonly action: ActionConstraint
  readonly resource: ScopeConstraint
  readonly conditions: readonly Condition[]
  readonly span: Span
}

/** `value` is `''` for an annotation without a value, which is `bare`. */
export interface Annotation {
  readonly key: string
  readonly value: string
  readonly bare: boolean
  readonly span: Span
}

export type Slot = '?principal' | '?resource'

/** What `principal` or `resource` is tied to in the scope. */
export type ScopeConstraint =
  | { readonly kind: 'any'; readonly span: Span }
  | { readonly kind: 'eq'; readonly entity: ScopeEntity; readonly span: Span }
  | { readonly kind: 'in'; readonly entity: ScopeEntity; readonly span: Span }
  | { readonly kind: 'is'; readonly type: string; readonly in?: ScopeEntity; readonly span: Span }

export type ScopeEntity = EntityLiteral | { readonly kind: 'slot'; readonly slot: Slot; readonly span: Span }

/** An entity literal; `uid` is as written, unescaped: globs and paths are resolved by `src/program`. */
export interface EntityLiteral {
  readonly kind: 'entity'
  readonly uid: EntityUid
  readonly span: Span
}

export type ActionConstraint =
  | { readonly kind: 'any'; readonly span: Span }
  | { readonly kind: 'eq'; readonly entity: EntityLiteral; readonly span: Span }
  /** `list` tells `action in [A]` from `action in A`. */
  | { readonly kind: 'in'; readonly entities: readonly EntityLiteral[]; readonly list: boolean; readonly span: Span }

export interface Condition {
  readonly kind: 'when' | 'unless'
  readonly body: Expr
  readonly span: Span
}

/** The scope of a policy by its variables. */
export type Scope = Pick<Policy, 'principal' | 'action' | 'resource'>

export type Variable = 'principal' | 'action' | 'resource' | 'context'

export type BinaryOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '+' | '-' | '*' | '&&' | '||'

/** The methods of the core language, each of fixed arity: `isEmpty` none, the others one argument. */
export type CoreMethod = 'contains' | 'containsAll' | 'containsAny' | 'isEmpty' | 'getTag' | 'hasTag'

export type Expr =
  | { readonly kind: 'literal'; readonly value: boolean | bigint | string; readonly span: Span }
  | EntityLiteral
  | { readonly kind: 'variable'; readonly name: Variable; readonly span: Span }
  | { readonly kind: 'not'; readonly operand: Expr; readonly span: Span }
  | { readonly kind: 'negate'; readonly operand: Expr; readonly span: Span }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expr
      readonly right: Expr
      readonly span: Span
    }
  | { readonly kind: 'if'; readonly test: Expr; readonly then: Expr; readonly else: Expr; readonly span: Span }
  | { readonly kind: 'is'; readonly operand: Expr; readonly type: string; readonly in?: Expr; readonly span: Span }
  /** `attributes` has one name, or several for the extended form `e has a.b.c`. */
  | { readonly kind: 'has'; readonly operand: Expr; readonly attributes: readonly string[]; readonly span: Span }
  | { readonly kind: 'like'; readonly operand: Expr; readonly pattern: LikePattern; readonly span: Span }
  | { readonly kind: 'get'; readonly operand: Expr; readonly attribute: string; readonly span: Span }
  | { readonly kind: 'set'; readonly elements: readonly Expr[]; readonly span: Span }
  | { readonly kind: 'record'; readonly entries: readonly RecordEntry[]; readonly span: Span }
  | {
      readonly kind: 'method'
      readonly method: CoreMethod
      readonly receiver: Expr
      readonly args: readonly Expr[]
      readonly span: Span
    }
  /** A call of an extension: constructor (`ip("…")`) or method (`a.isInRange(b)`, receiver first). Arity is checked when it runs. */
  | { readonly kind: 'extension'; readonly name: string; readonly args: readonly Expr[]; readonly span: Span }

/** Keys are unique and in source order. */
export interface RecordEntry {
  readonly key: string
  readonly value: Expr
  readonly span: Span
}

/** Literal runs and `null` for each `*`; runs are non-empty and adjacent runs are merged. */
export type LikePattern = readonly (string | null)[]
