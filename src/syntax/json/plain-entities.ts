/**
 * Entities as callers of the API mostly hand them over, read at once: plain objects and lists of texts, integers, bools and
 * uids. It takes nothing that `from-js.ts` and `entities.ts` do not take and makes the same of it; what is anything else,
 * and above all what is wrong, is left to them. On the way over `Json` an update of 10,000 entities of `bench/entities.ts`
 * took more than twice as long to read.
 */
import { isTypeName } from '../../values/entity-uid.ts'
import { callExtension, EXTENSION_FUNCTIONS } from '../../values/extension.ts'
import { inLongRange } from '../../values/long.ts'
import { type EntityUid, entityUid, type Value } from '../../values/value.ts'
import type { EntityData } from './entity-data.ts'
import { JSON_VALUES_MAX } from './from-js.ts'

/** The entities that `given` lists, as they stand there; `undefined` where it has to be read the long way, from the start. */
export function plainEntities(given: unknown): EntityData[] | undefined {
  return readList(given, newReading())
}

/**
 * As `plainEntities`, of a text of JSON. JavaScript's own reader is fast and loses three things: keys that stand twice,
 * whether a number was written as an integer, and integers beyond 2^53. The last ones are seen by their size.
 */
export function plainEntitiesOfText(text: string): EntityData[] | undefined {
  const reading = newReading()
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return undefined
  }
  const entities = readList(given, reading)
  return entities !== undefined && countKeys(text) === reading.keys ? entities : undefined
}

function readList(given: unknown, reading: Reading): EntityData[] | undefined {
  try {
    return Array.isArray(given) ? readAll(given, reading, readEntity) : undefined
  } catch {
    // A getter or a proxy threw, which the long way reports.
    return undefined
  }
}

/** How many keys stand in a text that is JSON; -1 if a number in it has a fraction or an exponent. */
function countKeys(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === 0x22 /* " */) at = endOfString(text, at)
    else if (c === 0x3a /* : */) count++
    else if (c === 0x2e /* . */ || ((c | 0x20) === 0x65 /* e */ && isDigit(text.charCodeAt(at - 1)))) return -1
  }
  return count
}

/** Where the quote is that ends the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let first = at
    while (text.charCodeAt(first - 1) === 0x5c /* \ */) first--
    if ((at - first) % 2 === 0) return at
  }
  return text.length
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39
}

interface Reading {
  /** How many more values there may be. What is no value of its own counts too. */
  left: number
  /** Keys of all objects so far. */
  keys: number
  /** Names of types. */
  readonly types: Set<string>
}

function newReading(): Reading {
  return { left: JSON_VALUES_MAX - 1, keys: 0, types: new Set() }
}

function keysOf(given: Plain, reading: Reading): string[] {
  const keys = Object.keys(given)
  reading.keys += keys.length
  return keys
}

/** Deeper records and sets are read the long way. */
const DEPTH_MAX = 8

const NO_FIELDS: ReadonlyMap<string, Value> = new Map()

function readAll<T>(
  given: readonly unknown[],
  reading: Reading,
  read: (item: unknown, reading: Reading) => T | undefined,
): T[] | undefined {
  const all: T[] = []
  const length = Number(given.length)
  for (let i = 0; i < length; i++) {
    const item = read(given[i], reading)
    if (item === undefined || reading.left < 0) return undefined
    all.push(item)
  }
  return all
}

function readEntity(given: unknown, reading: Reading): EntityData | undefined {
  if (!isPlain(given)) return undefined
  let uid: EntityUid | undefined
  let attrs: ReadonlyMap<string, Value> | undefined
  let parents: readonly EntityUid[] | undefined
  let tags: ReadonlyMap<string, Value> | undefined = NO_FIELDS
  reading.left -= 4
  for (const key of keysOf(given, reading)) {
    const property = given[key]
    if (key === 'uid') uid = readUid(property, reading)
    else if (key === 'attrs')
      attrs = isPlain(property) ? readFields(property, keysOf(property, reading), reading, 0) : undefined
    else if (key === 'tags')
      tags = isPlain(property) ? readFields(property, keysOf(property, reading), reading, 0) : undefined
    else if (key === 'parents') parents = Array.isArray(property) ? readAll(property, reading, readUid) : undefined
    else return undefined
  }
  return uid && attrs && parents && tags && { uid, attrs, parents, tags }
}

