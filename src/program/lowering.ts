/** What the lowering of policies carries along. Owned by `lower-policies.ts`, which makes it. */
import type { Diagnostics } from '../text/diagnostic.ts'
import type { EntityUid } from '../values/value.ts'
import type { FactAsk } from './demand.ts'
import type { Predicate, Settings } from './program.ts'

/** Known before the first policy. */
export interface PolicyEnvironment {
  readonly diagnostics: Diagnostics
  readonly settings: Pick<Settings, 'globs' | 'pathTypes'>
  readonly enumTypes: ReadonlySet<string>
  readonly declaredActions: readonly EntityUid[]
  /** Absent where no policy mentions `context.facts`, and in plain Cedar. */
  readonly facts: FactIndex | undefined
}

/** The lowering of one policy. */
export interface PolicyLowering extends PolicyEnvironment {
  readonly effect: 'permit' | 'forbid'
  /** Filled on the way; by predicate and shape. */
  readonly asks: Map<string, FactAsk>
}

/** The predicates by name, as `context.facts` nests them. */
export interface FactIndex {
  /** Almost always one a name. */
  readonly predicates: ReadonlyMap<string, readonly Predicate[]>
  /** `a` and `a.b` for a predicate `a.b.c`. */
  readonly prefixes: ReadonlySet<string>
  /** Whether columns must have one type that a schema can name. */
  readonly typed: boolean
}
