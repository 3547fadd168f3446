/**
 * Where the rows of a rule go: to the end of its head's relation, unless they are there already.
 */
import { insert, type Relation } from '../image/relation.ts'
import type { Next } from './body-target.ts'
import { addDistinct, type Distinct } from './distinct.ts'
import type { Environment } from './expression.ts'

export interface Emission {
  readonly relation: Relation
  readonly distinct: Distinct
  /** By column: a value id, or the variable as `~number`. */
  readonly sources: readonly number[]
  /** Makes room for more rows, or throws where there are too many. */
  readonly grow: () => void
  /** The rows that there were when the rule was called. */
  start: number
  /** Takes rows instead of the relation: of predicates whose best rows alone count. */
  readonly offer?: (tuple: ArrayLike<number>) => void
}

/** Takes a binding's row. Generated code does the same without a tuple. */
export function compileEmission(emission: Emission): Next {
  const { relation, distinct, sources, grow, offer } = emission
  const { arity } = relation
  const tuple = new Uint32Array(arity)
  const load = (environment: Environment) => {
    for (let i = 0; i < arity; i++) {
      const source = sources[i]!
      tuple[i] = source < 0 ? environment[~source]! : source
    }
  }
  if (offer) {
    return (environment) => {
      load(environment)
      offer(tuple)
      return false
    }
  }
  if (distinct.kind === 'rows') {
    return (environment) => {
      load(environment)
      if (relation.count === relation.capacity) grow()
      insert(relation, tuple)
      return false
    }
  }
  return (environment) => {
    load(environment)
    if (!addDistinct(distinct, arity === 1 ? 0 : tuple[0]!, tuple[arity - 1]!)) return false
    if (relation.count === relation.capacity) grow()
    const row = relation.count++
    for (let i = 0; i < arity; i++) relation.columns[i]![row] = tuple[i]!
    return false
  }
}