/** `{ type, id }`, or the same as the one field `__entity`. */
function readUid(given: unknown, reading: Reading): EntityUid | undefined {
  if (!isPlain(given)) return undefined
  const keys = keysOf(given, reading)
  return keys.length === 1 ? readEscape(given, keys, reading) : readTypeAndId(given, keys, reading)
}

function readEscape(given: Plain, [key]: readonly string[], reading: Reading): EntityUid | undefined {
  const inner = key === '__entity' ? given[key] : undefined
  return isPlain(inner) ? readTypeAndId(inner, keysOf(inner, reading), reading) : undefined
}

/** `{ __extn: { fn, arg } }` with a text as its argument. */
function readExtension(given: Plain, reading: Reading): Value | undefined {
  const inner = given['__extn']
  if (!isPlain(inner)) return undefined
  let name: unknown
  let arg: unknown
  reading.left -= 4
  for (const key of keysOf(inner, reading)) {
    if (key === 'fn') name = inner[key]
    else if (key === 'arg') arg = inner[key]
    else return undefined
  }
  if (typeof name !== 'string' || typeof arg !== 'string' || !arg.isWellFormed()) return undefined
  const definition = EXTENSION_FUNCTIONS.get(name)
  const value = definition && callExtension(definition, [arg])
  // A text says what is wrong.
  return typeof value === 'string' ? undefined : value
}

function readTypeAndId(given: Plain, keys: readonly string[], reading: Reading): EntityUid | undefined {
  let type: unknown
  let id: unknown
  reading.left -= 4
  for (const key of keys) {
    if (key === 'type') type = given[key]
    else if (key === 'id') id = given[key]
    else return undefined
  }
  if (typeof type !== 'string' || typeof id !== 'string' || !id.isWellFormed()) return undefined
  if (!reading.types.has(type)) {
    if (!isTypeName(type)) return undefined
    reading.types.add(type)
  }
  return entityUid(type, id)
}

function readFields(
  given: Plain,
  keys: readonly string[],
  reading: Reading,
  depth: number,
): ReadonlyMap<string, Value> | undefined {
  if (keys.length === 0) return NO_FIELDS
  const fields = new Map<string, Value>()
  for (const key of keys) {
    const property = given[key]
    if (property === undefined) continue
    const value = readValue(property, reading, depth)
    if (value === undefined || !key.isWellFormed() || reading.left < 0) return undefined
    fields.set(key, value)
  }
  return fields
}

function readValue(given: unknown, reading: Reading, depth: number): Value | undefined {
  reading.left--
  switch (typeof given) {
    case 'string':
      return given.isWellFormed() ? given : undefined
    case 'boolean':
      return given
    case 'number':
      return Number.isSafeInteger(given) ? BigInt(given) : undefined
    case 'bigint':
      return inLongRange(given) ? given : undefined
    case 'object': {
      if (depth === DEPTH_MAX || reading.left < 0) return undefined
      if (Array.isArray(given)) {
        const elements = readAll(given, reading, (item) => readValue(item, reading, depth + 1))
        return elements && { kind: 'set', elements }
      }
      if (!isPlain(given)) return undefined
      const keys = keysOf(given, reading)
      // Escapes of Cedar have one key, which begins like this; whatever looks like one is none of a plain record.
      if (keys.some((key) => key.startsWith('__'))) {
        if (keys.length > 1) return undefined
        return keys[0] === '__extn' ? readExtension(given, reading) : readEscape(given, keys, reading)
      }
      const fields = readFields(given, keys, reading, depth + 1)
      return fields && { kind: 'record', fields }
    }
    default:
      return undefined
  }
}

type Plain = Readonly<Record<string, unknown>>

function isPlain(given: unknown): given is Plain {
  return typeof given === 'object' && given !== null && Object.getPrototypeOf(given) === Object.prototype
}
