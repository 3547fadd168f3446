/**
 * The image: a dictionary and the relations of a program. It is built in one thread's own memory, published into the arena
 * (`store.ts`) and read from there by all threads (`reader-image.ts`). What the relations mean is known to `src/program`, how
 * derived rows come about to `src/fixpoint`.
 */
import type { PredicateId, Program } from '../program/program.ts'
import { ImageDictionary } from './dictionary.ts'
import { EntityCells } from './entity-cells.ts'
import { createRelation, type Relation } from './relation.ts'
import { Values } from './value-ids.ts'

export interface Image {
  readonly dictionary: ImageDictionary
  /** Interns into the image; a reader's image is not to be interned into. */
  readonly values: Values
  /** By predicate id. Of request-scoped predicates only the facts. */
  readonly relations: Relation[]
  /** Facts that a better row of a `min` or `max` predicate has replaced; they count when rows are derived anew. */
  readonly replaced: Map<PredicateId, Relation>
  /** Those of the published epoch. */
  cells: EntityCells
}

/** The relation of a predicate of the image's program. */
export function relationOf(image: Image, predicate: PredicateId): Relation {
  return image.relations[predicate]!
}

/** An image for `program` without any rows; its values are those of `dictionary`. */
export function createImage(program: Program, dictionary: ImageDictionary = new ImageDictionary()): Image {
  return {
    dictionary,
    values: new Values(dictionary),
    relations: program.predicates.map((predicate) => createRelation(predicate.arity)),
    replaced: new Map(),
    cells: new EntityCells(),
  }
}
