/**
 * What an update has to look at: the strata that derive a predicate, and those that read it. Found once of a program, since
 * one that asks each of its strata at each update takes a thousand times as long for a thousand rules.
 */
import { readsSome } from '../program/plan.ts'
import type { PredicateId, Program, Stratum } from '../program/program.ts'
import { isDerived } from './fixpoint.ts'

export interface Dependents {
  /** Those of what is materialised and derived, in their order. */
  readonly strata: readonly Stratum[]
  /** By predicate, the place of the stratum that derives it. */
  readonly makers: ReadonlyMap<PredicateId, number>
  /** By predicate, the places of strata that read or unite it. */
  readonly readers: ReadonlyMap<PredicateId, ReadonlySet<number>>
}

/** The dependents of the predicates of `program`; linear in its rules. */
export function dependentsOf(program: Program): Dependents {
  const strata = program.strata.filter((s) => s.evaluation === 'materialized' && isDerived(program, s))
  const makers = new Map<PredicateId, number>()
  const readers = new Map<PredicateId, Set<number>>()
  for (const [place, { predicates, rules }] of strata.entries()) {
    const note = (read: PredicateId): boolean => {
      const places = readers.get(read)
      if (places) places.add(place)
      else readers.set(read, new Set([place]))
      return false
    }
    for (const { body } of rules) readsSome(body, note)
    for (const predicate of predicates) {
      makers.set(predicate, place)
      const { unites } = program.predicates[predicate]!
      if (unites !== undefined) note(unites)
    }
  }
  return { strata, makers, readers }
}
