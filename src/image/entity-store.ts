/**
 * The entity store: the relations `entity.*` of an image seen as entities, and the same together with the entities that a
 * request brings. Spec: LANGUAGE section 5.
 */
import { BUILTIN } from '../program/program.ts'
import type { EntityView } from './entity-view.ts'
import type { Image } from './image.ts'
import type { Relation } from './relation.ts'
import { firstRow, nextRow, searchBy } from './search.ts'
import type { ValueId } from './value-ids.ts'

/** An entity of a request, interned. */
export interface RequestEntity {
  readonly attrs: ReadonlyMap<ValueId, ValueId>
  readonly tags: ReadonlyMap<ValueId, ValueId>
  readonly parents: readonly ValueId[]
}

/** The entities of the image. */
export function storedEntities(image: Image): EntityView {
  const { relations } = image
  const types = relations[BUILTIN.entityType]!
  const ancestors = relations[BUILTIN.entityAncestor]!
  return {
    exists: (entity) => find(types, [0], [entity]) >= 0,
    attribute: (entity, key) => lookup(relations[BUILTIN.entityAttr]!, entity, key),
    tag: (entity, key) => lookup(relations[BUILTIN.entityTag]!, entity, key),
    hasAncestor: (entity, ancestor) => find(ancestors, [0, 1], [entity, ancestor]) >= 0,
    ancestors: (entity) => second(ancestors, entity),
  }
}

/** The entities of the image and those of one request. A walk over parents, since the request's may lead into the store and back. */
export function entitiesWith(image: Image, brought: ReadonlyMap<ValueId, RequestEntity>): EntityView {
  const stored = storedEntities(image)
  const parents = image.relations[BUILTIN.entityParent]!
  const walk = (entity: ValueId): Set<ValueId> => {
    const seen = new Set<ValueId>()
    const open = [entity]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const parent of [...(brought.get(at)?.parents ?? []), ...second(parents, at)]) {
        if (seen.has(parent)) continue
        seen.add(parent)
        open.push(parent)
      }
    }
    return seen
  }
  return {
    exists: (entity) => brought.has(entity) || stored.exists(entity),
    attribute: (entity, key) => brought.get(entity)?.attrs.get(key) ?? stored.attribute(entity, key),
    tag: (entity, key) => brought.get(entity)?.tags.get(key) ?? stored.tag(entity, key),
    hasAncestor: (entity, ancestor) => walk(entity).has(ancestor),
    ancestors: walk,
  }
}

function lookup(relation: Relation, entity: ValueId, key: ValueId): ValueId {
  const row = find(relation, [0, 1], [entity, key])
  return row < 0 ? -1 : relation.columns[2]![row]!
}

function find(relation: Relation, key: readonly number[], values: readonly ValueId[]): number {
  return firstRow(searchBy(relation, key), values, relation.count)
}

function second(relation: Relation, first: ValueId): ValueId[] {
  const found: ValueId[] = []
  const search = searchBy(relation, [0])
  for (let row = firstRow(search, [first], relation.count); row >= 0; row = nextRow(search, [first], row)) {
    found.push(relation.columns[1]![row]!)
  }
  return found
}
