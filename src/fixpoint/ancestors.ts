/**
 * The ancestors of entities, kept while parents change: only those of entities with other parents, and of what is below
 * these, are looked for again. From all other entities, no way up leads over a parent that has changed. The rules that mean
 * the same are in `src/program/implicit-rules.ts`.
 */
import type { Image } from '../image/image.ts'
import type { Relation } from '../image/relation.ts'
import { firstRow, nextRow, searchBy } from '../image/search.ts'
import { addTuple, createTuples } from '../image/tuples.ts'
import type { ValueId } from '../image/value-ids.ts'
import { BUILTIN, type Stratum } from '../program/program.ts'
import type { FactChange } from './change.ts'

/** Whether `stratum` derives ancestors and nothing else, so that `ancestorChange` can stand for it. */
export function isOfAncestors({ predicates }: Stratum): boolean {
  return predicates.length === 1 && predicates[0] === BUILTIN.entityAncestor
}

/**
 * What becomes of the rows of `entity.ancestor`, which are those of before the parents of `children` changed; the rows of
 * `entity.parent` are those of after. Nothing where it is as much work to derive all rows anew, or where an entity has
 * `ancestorsMax`. In a cycle, an entity is its own ancestor.
 */
export function ancestorChange(
  { relations }: Image,
  children: ReadonlySet<ValueId>,
  ancestorsMax: number,
): FactChange | undefined {
  const walk: Walk = {
    parents: relations[BUILTIN.entityParent]!,
    ancestors: relations[BUILTIN.entityAncestor]!,
    affected: new Set(children),
  }
  const { ancestors, affected } = walk
  let left = Math.max(ROWS_ALWAYS, ancestors.count) - children.size
  for (const child of left > 0 ? children : []) for (const below of others(ancestors, 1, child)) affected.add(below)
  const change = { remove: createTuples(2), insert: createTuples(2) }
  for (const entity of affected) {
    const { found, looks } = findAncestors(walk, entity)
    left -= looks
    if (left <= 0 || found.size >= ancestorsMax) return undefined
    for (const ancestor of others(ancestors, 0, entity)) {
      if (!found.delete(ancestor)) addTuple(change.remove, [entity, ancestor])
    }
    for (const ancestor of found) addTuple(change.insert, [entity, ancestor])
  }
  return change
}

/** So many rows may be looked at, however few there are. */
const ROWS_ALWAYS = 4096

interface Walk {
  readonly parents: Relation
  readonly ancestors: Relation
  /** Entities whose rows in `ancestors` may be of before. */
  readonly affected: Set<ValueId>
}

/** All that is above `entity`, and how many rows were looked at. */
function findAncestors(
  { parents, ancestors, affected }: Walk,
  entity: ValueId,
): { found: Set<ValueId>; looks: number } {
  const found = new Set<ValueId>()
  const open = [entity]
  let looks = 1
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const parent of others(parents, 0, at)) {
      looks++
      if (found.has(parent)) continue
      found.add(parent)
      if (affected.has(parent)) open.push(parent)
      else {
        const above = others(ancestors, 0, parent)
        for (const ancestor of above) found.add(ancestor)
        looks += above.length
      }
    }
  }
  return { found, looks }
}

/** What stands beside `id`, which stands in `column` of a binary relation. */
function others(relation: Relation, column: 0 | 1, id: ValueId): ValueId[] {
  const search = searchBy(relation, [column])
  const key = [id]
  const found: ValueId[] = []
  for (let row = firstRow(search, key, relation.count); row >= 0; row = nextRow(search, key, row)) {
    found.push(relation.columns[1 - column]![row]!)
  }
  return found
}
