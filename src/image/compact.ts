/**
 * Compaction of values: the same rows over a dictionary that holds nothing else. Value ids change their meaning, so all that
 * was compiled or cached by ids has to go with the epoch that publishes this.
 */
import { KIND, PAYLOAD_BITS } from '../../native-layout/layout.ts'
import { ImageDictionary } from './dictionary.ts'
import { EntityCells } from './entity-cells.ts'
import type { Image } from './image.ts'
import { createRelation, insert, isGone, type Relation } from './relation.ts'
import { type ValueId, Values } from './value-ids.ts'

/** A copy of `image` in this thread's own memory, without rows that are gone and values that no row has. */
export function withFreshDictionary(image: Image): Image {
  const dictionary = new ImageDictionary()
  const values = new Values(dictionary)
  const known = new Map<ValueId, ValueId>()
  const moved = (id: ValueId): ValueId => {
    if (isInline(id)) return id
    let found = known.get(id)
    if (found === undefined) {
      found = values.intern(image.values.valueOf(id))
      known.set(id, found)
    }
    return found
  }
  const copy = (relation: Relation): Relation => {
    const fresh = createRelation(relation.arity)
    for (let row = 0; row < relation.count; row++) {
      if (isGone(relation, row)) continue
      insert(
        fresh,
        relation.columns.map((column) => moved(column[row]!)),
      )
      if (row < relation.baseCount) fresh.baseCount = fresh.count
    }
    return fresh
  }
  return {
    dictionary,
    values,
    relations: image.relations.map(copy),
    replaced: new Map([...image.replaced].map(([predicate, relation]) => [predicate, copy(relation)])),
    cells: new EntityCells(),
  }
}

function isInline(id: ValueId): boolean {
  const kind = id >>> PAYLOAD_BITS
  return kind === KIND.int || kind === KIND.bool
}
