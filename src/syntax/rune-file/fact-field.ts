/**
 * One field of a fact file → a value, by the type of its column. The same reading serves wherever a string meets a column
 * with a type. Spec: LANGUAGE sections 2 (types) and 7 (entity literals and bare ids).
 */
import { parseDatetime } from '../../values/datetime.ts'
import { parseDecimal } from '../../values/decimal.ts'
import { parseDuration } from '../../values/duration.ts'
import { looksLikeEntityLiteral, parseEntityUid } from '../../values/entity-uid.ts'
import { parseIpAddr } from '../../values/ipaddr.ts'
import { parseLong } from '../../values/long.ts'
import { entityUid, type Value } from '../../values/value.ts'
import type { Json } from '../json/json.ts'

/** Reads a text as a value of a type; `undefined` if it writes none. */
export type FieldReader = (text: string) => Value | undefined

/** The reader of a type as `types` and `decl` write it; `entity:User` is `User`. `undefined` for String: the text is the value. */
export function fieldReader(type: string): FieldReader | undefined {
  return type === 'String' ? undefined : (READERS.get(type) ?? entityReader(type.replace(/^entity:/, '')))
}

/** The value that a JSON value stands for in a column of `type`: strings are read as in other formats, save for primitive types. */
export function jsonField(json: Json, type: string): Value | undefined {
  switch (type) {
    case 'String':
      return typeof json === 'string' ? json : undefined
    case 'Long':
      return typeof json === 'bigint' ? json : undefined
    case 'Bool':
      return typeof json === 'boolean' ? json : undefined
    case 'Float':
      return typeof json === 'bigint' ? floatOf(json) : typeof json === 'number' ? json : undefined
    default:
      return typeof json === 'string' ? fieldReader(type)?.(json) : undefined
  }
}

/** What a field of `type` looks like, for the help of a diagnostic. */
export function exampleOf(type: string): string {
  return EXAMPLES.get(type) ?? `an id, or a literal such as \`${type.replace(/^entity:/, '')}::"alice"\``
}

const FLOAT = /^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/

const READERS: ReadonlyMap<string, FieldReader> = new Map<string, FieldReader>([
  ['Long', parseLong],
  ['Bool', (text) => (text === 'true' ? true : text === 'false' ? false : undefined)],
  ['Float', (text) => (FLOAT.test(text) ? finite(Number(text)) : undefined)],
  ['ipaddr', (text) => unlessMessage(parseIpAddr(text))],
  ['decimal', (text) => unlessMessage(parseDecimal(text))],
  ['datetime', (text) => unlessMessage(parseDatetime(text))],
  ['duration', (text) => unlessMessage(parseDuration(text))],
])

const EXAMPLES: ReadonlyMap<string, string> = new Map([
  ['String', 'a string'],
  ['Long', 'an integer of 64 bits, such as `-3`'],
  ['Bool', '`true` or `false`'],
  ['Float', 'a finite number, such as `1.5`'],
  ['ipaddr', 'an address, such as `10.0.0.0/8`'],
  ['decimal', 'a decimal, such as `1.25`'],
  ['datetime', 'a datetime, such as `2026-01-31T08:00:00Z`'],
  ['duration', 'a duration, such as `1h30m`'],
])

function entityReader(type: string): FieldReader {
  return (text) => {
    if (!looksLikeEntityLiteral(text)) return entityUid(type, text)
    const uid = parseEntityUid(text)
    return uid?.type === type ? uid : undefined
  }
}

function floatOf(integer: bigint): number | undefined {
  const float = Number(integer)
  return Number.isSafeInteger(float) ? float : undefined
}

/** Adding 0 makes `-0` the `0` that it equals. */
function finite(float: number): number | undefined {
  return Number.isFinite(float) ? float + 0 : undefined
}

function unlessMessage<T extends Value>(parsed: T | string): T | undefined {
  return typeof parsed === 'string' ? undefined : parsed
}
