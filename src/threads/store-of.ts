/**
 * What every publication of a program needs, and the publication of an image that was built elsewhere.
 */
import { type CompiledPolicies, compilePolicies } from '../decide/cedar/authorize.ts'
import { indexNeeds } from '../fixpoint/index-needs.ts'
import { type Image, relationOf } from '../image/image.ts'
import { internConstants } from '../image/load.ts'
import { encodeProgram } from '../image/program-bytes.ts'
import { rowCount } from '../image/relation.ts'
import { claimNext, createStore, publish, type Store } from '../image/store.ts'
import type { Program } from '../program/program.ts'
import type { Built } from './build.ts'

/** A store in which what was built elsewhere is published, once and for all. */
export function storeOf({ program, image }: Built): Store {
  const store = createStore()
  internForReaders(program, image)
  const indexes = indexNeeds(program, (predicate) => rowCount(relationOf(image, predicate)))
  publish(store, claimNext(store), { image, program: encodeProgram(program), indexes })
  return store
}

/** All that readers look up when they compile; they add nothing to an image. */
export function internForReaders(
  program: Pick<Program, 'policies' | 'rules'>,
  image: Image,
  compiled?: CompiledPolicies,
): void {
  internConstants(program, image)
  compilePolicies(program.policies, image.values, compiled)
}
