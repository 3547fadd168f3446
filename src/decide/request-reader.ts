/**
 * Requests as most callers give them, read straight into a frame: entities that were named before are found by their text,
 * and contexts of plain values become fields without a tree between. Whatever is more than that goes the careful way
 * (`request.ts`), with the same result; each property is read once on either. What is kept is bounded, belongs to one
 * dictionary, and holds nothing that the image does not know. Spec: LANGUAGE sections 5 to 7.
 */
import type { Overlay } from '../image/dictionary.ts'
import { intId, isInlineInt, isLocal, type ValueId, type Values } from '../image/value-ids.ts'
import { unreadable } from '../text/argument.ts'
import { RuneError } from '../text/diagnostic.ts'
import { inLongRange } from '../values/long.ts'
import type { Frame } from './cedar/frame.ts'
import { FIELDS_MAX as CACHED_FIELDS_MAX } from './decision-cache.ts'
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
  /** Whether the request in `frame`, which has no context and brings no entities, is one that the schema allows. */
  conforms(frame: Frame): boolean
}

export interface RequestReaderOptions {
  readonly target: RequestTarget
  readonly values: Values
  /** Holds what the image does not know; `values` are over it. */
  readonly overlay: Overlay
  /** Told whether the request was read without a look at the image. */
  readonly trace: { isRemembered: boolean }
}

/** A reader for requests to `target`. */
export function createRequestReader({ target, values, overlay, trace }: RequestReaderOptions): RequestReader {
  const { settings, schema } = target.program
  const names = { principal: createNames(), action: createNames(), resource: createNames() }
  const texts = createKnown()
  const types = schema && createKnownTypes(schema, values)
  let generation = overlay.generation
  const intern = (input: unknown, place: Place): ValueId => {
    trace.isRemembered = false
    return values.intern(uidOf(input, place, settings))
  }
  const idOf = (input: unknown, { byText, byType }: Names, place: Place): ValueId => {
    if (typeof input === 'string') return byText.ids.get(input) ?? note(byText, input, intern(input, place))
    if (typeof input !== 'object' || input === null) return intern(input, place)
    const type = typeOf(input, place)
    const id = nameOf(input, place)
    if (typeof type !== 'string' || typeof id !== 'string') return intern({ type, id }, place)
    const known = byType.get(type)?.ids.get(id)
    return known ?? noteTyped(byType, type, id, intern({ type, id }, place))
  }
  const textId = (text: string): ValueId => {
    const known = texts.ids.get(text)
    if (known !== undefined) return known
    trace.isRemembered = false
    return text.isWellFormed() ? note(texts, text, values.string(text)) : NONE
  }
  const check = (frame: Frame, context: unknown, entities: unknown): CheckedRequest => {
    trace.isRemembered = false
    const checked = checkRest({ ...uidsOf(frame), context, entities }, target)
    types?.note(frame)
    return checked
  }
  const reading: Reading = { textId, values, types, trace, read: [] }
  return {
    read: (request, frame) => {
      if (typeof request !== 'object' || request === null) throw refuseRequest('a request is an object')
      if (overlay.generation !== generation) {
        generation = overlay.generation
        for (const known of Object.values(names)) forgetNames(known)
        forget(texts)
      }
      trace.isRemembered = true
      frame.principal = idOf(principalOf(request), names.principal, 'principal')
      frame.action = idOf(actionOf(request), names.action, 'action')
      frame.resource = idOf(resourceOf(request), names.resource, 'resource')
      const context = contextOf(request)
      const entities = entitiesOf(request)
      frame.clearContext()
      if (context === undefined && entities === undefined && types === undefined) return undefined
      // Types are looked up in the image.
      if (types !== undefined) trace.isRemembered = false
      const isPlain = (entities === undefined || entities === null) && (types === undefined || types.conform(frame))
      const rest = isPlain ? readContext(context, frame, reading) : { context }
      if (rest === undefined) return undefined
      return check(frame, rest.context, entities)
    },
    conforms: (frame) => {
      if (types === undefined) return true
      if (types.conform(frame)) return types.contextOf(frame.action)?.required === 0
      try {
        check(frame, undefined, undefined)
        return true
      } catch (error) {
        if (!(error instanceof RuneError)) throw error
        return false
      }
    },
  }
}

function uidsOf({ principal, action, resource, values }: Frame) {
  return { principal: values.uidOf(principal), action: values.uidOf(action), resource: values.uidOf(resource) }
}

/** Ids by text; those of the overlay until that forgets them. */
interface Known {
  readonly ids: Map<string, ValueId>
  /** Texts whose ids are the overlay's. */
  local: string[]
}

/** Entities of one place of requests, as they were named. */
interface Names {
  readonly byText: Known
  readonly byType: Map<string, Known>
}

/** So many are kept of a kind. */
const KEPT_MAX = 2 ** 14
/** So long are they. */
const TEXT_MAX = 256

const NONE = -1

function createKnown(): Known {
  return { ids: new Map(), local: [] }
}

function createNames(): Names {
  return { byText: createKnown(), byType: new Map() }
}

function forgetNames({ byText, byType }: Names): void {
  forget(byText)
  for (const known of byType.values()) forget(known)
}

/** Forgets the overlay's ids. */
function forget(known: Known): void {
  for (const text of known.local) known.ids.delete(text)
  known.local = []
}

function note(known: Known, text: string, found: ValueId): ValueId {
  if (text.length > TEXT_MAX) return found
  if (known.ids.size >= KEPT_MAX) {
    known.ids.clear()
    known.local = []
  }
  known.ids.set(text, found)
  if (isLocal(found)) known.local.push(text)
  return found
}

function noteTyped(byType: Map<string, Known>, type: string, id: string, found: ValueId): ValueId {
  if (type.length > TEXT_MAX) return found
  let known = byType.get(type)
  if (known === undefined) {
    // Types are few; who invents many pays for it.
    if (byType.size >= TYPES_MAX) byType.clear()
    byType.set(type, (known = createKnown()))
  }
  return note(known, id, found)
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
  readonly trace: { isRemembered: boolean }
  /** What was read of the context. */
  readonly read: unknown[]
}

/** More fields go the careful way. */
const FIELDS_MAX = 64

/** Reads a context of plain values; or yields it as it is to be read, with what was read of it already in its place. */
function readContext(context: unknown, frame: Frame, reading: Reading): { readonly context: unknown } | undefined {
  const { textId, values, types, trace, read } = reading
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
  // More become a record.
  if (keys.length > CACHED_FIELDS_MAX) trace.isRemembered = false
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
    // Others of its kinds are the image's.
    if (typeof value === 'number' && !isInlineInt(id)) trace.isRemembered = false
    if (typeof value === 'bigint') trace.isRemembered = false
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
