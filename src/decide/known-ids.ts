/**
 * Ids of what callers named before, found by the text that they named it with. What is kept is bounded, and belongs to one
 * dictionary; local ids, which mean something for a time only, are forgotten when that has passed.
 */
import type { ValueId } from '../image/value-ids.ts'

/** Ids by text. */
export interface KnownIds {
  readonly isLocal: IsLocal
  readonly ids: Map<string, ValueId>
  /** Texts whose ids are local. */
  local: string[]
}

/** Entities by their types. */
export interface KnownEntities {
  readonly isLocal: IsLocal
  readonly ofType: Map<string, KnownIds>
}

/** Whether an id is local. */
export type IsLocal = (id: ValueId) => boolean

/** So many are kept of a kind. */
const KEPT_MAX = 2 ** 14
/** So long are they. */
const TEXT_MAX = 256

export function createKnownIds(isLocal: IsLocal): KnownIds {
  return { isLocal, ids: new Map(), local: [] }
}

export function createKnownEntities(isLocal: IsLocal): KnownEntities {
  return { isLocal, ofType: new Map() }
}

/** Forgets the local ids. */
export function forgetIds(known: KnownIds): void {
  for (const text of known.local) known.ids.delete(text)
  known.local = []
}

export function forgetEntities({ ofType }: KnownEntities): void {
  for (const known of ofType.values()) forgetIds(known)
}

/** Keeps the id that was found for a text, unless that is long; yields it. */
export function noteId(known: KnownIds, text: string, found: ValueId): ValueId {
  if (text.length > TEXT_MAX) return found
  if (known.ids.size >= KEPT_MAX) {
    known.ids.clear()
    known.local = []
  }
  known.ids.set(text, found)
  if (known.isLocal(found)) known.local.push(text)
  return found
}

/** As `noteId`, for an entity. */
export function noteEntity({ isLocal, ofType }: KnownEntities, type: string, id: string, found: ValueId): ValueId {
  if (type.length > TEXT_MAX) return found
  let known = ofType.get(type)
  if (known === undefined) {
    // Types are few; who invents many pays for it.
    if (ofType.size >= TYPES_MAX) ofType.clear()
    ofType.set(type, (known = createKnownIds(isLocal)))
  }
  return noteId(known, id, found)
}

const TYPES_MAX = 64
