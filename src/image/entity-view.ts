/**
 * What a decision reads of entities: the store of the image, or that store together with the entities of one request.
 * Implemented in `entity-store.ts`.
 */
import type { ValueId } from './value-ids.ts'

/** All ids are value ids; `key` is the id of a string. */
export interface EntityView {
  exists(entity: ValueId): boolean
  /** The attribute's value, or -1. */
  attribute(entity: ValueId, key: ValueId): ValueId
  /** The tag's value, or -1. */
  tag(entity: ValueId, key: ValueId): ValueId
  /** Whether `ancestor` is reached from `entity` over one or more parent edges. */
  hasAncestor(entity: ValueId, ancestor: ValueId): boolean
  /** Writes all of these to the start of `into`, each once, and says how many; -1 if there are more than `most`. */
  ancestors(entity: ValueId, into: ValueId[], most: number): number
}

/** One that also says what entities have. */
export interface ListedEntities extends EntityView {
  /** The ids of the names of an entity's attributes or tags. */
  keys(entity: ValueId, of: 'attribute' | 'tag'): readonly ValueId[]
}
