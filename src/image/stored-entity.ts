/**
 * An entity of the store as a value, as it was loaded: what rules derived for it is not in it, unless it is known by rules
 * alone.
 */
import { BUILTIN, type EntityRecord } from '../program/program.ts'
import type { EntityUid, Value } from '../values/value.ts'
import type { Image } from './image.ts'
import { Overlay } from './overlay.ts'
import { type Relation, tupleAt } from './relation.ts'
import { rowsWith } from './search.ts'
import { type ValueId, Values } from './value-ids.ts'

/** The entity stored under `uid`, if there is one. */
export function storedEntity(image: Image, uid: EntityUid): EntityRecord | undefined {
  const { relations, values } = image
  // An overlay, since looking a uid up must not add it to the image.
  const entity = new Values(new Overlay(image.dictionary)).intern(uid)
  const types = relations[BUILTIN.entityType]!
  const isLoaded = rowsBelow(types.baseCount, types, entity).length > 0
  if (!isLoaded && rowsBelow(types.count, types, entity).length === 0) return undefined
  const rowsOf = (predicate: number) => {
    const relation = relations[predicate]!
    return rowsBelow(isLoaded ? relation.baseCount : relation.count, relation, entity)
  }
  const fields = (predicate: number): ReadonlyMap<string, Value> =>
    new Map(rowsOf(predicate).map(([, key, value]) => [values.textOf(key!), values.valueOf(value!)]))
  const parents = rowsOf(BUILTIN.entityParent).map(([, parent]) => values.uidOf(parent!))
  return { uid, attrs: fields(BUILTIN.entityAttr), tags: fields(BUILTIN.entityTag), parents }
}

function rowsBelow(limit: number, relation: Relation, entity: ValueId): ValueId[][] {
  return rowsWith(relation, 0, entity, limit).map((row) => tupleAt(relation, row))
}
