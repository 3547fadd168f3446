/**
 * Requests as most callers give them, read straight into a frame: entities that were named before are found by their text,
 * and contexts of plain values become fields without a tree between. Whatever is more than that goes the careful way
 * (`request.ts`), with the same result; each property is read once on either. What is kept is bounded, belongs to one
 * dictionary, and holds nothing that the image does not know. Spec: LANGUAGE sections 5 to 7.
 */
import type { Overlay } from '../image/dictionary.ts'
import { intId, isLocal, type ValueId, type Values } from '../image/value-ids.ts'
import { unreadable } from '../text/argument.ts'
import { inLongRange } from '../values/long.ts'
import type { Frame } from './cedar/frame.ts'
import { createKnownTypes, type KnownTypes } from './known-types.ts'
import {
  type AuthorizeRequest,
  type CheckedRequest,
  checkRest,
  type Place,
  type RequestTarget,
  refuseRequest,
  uidOf,
} from './request.ts'

export interface RequestReader {
  /**
   * Reads `request` into `frame`; or yields it as it is to be taken into the frame. Throws a `RuneError` for what is
   * malformed.
   */
  read(request: AuthorizeRequest, frame: Frame): CheckedRequest | undefined
}

/** A reader for requests to `target`; `values` are those of `overlay`, which holds what the image does not know. */
export function createRequestReader(target: RequestTarget, values: Values, overlay: Overlay): RequestReader {
  const { settings, schema } = target.program
  const names = { principal: createNames(), action: createNames(), resource: createNames() }
  const texts = createKnown<ValueId>()
  const types = schema && createKnownTypes(schema, values)
  let generation = overlay.generation
  const forgetLocal = () => {
    generation = overlay.generation
    for (const { byText, byType } of Object.values(names)) {
      byText.local.clear()
      byType.local.clear()
    }
    texts.local.clear()
  }
  const idOf = (input: unknown, place: Place): ValueId => {
    const { byText, byType } = names[place]
    if (typeof input === 'string') {
      const known = byText.stored.get(input) ?? byText.local.get(input)
      return known ?? note(byText, input, values.intern(uidOf(input, place, settings)))
    }
    if (typeof input !== 'object' || input === null) return values.intern(uidOf(input, place, settings))
    const type = typeOf(input, place)
    const id = nameOf(input, place)
    if (typeof type !== 'string' || typeof id !== 'string') {
      return values.intern(uidOf({ type, id }, place, settings))
    }
    const known = byType.stored.get(type)?.get(id) ?? byType.local.get(type)?.get(id)
    return known ?? noteTyped(byType, type, id, values.intern(uidOf({ type, id }, place, settings)))
  }
  const textId = (text: string): ValueId => {
    const known = texts.stored.get(text) ?? texts.local.get(text)
    if (known !== undefined) return known
    return text.isWellFormed() ? note(texts, text, values.string(text)) : NONE
  }
  const reading: Reading = { textId, values, types, read: [] }
  return {
    read: (request, frame) => {
      if (typeof request !== 'object' || request === null) throw refuseRequest('a request is an object')
      if (overlay.generation !== generation) forgetLocal()
      frame.principal = idOf(principalOf(request), 'principal')
      frame.action = idOf(actionOf(request), 'action')
      frame.resource = idOf(resourceOf(request), 'resource')
      const context = contextOf(request)
      const entities = entitiesOf(request)
      frame.clearContext()
      const isPlain = (entities === undefined || entities === null) && (types === undefined || types.conform(frame))
      const rest = isPlain ? readContext(context, frame, reading) : { context }
      if (rest === undefined) return undefined
      const principal = values.uidOf(frame.principal)
      const action = values.uidOf(frame.action)
      const resource = values.uidOf(frame.resource)
      const checked = checkRest({ principal, action, resource, context: rest.context, entities }, target)
      types?.note(frame)
      return checked
    },
  }
}

/** Ids by text: of the image for as long as the reader lives, of the overlay until that forgets them. */
interface Known<T> {
  readonly stored: Map<string, T>
  readonly local: Map<string, T>
}

/** Entities of one place of requests, as they were named. */
interface Names {
  readonly byText: Known<ValueId>
  readonly byType: Known<Map<string, ValueId>>
}

/** So many are kept of a kind. */
const KEPT_MAX = 2 ** 14
/** So long are they. */
const TEXT_MAX = 256

const NONE = -1

function createKnown<T>(): Known<T> {
  return { stored: new Map(), local: new Map() }
}

function createNames(): Names {
  return { byText: createKnown<ValueId>(), byType: createKnown<Map<string, ValueId>>() }
}

function note(known: Known<ValueId>, text: string, found: ValueId): ValueId {
  if (text.length > TEXT_MAX) return found
  const map = isLocal(found) ? known.local : known.stored
  if (map.size >= KEPT_MAX) map.clear()
  map.set(text, found)
  return found
}

