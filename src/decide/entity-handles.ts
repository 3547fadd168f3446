/**
 * Entities that callers name by numbers, for columns of requests: numbers are given out once and stay good, whatever becomes
 * of the engine's state; what they stand for in it is looked up again where that may have changed. Spec: DESIGN section 4.
 */
import type { Overlay } from '../image/dictionary.ts'
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
  /** The ids by number: `NO_ENTITY` for what is none any more. Good until the overlay of `target` forgets something. */
  idsFor(target: HandleTarget): Int32Array
}

/** That a number stands for no entity. */
export const NO_ENTITY = -1

const HANDLES_MAX = 2 ** 24

interface Named {
  readonly place: Place
  readonly input: EntityInput
}

export function createEntityHandles(): EntityHandles {
  const numbers = new Map<string, number>()
  const named: Named[] = []
  let ids = new Int32Array(64)
  /** Those of them that the overlay knows alone. */
  let local: number[] = []
  let [settled, target, generation] = [0, undefined as HandleTarget | undefined, -1]
  const settle = (number: number, { settings, values }: HandleTarget): void => {
    const { place, input } = named[number]!
    const id = idOf(() => values.intern(uidOf(input, place, settings)))
    ids[number] = id
    if (id !== NO_ENTITY && isLocal(id)) local.push(number)
  }
  const idsFor = (at: HandleTarget): Int32Array => {
    if (at !== target) {
      ;[target, settled, local] = [at, 0, []]
    } else if (at.overlay.generation !== generation) {
      const again = local
      local = []
      for (const number of again) settle(number, at)
    }
    while (settled < named.length) settle(settled++, at)
    generation = at.overlay.generation
    return ids
  }
  return {
    of: (place, entities, at) => {
      const found = new Uint32Array(entities.length)
      for (let i = 0; i < entities.length; i++) {
        const input = copyOf(
          readArgument(`entity ${i}`, () => entities[i]),
          i,
        )
        const key = keyOf(place, input)
        const known = numbers.get(key)
        if (known === undefined) {
          // For what is wrong with it.
          uidOf(input, place, at.settings)
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
    idsFor,
  }
}

function idOf(intern: () => ValueId): number {
  try {
    return intern()
  } catch (error) {
    // It was an entity, and is none for the program of today: no path any more, or without a type.
    if (error instanceof RuneError) return NO_ENTITY
    throw error
  }
}

function grown(ids: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(ids.length * 2)
  copy.set(ids)
  return copy
}

/** The input, which nobody else can change, and whose parts were read once. */
function copyOf(input: unknown, i: number): unknown {
  if (typeof input !== 'object' || input === null) return input
  const [type, id] = ['type', 'id'].map((part) => propertyOf(input, part, `\`${part}\` of entity ${i}`))
  return { ...(type !== undefined && { type }), id }
}

function keyOf(place: Place, input: unknown): string {
  const { type, id } = typeof input === 'object' && input !== null ? (input as { type?: unknown; id?: unknown }) : {}
  return JSON.stringify(
    id === undefined ? [place, String(input)] : [place, String(type), type === undefined, String(id)],
  )
}
