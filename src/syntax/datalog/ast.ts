/**
 * The syntax tree of `[rules]`: declarations, facts and rules, with a span on every node; that of a clause holds its dot.
 * Built by `parse.ts`; names, types and safety are the business of `src/program`. Spec: LANGUAGE section 4.
 */
import type { Span } from '../../text/source.ts'
import type { Value } from '../../values/value.ts'

export type Clause = Declaration | Rule

/** `decl p(user: User, n: Long) materialize.` */
export interface Declaration {
  readonly kind: 'decl'
  readonly predicate: Name
  readonly columns: readonly DeclaredColumn[]
  readonly option?: 'equivalence' | 'materialize' | 'on_demand'
  readonly span: Span
}

/** `types` is empty where only a name was given, and has several entries for a union `User | Group`. */
export interface DeclaredColumn {
  readonly name: string
  readonly types: readonly string[]
  readonly span: Span
}

/** A possibly dotted name, such as `agent.capabilities`. */
export interface Name {
  readonly text: string
  readonly span: Span
}

/** `head :- body.`, or a fact where the body is empty. */
export interface Rule {
  readonly kind: 'rule'
  readonly head: Head
  readonly body: readonly Literal[]
  readonly span: Span
}

export interface Head {
  readonly predicate: Name
  readonly args: readonly HeadArgument[]
  readonly span: Span
}

/** `best` marks `min D` or `max D`. */
export interface HeadArgument {
  readonly best?: 'min' | 'max'
  readonly expr: Expr
}

export type Literal =
  | Atom
  | {
      readonly kind: 'compare'
      readonly operator: Comparison
      readonly left: Expr
      readonly right: Expr
      readonly span: Span
    }
  /** `X in ["a", "b"]` (`right` is a list) or `X in S`. */
  | {
      readonly kind: 'in'
      readonly negated: boolean
      readonly left: Expr
      readonly right: Expr | List
      readonly span: Span
    }
  /** A method that yields a Bool, standing as a literal. */
  | { readonly kind: 'test'; readonly negated: boolean; readonly expr: Expr; readonly span: Span }
  /** The short form: a bare aggregate whose result is the one head variable that nothing else binds. */
  | { readonly kind: 'bare_aggregate'; readonly aggregate: Aggregate; readonly span: Span }
  /** `(a, b ; c)`: one list of literals for each alternative. */
  | { readonly kind: 'or'; readonly alternatives: readonly (readonly Literal[])[]; readonly span: Span }

/** `p(X, "a")` or `not p(X, "a")`; an argument may be any expression over bound variables. */
export interface Atom {
  readonly kind: 'atom'
  readonly negated: boolean
  readonly predicate: Name
  readonly args: readonly Expr[]
  readonly span: Span
}

/** `==` is read as `=`: both bind and compare. */
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>='

export interface List {
  readonly kind: 'list'
  readonly elements: readonly Expr[]
  readonly span: Span
}

export type Expr =
  /** `bare` marks a bare lower-case word, `alice`. */
  | { readonly kind: 'constant'; readonly value: Value; readonly bare?: boolean; readonly span: Span }
  /** `_` alone is kind `wildcard`; `_X` is a variable. */
  | { readonly kind: 'variable'; readonly name: string; readonly span: Span }
  | { readonly kind: 'wildcard'; readonly span: Span }
  | {
      readonly kind: 'arithmetic'
      readonly operator: Arithmetic
      readonly left: Expr
      readonly right: Expr
      readonly span: Span
    }
  | { readonly kind: 'negate'; readonly operand: Expr; readonly span: Span }
  /** `()` may have been omitted. Which methods exist is known to `src/program`. */
  | {
      readonly kind: 'method'
      readonly method: string
      readonly receiver: Expr
      readonly args: readonly Expr[]
      readonly span: Span
    }
  /** Only as one side of `=`; anything else is refused by the parser. */
  | Aggregate

export type Arithmetic = '+' | '-' | '*' | '/' | '%'

/** `count(X, body)` or `count { X : body }`. */
export interface Aggregate {
  readonly kind: 'aggregate'
  readonly function: AggregateFunction
  readonly over: Expr
  readonly body: readonly Literal[]
  readonly span: Span
}

export type AggregateFunction = 'count' | 'count_distinct' | 'sum' | 'min' | 'max' | 'mean'
