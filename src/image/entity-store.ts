/**
 * The entity store: the relations `entity.*` of an image seen as entities, and the same together with the entities that a
 * request brings. Spec: LANGUAGE section 5.
 */
import { BUILTIN } from '../program/program.ts'
import { ATTRIBUTE, type EntityCells, TAG, UNKNOWN_CELL } from './entity-cells.ts'
import type { EntityView } from './entity-view.ts'
import type { Image } from './image.ts'
import { PairMemo, UNKNOWN_PAIR } from './pair-memo.ts'
import { RowLookup } from './row-lookup.ts'
import type { ValueId } from './value-ids.ts'

/** An entity of a request, interned. */
export interface RequestEntity {
  readonly attrs: ReadonlyMap<ValueId, ValueId>
  readonly tags: ReadonlyMap<ValueId, ValueId>
  readonly parents: readonly ValueId[]
}

/** The entities of the image, as it was when `turn` was called last. */
export class StoredEntities implements EntityView {
  readonly #image: Image
  #cells: EntityCells
  readonly #types: RowLookup
  readonly #attributes: RowLookup
  readonly #tags: RowLookup
  readonly #ancestors: RowLookup
  readonly #ancestorLists: RowLookup
  readonly #parents: RowLookup
  readonly #knownAttributes = new PairMemo()
  readonly #knownAncestors = new PairMemo()

  constructor(image: Image) {
    const lookup = (predicate: number, columns: 1 | 2) => new RowLookup(image.relations[predicate]!, columns)
    this.#image = image
    this.#cells = image.cells
    this.#types = lookup(BUILTIN.entityType, 1)
    this.#attributes = lookup(BUILTIN.entityAttr, 2)
    this.#tags = lookup(BUILTIN.entityTag, 2)
    this.#ancestors = lookup(BUILTIN.entityAncestor, 2)
    this.#ancestorLists = lookup(BUILTIN.entityAncestor, 1)
    this.#parents = lookup(BUILTIN.entityParent, 1)
  }

  /** To be called when the image was turned to another epoch. */
  turn(): void {
    const { relations, cells } = this.#image
    this.#cells = cells
    this.#types.turn(relations[BUILTIN.entityType]!)
    this.#attributes.turn(relations[BUILTIN.entityAttr]!)
    this.#tags.turn(relations[BUILTIN.entityTag]!)
    this.#ancestors.turn(relations[BUILTIN.entityAncestor]!)
    this.#ancestorLists.turn(relations[BUILTIN.entityAncestor]!)
    this.#parents.turn(relations[BUILTIN.entityParent]!)
    this.#knownAttributes.clear()
    this.#knownAncestors.clear()
  }

  exists(entity: ValueId): boolean {
    return this.#types.has(entity)
  }

  attribute(entity: ValueId, key: ValueId): ValueId {
    const known = this.#knownAttributes.get(entity, key)
    return known === UNKNOWN_PAIR ? this.#findAttribute(entity, key) : known
  }

  #findAttribute(entity: ValueId, key: ValueId): ValueId {
    const found = this.#cells.find(entity, key, ATTRIBUTE)
    const value = found === UNKNOWN_CELL ? this.#attributes.third(entity, key) : found
    return this.#knownAttributes.keep(entity, key, value)
  }

  tag(entity: ValueId, key: ValueId): ValueId {
    const found = this.#cells.find(entity, key, TAG)
    return found === UNKNOWN_CELL ? this.#tags.third(entity, key) : found
  }

  hasAncestor(entity: ValueId, ancestor: ValueId): boolean {
    const known = this.#knownAncestors.get(entity, ancestor)
    return (known === UNKNOWN_PAIR ? this.#findAncestor(entity, ancestor) : known) >= 0
  }

  #findAncestor(entity: ValueId, ancestor: ValueId): number {
    return this.#knownAncestors.keep(entity, ancestor, this.#ancestors.row(entity, ancestor))
  }

  ancestors(entity: ValueId, into: ValueId[], most: number): number {
    return this.#ancestorLists.seconds(entity, into, most)
  }

  parents(entity: ValueId): readonly ValueId[] {
    const found: ValueId[] = []
    this.#parents.seconds(entity, found, Number.POSITIVE_INFINITY)
    return found
  }
}

/** The entities of the image and those of one request. A walk over parents, since the request's may lead into the store and back. */
export function entitiesWith(stored: StoredEntities, brought: ReadonlyMap<ValueId, RequestEntity>): EntityView {
  const closures = new Map<ValueId, ReadonlySet<ValueId>>()
  const walk = (entity: ValueId): ReadonlySet<ValueId> => {
    const known = closures.get(entity)
    if (known) return known
    const seen = new Set<ValueId>()
    const open = [entity]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const parent of [...(brought.get(at)?.parents ?? []), ...stored.parents(at)]) {
        if (seen.has(parent)) continue
        seen.add(parent)
        open.push(parent)
      }
    }
    closures.set(entity, seen)
    return seen
  }
  return {
    exists: (entity) => brought.has(entity) || stored.exists(entity),
    attribute: (entity, key) => brought.get(entity)?.attrs.get(key) ?? stored.attribute(entity, key),
    tag: (entity, key) => brought.get(entity)?.tags.get(key) ?? stored.tag(entity, key),
    hasAncestor: (entity, ancestor) => walk(entity).has(ancestor),
    ancestors: (entity, into, most) => copyAncestors(walk(entity), into, most),
  }
}

/** What `EntityView.ancestors` does where they are in a set. */
export function copyAncestors(all: ReadonlySet<ValueId>, into: ValueId[], most: number): number {
  if (all.size > most) return -1
  let count = 0
  for (const ancestor of all) into[count++] = ancestor
  return count
}
