/**
 * Entities that callers name by numbers, for columns of requests: numbers are given out once and stay good, whatever becomes
 * of the engine's state; what they stand for in it is looked up again where that may have changed. Spec: DESIGN section 4.
 */
import type { Overlay } from '../image/overlay.ts'
import { isLocal, type ValueId, type Values } from '../image/value-ids.ts'
import type { Settings } from '../program/program.ts'
import { propertyOf, readArgument, refuseArgument } from '../text/argument.ts'
import { RuneError } from '../text/diagnostic.ts'
import { type EntityInput, type Place, uidOf } from './request.ts'

/** Where handles are looked up: one decider's dictionary and settings. */
export interface HandleTarget {
  readonly settings: Settings
  readonly values: Values
  readonly overlay: Overlay
}

/** The entities of one reader that have numbers. */
export interface EntityHandles {
  /** A number for each of `entities`, the same one for the same entity. Throws a `RuneError` for what is none. */
  of(place: Place, entities: readonly EntityInput[], target: HandleTarget): Uint32Array
  /** The ids by number; below 0 where `idOf` says more. Good until the overlay of `target` forgets something. */
  idsFor(target: HandleTarget): Int32Array
  /** The id of a number, for the target that `idsFor` was called with last: `NO_ENTITY` for what is none any more. */
  idOf(number: number): number
}

/** That a number stands for no entity. */
export const NO_ENTITY = -1
/** That nobody has asked what a number stands for. */
const UNKNOWN = -2

const HANDLES_MAX = 2 ** 24

interface Named {
  readonly place: Place
  readonly input: EntityInput
}

export function createEntityHandles(): EntityHandles {
  const numbers = new Map<string, number>()
  const named: Named[] = []
  let ids = unknownIds(64)
  /** Those of them that the overlay knows alone. */
  let local: number[] = []
  let [target, generation] = [undefined as HandleTarget | undefined, -1]
  return {
    of: (place, entities, { settings }) => {
      const found = new Uint32Array(entities.length)
      for (let i = 0; i < entities.length; i++) {
        const input = copyOf(
          readArgument(`entity ${i}`, () => entities[i]),
          i,
        )
        // For what is wrong with it.
        uidOf(input, place, settings)
        const key = keyOf(place, input as EntityInput)
        const known = numbers.get(key)
        if (known === undefined) {
          if (named.length >= HANDLES_MAX)
            throw refuseArgument(`there are no more than ${HANDLES_MAX} handles of entities`)
          if (named.length >= ids.length) ids = grown(ids)
          numbers.set(key, named.length)
          found[i] = named.length
          named.push({ place, input: input as EntityInput })
        } else found[i] = known
      }
      return found
    },
    idsFor: (at) => {
      if (at !== target) ids.fill(UNKNOWN)
      // What the overlay knew may be many, of which few are asked for before it forgets again.
      else if (at.overlay.generation !== generation) for (const number of local) ids[number] = UNKNOWN
      if (at !== target || at.overlay.generation !== generation) local = []
      ;[target, generation] = [at, at.overlay.generation]
      return ids
    },
    idOf: (number) => {
      const [one, known] = [named[number], ids[number]]
      if (one === undefined || known === undefined || target === undefined) return NO_ENTITY
      if (known !== UNKNOWN) return known
      const { settings, values } = target
      const id = entityOf(() => values.intern(uidOf(one.input, one.place, settings)))
      ids[number] = id
      if (id !== NO_ENTITY && isLocal(id)) local.push(number)
      return id
    },
  }
}

function entityOf(intern: () => ValueId): number {
  try {
    return intern()
  } catch (error) {
    // It was an entity, and is none for the program of today: no path any more, or without a type.
    if (error instanceof RuneError) return NO_ENTITY
    throw error
  }
}

function unknownIds(count: number): Int32Array<ArrayBuffer> {
  return new Int32Array(count).fill(UNKNOWN)
}

function grown(ids: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const copy = unknownIds(ids.length * 2)
  copy.set(ids)
  return copy
}

/** The input, which nobody else can change, and whose parts were read once. */
function copyOf(input: unknown, i: number): unknown {
  if (typeof input !== 'object' || input === null) return input
  const [type, id] = ['type', 'id'].map((part) => propertyOf(input, part, `\`${part}\` of entity ${i}`))
  return { ...(type !== undefined && { type }), id }
}

function keyOf(place: Place, input: EntityInput): string {
  return JSON.stringify(typeof input === 'string' ? [place, input] : [place, input.type, input.id])
}
