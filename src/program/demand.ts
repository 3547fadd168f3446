/**
 * How a decision asks for facts. Declared here, so that `src/decide` can ask and `src/fixpoint` can answer without knowing
 * each other. A pattern and its rows hold value ids (see `src/image/value-ids.ts`), which this folder treats as numbers.
 */
import type { PredicateId, Rule } from './program.ts'

/** In a pattern: the column may have any value. */
export const FREE = -1

/** Answers which rows of `predicate` match `pattern`: one value id or `FREE` for each column. Every row is a full row. */
export type Demand = (predicate: PredicateId, pattern: readonly number[]) => DemandAnswer

/**
 * Whether a row that has a value id in each column is stored; nothing where that is not all there is to it, so that it has to
 * be asked for. Says what `Demand` would, for less.
 */
export type Holds = (predicate: PredicateId, row: readonly number[]) => boolean | undefined

export interface DemandAnswer {
  readonly rows: readonly (readonly number[])[]
  /** Set if the derivation failed for this pattern; `rows` then means nothing. Why, in plain words. */
  readonly error?: string
  /** All derivations that failed, where `error` is set. */
  readonly failures?: readonly RuleFailure[]
}

export interface RuleFailure {
  readonly rule: Rule
  readonly message: string
}

/** One way in which a policy asks a predicate: which columns it gives a value for. */
export interface FactAsk {
  readonly predicate: PredicateId
  readonly bound: readonly boolean[]
}
