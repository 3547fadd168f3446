/**
 * Ids of what callers named before, found by the text that they named it with. What is kept is bounded, and belongs to one
 * dictionary.
 */
import type { ValueId } from '../image/value-ids.ts'

/** Whether an id means something for the time of a few requests only. */
export type IsLocal = (id: ValueId) => boolean

/** By text: ids that last for as long as this does, and local ones, to be cleared when these are forgotten. */
export interface Known<T> {
  readonly isLocal: IsLocal
  readonly stored: Map<string, T>
  readonly local: Map<string, T>
}

export type KnownTexts = Known<ValueId>
/** By type and then by id. */
export type KnownEntities = Known<Map<string, ValueId>>

/** So many are kept of a kind. */
const KEPT_MAX = 2 ** 14
/** So long are they. */
const TEXT_MAX = 256

export function createKnown<T>(isLocal: IsLocal): Known<T> {
  return { isLocal, stored: new Map(), local: new Map() }
}

/** Keeps an id that was found for a text, unless that is long; yields it. */
export function note(known: KnownTexts, text: string, found: ValueId): ValueId {
  if (text.length > TEXT_MAX) return found
  const map = known.isLocal(found) ? known.local : known.stored
  if (map.size >= KEPT_MAX) map.clear()
  map.set(text, found)
  return found
}

/** As `note`, for an entity. */
export function noteTyped(known: KnownEntities, type: string, id: string, found: ValueId): ValueId {
  if (type.length > TEXT_MAX || id.length > TEXT_MAX) return found
  const map = known.isLocal(found) ? known.local : known.stored
  let ofType = map.get(type)
  if (ofType === undefined) {
    // Types are few; who invents many pays for it.
    if (map.size >= TYPES_MAX) map.clear()
    map.set(type, (ofType = new Map()))
  } else if (ofType.size >= KEPT_MAX) ofType.clear()
  ofType.set(id, found)
  return found
}

const TYPES_MAX = 64
