/**
 * Relations that a load leaves as they were: they stay where they are published, so that neither the writer has to publish
 * them again nor a reader to attach to them and to index them.
 */
import type { PredicateId } from '../program/program.ts'
import type { Image } from './image.ts'
import type { Relation } from './relation.ts'

/**
 * Puts relations of `before`, which is published, into `after` where their rows are the same and `mayStay` allows it; yields
 * the other predicates, or nothing if the images have nothing in common. Linear in the rows of `after`.
 */
export function keepRelations(
  before: Image | undefined,
  after: Image,
  mayStay: (predicate: PredicateId) => boolean,
): ReadonlySet<PredicateId> | undefined {
  if (before?.dictionary !== after.dictionary || before.relations.length !== after.relations.length) return undefined
  const changed = new Set<PredicateId>()
  for (const [predicate, relation] of after.relations.entries()) {
    const old = before.relations[predicate]!
    const isReplaced = before.replaced.has(predicate) || after.replaced.has(predicate)
    if (!isReplaced && mayStay(predicate) && isSame(old, relation)) after.relations[predicate] = old
    else changed.add(predicate)
  }
  return changed
}

function isSame(a: Relation, b: Relation): boolean {
  if (a.arity !== b.arity || a.count !== b.count || a.baseCount !== b.baseCount) return false
  if (a.gone > 0 || b.gone > 0) return false
  for (let i = 0; i < a.arity; i++) {
    const [left, right] = [a.columns[i]!, b.columns[i]!]
    for (let row = 0; row < a.count; row++) if (left[row] !== right[row]) return false
  }
  return true
}
