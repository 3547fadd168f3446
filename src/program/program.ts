/**
 * The contract between the halves of the engine: what analysis (this folder) makes of a configuration, and what the image,
 * the fixpoint and decisions work from. Plain data, independent of any thread. Names are resolved, types inferred, rules
 * normalised and stratified; nothing in a `Program` can be wrong any more, except at run time by a value.
 */
import type { Limits, TestCase } from '../syntax/rune-file/ast.ts'
import type { PlainRows } from '../syntax/rune-file/plain-rows.ts'
import type { Schema } from '../syntax/schema/schema.ts'
import type { Span } from '../text/source.ts'
import type { EntityUid, Value } from '../values/value.ts'
import type { LoweredPolicy } from './lowered.ts'

export interface Program {
  /** Index = `PredicateId`. Begins with the built-in predicates, in the order of `BUILTINS`. */
  readonly predicates: readonly Predicate[]
  /** All rules, normalised: no disjunction, no expressions in atoms. Index = `rule.index`. */
  readonly rules: readonly Rule[]
  /** Strongly connected components of the dependency graph, each after all that it depends on. */
  readonly strata: readonly Stratum[]
  readonly facts: readonly FactSource[]
  /** The entity store as written, united; uids normalised. */
  readonly entities: readonly EntityRecord[]
  readonly policies: readonly LoweredPolicy[]
  readonly schema?: Schema
  readonly settings: Settings
  readonly tests: readonly TestCase[]
}

/** What queries and decisions need of a program. */
export type ReaderProgram = Omit<Program, 'facts' | 'entities' | 'tests'>

export type PredicateId = number

export interface Predicate {
  readonly id: PredicateId
  /** Unique together with `arity` (only `principal` and `resource` have two arities). Internal ones start with `$`. */
  readonly name: string
  readonly arity: number
  readonly columns: readonly Column[]
  /** `request`: depends on a request-time predicate. */
  readonly scope: 'static' | 'request'
  readonly evaluation: Evaluation
  /** Depends on `entity.*`: evaluated for the request where that brings entities of its own. */
  readonly readsEntities: boolean
  /** Set for predicates with `min` or `max` heads: of each group of the other columns only the best row counts. */
  readonly best?: { readonly column: number; readonly order: 'min' | 'max' }
  /** Set for the links of an equivalence (see `links.ts`), which it names. */
  readonly linksOf?: PredicateId
  /** Set for the classes of an equivalence: the links that make them. Its rows are (member, representative), and have no rules. */
  readonly unites?: PredicateId
  /** Where it was first named; absent for built-in and internal predicates. */
  readonly span?: Span
}

/**
 * Materialised by the fixpoint, or evaluated for each request and query that asks: what is request-scoped or declared
 * `on_demand`, and all that depends on such. `not asked` is never evaluated (`asked.ts`).
 */
export type Evaluation = 'materialized' | 'on demand' | 'not asked'

export interface Column {
  /** From a `decl` or from rows given as tables. */
  readonly name?: string
  readonly type: ColumnType
  /** What a string is read as where it meets this column: set for columns declared with entity or extension types. */
  readonly declared?: ColumnType
}

/** `any`, or the types that values of the column can have; empty where nothing can be in it. */
export type ColumnType = 'any' | ReadonlySet<TypeName>

/** A type of LANGUAGE section 2; entity types are `entity:` and their name. */
export type TypeName =
  | 'String'
  | 'Long'
  | 'Bool'
  | 'Float'
  | 'ipaddr'
  | 'decimal'
  | 'datetime'
  | 'duration'
  | 'Set'
  | 'Record'
  | `entity:${string}`

/** The predicates that every program has; their place is their id. `base` ones hold the request or the entity store. */
export const BUILTINS = [
  { name: 'principal', arity: 1 },
  { name: 'principal', arity: 2 },
  { name: 'action', arity: 1 },
  { name: 'resource', arity: 1 },
  { name: 'resource', arity: 2 },
  { name: 'path', arity: 1 },
  { name: 'request', arity: 3 },
  { name: 'context', arity: 2 },
  { name: 'entity.type', arity: 2 },
  { name: 'entity.parent', arity: 2 },
  { name: 'entity.attr', arity: 3 },
  { name: 'entity.tag', arity: 3 },
  { name: 'entity.ancestor', arity: 2 },
  { name: 'permit', arity: 1 },
  { name: 'forbid', arity: 1 },
] as const

/**
 * Ids of the built-in predicates. `context.k(V)` is read as `context("k", V)`. `permit` and `forbid` always have one
 * column: the reason, or the rule's own name where the head gives none. The rules of `entity.ancestor` are in
 * `Program.rules` like all others, and so are `entity.type(E, T)` for whatever has a parent, an attribute or a tag.
 */
export const BUILTIN = {
  principal1: 0,
  principal2: 1,
  action: 2,
  resource1: 3,
  resource2: 4,
  path: 5,
  request: 6,
  context: 7,
  entityType: 8,
  entityParent: 9,
  entityAttr: 10,
  entityTag: 11,
  entityAncestor: 12,
  permit: 13,
  forbid: 14,
} as const

export interface Stratum {
  readonly predicates: readonly PredicateId[]
  /** Rules whose head is one of `predicates`, without those that never hold (`fold.ts`). */
  readonly rules: readonly Rule[]
  /** Whether a rule's body reads a predicate of the same stratum. */
  readonly recursive: boolean
  /** That of all of its predicates. */
  readonly evaluation: Evaluation
}