function noteTyped(known: Known<Map<string, ValueId>>, type: string, id: string, found: ValueId): ValueId {
  if (type.length > TEXT_MAX || id.length > TEXT_MAX) return found
  const map = isLocal(found) ? known.local : known.stored
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

// One function for each property: a load whose name is known costs a fraction of one whose name is not.
function principalOf(request: AuthorizeRequest): unknown {
  try {
    return request.principal
  } catch (cause) {
    throw unreadable('`principal`', cause)
  }
}

function actionOf(request: AuthorizeRequest): unknown {
  try {
    return request.action
  } catch (cause) {
    throw unreadable('`action`', cause)
  }
}

function resourceOf(request: AuthorizeRequest): unknown {
  try {
    return request.resource
  } catch (cause) {
    throw unreadable('`resource`', cause)
  }
}

function contextOf(request: AuthorizeRequest): unknown {
  try {
    return request.context
  } catch (cause) {
    throw unreadable('`context`', cause)
  }
}

function entitiesOf(request: AuthorizeRequest): unknown {
  try {
    return request.entities
  } catch (cause) {
    throw unreadable('`entities`', cause)
  }
}

function typeOf(input: object, place: Place): unknown {
  try {
    return (input as { readonly type?: unknown }).type
  } catch (cause) {
    throw unreadable(`\`${place}.type\``, cause)
  }
}

function nameOf(input: object, place: Place): unknown {
  try {
    return (input as { readonly id?: unknown }).id
  } catch (cause) {
    throw unreadable(`\`${place}.id\``, cause)
  }
}

interface Reading {
  readonly textId: (text: string) => ValueId
  readonly values: Values
  readonly types: KnownTypes | undefined
  /** What was read of the context. */
  readonly read: unknown[]
}

/** More fields go the careful way. */
const FIELDS_MAX = 64

/** Reads a context of plain values; or yields it as it is to be read, with what was read of it already in its place. */
function readContext(context: unknown, frame: Frame, reading: Reading): { readonly context: unknown } | undefined {
  const { textId, values, types, read } = reading
  const kinds = types?.contextOf(frame.action)
  if (context === undefined || context === null) return kinds && kinds.required > 0 ? { context } : undefined
  if (typeof context !== 'object' || !isPlainObject(context)) return { context }
  let keys: string[]
  try {
    keys = Object.keys(context)
  } catch {
    return { context }
  }
  if (keys.length > FIELDS_MAX) return { context: partlyRead(context, keys, []) }
  let required = 0
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    let value: unknown
    try {
      value = (context as Readonly<Record<string, unknown>>)[key]
    } catch (cause) {
      return { context: partlyRead(context, keys, takeAll(read, i), { cause }) }
    }
    read[i] = value
    if (value === undefined) continue
    const kind = kinds?.kinds.get(key)
    const id = kinds && kind?.type !== typeof value ? NONE : plainId(value, textId, values)
    const keyId = key.startsWith('__') || key === 'facts' ? NONE : textId(key)
    if (id === NONE || keyId === NONE) return { context: partlyRead(context, keys, takeAll(read, i + 1)) }
    if (kind?.required) required++
    frame.addField(keyId, id)
  }
  return kinds && required < kinds.required
    ? { context: partlyRead(context, keys, takeAll(read, keys.length)) }
    : undefined
}

/** The first so many, after which nothing is held on to. */
function takeAll(read: unknown[], count: number): unknown[] {
  const all = read.slice(0, count)
  read.length = 0
  return all
}

function isPlainObject(object: object): boolean {
  try {
    const prototype: unknown = Object.getPrototypeOf(object)
    if (Array.isArray(object)) return false
    return prototype === Object.prototype || prototype === null
  } catch {
    return false
  }
}

/** The id of a plain value, or `NONE`. */
function plainId(value: unknown, textId: (text: string) => ValueId, values: Values): ValueId {
  switch (typeof value) {
    case 'string':
      return textId(value)
    case 'boolean':
      return values.bool(value)
    case 'number':
      return Number.isSafeInteger(value) ? intId(values, value) : NONE
    case 'bigint':
      return inLongRange(value) ? values.long(value) : NONE
    default:
      return NONE
  }
}

/** An object that is like `object`, but whose first properties were read: to `read`, then perhaps to an error. */
function partlyRead(
  object: object,
  keys: readonly string[],
  read: readonly unknown[],
  thrown?: { readonly cause: unknown },
): object {
  const copy: object = Object.create(null)
  for (const [i, key] of keys.entries()) {
    const get = () => {
      if (thrown && i === read.length) throw thrown.cause
      return i < read.length ? read[i] : (object as Readonly<Record<string, unknown>>)[key]
    }
    Object.defineProperty(copy, key, { enumerable: true, get })
  }
  return copy
}
