/**
 * The image: the arena with its dictionary and the relations of a program. Made and written by one thread; decisions read
 * it. What the relations mean is known to `src/program`, how derived rows come about to `src/fixpoint`.
 */
import type { PredicateId, Program } from '../program/program.ts'
import { type Arena, arenaBytes, createArena } from './arena.ts'
import { createDictionary, type ImageDictionary } from './dictionary.ts'
import { createRelation, type Relation, relationBytes } from './relation.ts'
import { createValues, type ValueId, type Values } from './value-ids.ts'

export interface Image {
  readonly arena: Arena
  readonly dictionary: ImageDictionary
  /** Interns into the image. */
  readonly values: Values
  /** By predicate id. Of request-scoped predicates only the facts. */
  readonly relations: readonly Relation[]
  /** Facts that a better row of a `min` or `max` predicate has replaced; they count where a request's entities change what is derived. */
  readonly replacedFacts: Map<PredicateId, ValueId[][]>
}

/** An image for `program` without any rows. */
export function createImage(program: Program): Image {
  const arena = createArena()
  const dictionary = createDictionary(arena)
  return {
    arena,
    dictionary,
    values: createValues(dictionary),
    relations: program.predicates.map((predicate) => createRelation(arena, predicate.arity)),
    replacedFacts: new Map(),
  }
}

/** Sizes of an image. */
export interface ImageSize {
  readonly arenaBytes: number
  readonly relationBytes: number
  readonly rows: number
  readonly strings: number
}

/** How large `image` is. */
export function measureImage(image: Image): ImageSize {
  let bytes = 0
  let rows = 0
  for (const relation of image.relations) {
    bytes += relationBytes(relation)
    rows += relation.count
  }
  return { arenaBytes: arenaBytes(image.arena), relationBytes: bytes, rows, strings: image.dictionary.strings() }
}