/** A normalised rule. Variables are numbered; an environment is an array of `variables.length` value ids. */
export interface Rule {
  readonly index: number
  /** What reasons and errors call it: `permit0` for deciding rules, else the head's predicate and the line. */
  readonly name: string
  readonly head: PredicateId
  readonly args: readonly (VariableRef | Constant)[]
  readonly body: readonly Literal[]
  /** Of a rule made from the body of an aggregate: the variables that group it, which are bound from outside as well. */
  readonly groups?: readonly number[]
  /** Names by number, for messages; made-up variables start with `$`. */
  readonly variables: readonly string[]
  readonly span?: Span
}

export interface VariableRef {
  readonly kind: 'variable'
  readonly variable: number
}

export interface Constant {
  readonly kind: 'constant'
  readonly value: Value
}

/** An argument of a body atom. */
export type Operand = VariableRef | Constant | { readonly kind: 'any' }

export type Literal = AtomLiteral | CompareLiteral | InLiteral | TestLiteral | SplitLiteral | AggregateLiteral

export interface AtomLiteral {
  readonly kind: 'atom'
  readonly negated: boolean
  readonly predicate: PredicateId
  readonly args: readonly Operand[]
  /** Set where `predicate` are the classes of an equivalence: both arguments are members of the class that this variable is bound to. */
  readonly inClass?: number
  readonly span?: Span
}

/** `=` binds a side that is an unbound variable; all other operators, and `=` between bound sides, compare. */
export interface CompareLiteral {
  readonly kind: 'compare'
  readonly operator: '=' | '!=' | '<' | '<=' | '>' | '>='
  readonly left: Expr
  readonly right: Expr
  /** Set for `<`, `<=`, `>` and `>=` of variables and constants that types show to have an order, wherever the other literals hold. */
  readonly isTotal?: true
  readonly span?: Span
}

/** Binds `left` where that is an unbound variable and the literal is not negated. `right` is a list, or one set-valued expression. */
export interface InLiteral {
  readonly kind: 'in'
  readonly negated: boolean
  readonly left: Expr
  readonly right: readonly Expr[] | Expr
  readonly span?: Span
}

/** A method that yields a Bool. */
export interface TestLiteral {
  readonly kind: 'test'
  readonly negated: boolean
  readonly expr: Expr
  readonly span?: Span
}

/** `part = receiver.split(separator)`: one binding a part. */
export interface SplitLiteral {
  readonly kind: 'split'
  readonly part: Expr
  readonly receiver: Expr
  readonly separator: Expr
  readonly span?: Span
}

/**
 * `result = function(over, body)`, for each binding of `groups`: variables of the rule that the body shares with the rest
 * of it and that other literals bind (where none would, analysis adds an atom that enumerates the groups). Bindings of
 * `body` count once for each binding of all its variables and wildcards. `body` holds no disjunction and no aggregate.
 * `empty` is the result without any binding: 0 or 0.0 for `count`, `count_distinct` and `sum`; absent, nothing is derived.
 */
export interface AggregateLiteral {
  readonly kind: 'aggregate'
  readonly function: 'count' | 'count_distinct' | 'sum' | 'min' | 'max' | 'mean'
  readonly result: Expr
  readonly over: Expr
  readonly groups: readonly number[]
  readonly body: readonly Literal[]
  readonly empty?: Value
  readonly span?: Span
}

export type Expr =
  | VariableRef
  | Constant
  | {
      readonly kind: 'arithmetic'
      readonly operator: '+' | '-' | '*' | '/' | '%'
      readonly left: Expr
      readonly right: Expr
      readonly span?: Span
    }
  | { readonly kind: 'negate'; readonly operand: Expr; readonly span?: Span }
  /** `method` is a key of `METHODS` in `methods.ts`. */
  | {
      readonly kind: 'method'
      readonly method: string
      readonly receiver: Expr
      readonly args: readonly Expr[]
      readonly span?: Span
    }

/** Facts of one predicate from one place. */
export type FactSource =
  | { readonly kind: 'inline'; readonly predicate: PredicateId; readonly rows: readonly (readonly Value[])[] }
  /** Rows of which each value can be in its column, and has the type that `types` says. */
  | {
      readonly kind: 'plain'
      readonly predicate: PredicateId
      readonly rows: PlainRows
      readonly types: readonly TypeName[]
    }
  | {
      readonly kind: 'file'
      readonly predicate: PredicateId
      readonly path: string
      readonly format: 'tsv' | 'csv' | 'jsonl'
      /** A type for each column. */
      readonly types: readonly TypeName[]
      readonly span: Span
    }

export interface EntityRecord {
  readonly uid: EntityUid
  readonly attrs: ReadonlyMap<string, Value>
  readonly tags: ReadonlyMap<string, Value>
  readonly parents: readonly EntityUid[]
  readonly span?: Span
}

/** Options with their defaults filled in. */
export interface Settings {
  readonly defaultPrincipalType?: string
  readonly defaultActionType: string
  readonly defaultResourceType?: string
  readonly pathTypes: ReadonlySet<string>
  readonly globs: boolean
  readonly onPolicyError: 'deny' | 'skip' | 'strict'
  readonly limits: Required<Limits>
}
