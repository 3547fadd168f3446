/**
 * Contexts of plain values, read straight into a frame without a tree between. A context that is more than that is handed
 * back, with what was read of it already in its place: each property is read once. Spec: LANGUAGE section 6.
 */
import { intId, isInlineInt, type ValueId, type Values } from '../image/value-ids.ts'
import { inLongRange } from '../values/long.ts'
import type { Frame } from './cedar/frame.ts'
import { FIELDS_MAX as CACHED_FIELDS_MAX } from './decision-cache.ts'
import { createKnownIds, forgetIds, type IsLocal, noteId } from './known-ids.ts'
import type { KnownTypes } from './known-types.ts'

export interface ContextReader {
  /** Reads a context of plain values into a frame; or yields it as it is to be read, with what was read already in its place. */
  read(context: unknown, frame: Frame): { readonly context: unknown } | undefined
  /** To be called when local ids were forgotten. */
  forgetLocal(): void
}

export interface ContextReaderOptions {
  readonly values: Values
  /** If there are any, what is read is as they say, and they know the action. */
  readonly types: KnownTypes | undefined
  readonly isLocal: IsLocal
  /** Told if something had to be looked up in the dictionary. */
  readonly trace: { isRemembered: boolean }
}

export function createContextReader({ values, types, isLocal, trace }: ContextReaderOptions): ContextReader {
  const texts = createKnownIds(isLocal)
  const textId = (text: string): ValueId => {
    const known = texts.ids.get(text)
    if (known !== undefined) return known
    trace.isRemembered = false
    return text.isWellFormed() ? noteId(texts, text, values.string(text)) : NONE
  }
  const reading: Reading = { textId, values, types, trace, read: [] }
  return {
    read: (context, frame) => readContext(context, frame, reading),
    forgetLocal: () => forgetIds(texts),
  }
}

const NONE = -1

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

/** Whether `object` is one as a literal makes it. */
export function isPlainObject(object: object): boolean {
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
