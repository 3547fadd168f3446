/**
 * Values of JavaScript, as callers of the API hand them over, → `Json`. Refuses what JSON has no form for instead of
 * converting it, and a number that may have lost digits instead of rounding it. Reads each property once, own ones alone,
 * so that neither getters nor prototypes can make two readings differ. Spec: DESIGN section 4.
 */
import { unreadable } from '../../text/argument.ts'
import type { Code } from '../../text/codes.ts'
import type { Diagnostics } from '../../text/diagnostic.ts'
import { inLongRange } from '../../values/long.ts'
import { JSON_DEPTH_MAX, type Json, shown } from './json.ts'
import { printPath } from './locate.ts'

/** How many values one call may hold: shared parts count each time, so that a small graph cannot unfold without end. */
export const JSON_VALUES_MAX = 4_000_000

/**
 * `value` as `Json`, `undefined` after a mistake, which is reported as one of `what`. Throws a `RuneError` where a getter or
 * a proxy throws. As with `JSON.stringify`, properties
 * that are `undefined` and keys that are symbols are left out; unlike it, `toJSON` is not called.
 */
export function jsonFromJs(value: unknown, what: string, diagnostics: Diagnostics): Json | undefined {
  const walk: Walk = { values: 0 }
  const json = convert(value, 0, walk)
  if (json !== undefined || walk.problem === undefined) return json
  const { code, message, help, path, thrown } = walk.problem
  if (thrown) throw unreadable(shown(printPath(what, path)), thrown.cause)
  diagnostics.error(code, `${shown(printPath(what, path))} ${message}`, undefined, help === undefined ? {} : { help })
  return undefined
}

interface Problem {
  readonly code: Code
  readonly message: string
  readonly help: string | undefined
  readonly path: (string | number)[]
  /** Set where reading threw. */
  readonly thrown?: { readonly cause: unknown }
}

interface Walk {
  values: number
  problem?: Problem
}

function convert(value: unknown, depth: number, walk: Walk): Json | undefined {
  if (++walk.values > JSON_VALUES_MAX) return refuse(walk, 'R282', `holds more than ${JSON_VALUES_MAX} values`)
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : refuse(walk, 'R101', 'holds half of a surrogate pair')
    case 'boolean':
      return value
    case 'number':
      return convertNumber(value, walk)
    case 'bigint':
      return inLongRange(value) ? value : refuse(walk, 'R151', 'does not fit in 64 bits')
    case 'object':
      if (value === null) return null
      if (depth === JSON_DEPTH_MAX)
        return refuse(walk, 'R282', `nests deeper than ${JSON_DEPTH_MAX} levels, or holds itself`)
      return isArray(value) ? convertArray(value, depth + 1, walk) : convertObject(value, depth + 1, walk)
    case 'undefined':
      return refuse(walk, 'R283', 'has no value')
    default:
      return refuse(walk, 'R283', `is a ${typeof value}, which has no form in JSON`)
  }
}

function convertNumber(value: number, walk: Walk): Json | undefined {
  if (Number.isSafeInteger(value)) return BigInt(value)
  if (!Number.isFinite(value)) return refuse(walk, 'R283', 'is not a finite number')
  // Beyond 2^53 every number is an integer, and no one knows which integer was meant.
  if (!Number.isInteger(value)) return value
  return refuse(walk, 'R284', 'is an integer too large to be exact', 'pass a bigint, or the whole value as JSON text')
}

function convertArray(value: readonly unknown[], depth: number, walk: Walk): Json | undefined {
  let length: number
  try {
    length = Number(value.length)
  } catch (cause) {
    return failReading(walk, cause)
  }
  const elements: Json[] = []
  for (let i = 0; i < length; i++) {
    let given: unknown
    try {
      given = value[i]
    } catch (cause) {
      failReading(walk, cause)
      return within(walk, i)
    }
    const element = convert(given, depth, walk)
    if (element === undefined) return within(walk, i)
    elements.push(element)
  }
  return elements
}

function convertObject(value: object, depth: number, walk: Walk): Json | undefined {
  let keys: string[]
  try {
    const prototype: unknown = Object.getPrototypeOf(value)
    // A prototype without one of its own is `Object.prototype`, of whatever realm.
    if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null) {
      return refuse(walk, 'R283', 'is an instance of a class', 'pass a plain object')
    }
    keys = Object.keys(value)
  } catch (cause) {
    return failReading(walk, cause)
  }
  const fields = new Map<string, Json>()
  for (const key of keys) {
    let property: unknown
    try {
      property = (value as Readonly<Record<string, unknown>>)[key]
    } catch (cause) {
      failReading(walk, cause)
      return within(walk, key)
    }
    if (property === undefined) continue
    const json = convert(property, depth, walk)
    if (json === undefined) return within(walk, key)
    if (!key.isWellFormed()) return refuse(walk, 'R101', 'has a key with half of a surrogate pair')
    fields.set(key, json)
  }
  return fields
}

/** A proxy that was revoked is neither; reading it fails later. */
function isArray(value: object): value is readonly unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

function failReading(walk: Walk, cause: unknown): undefined {
  walk.problem = { code: 'R744', message: '', help: undefined, path: [], thrown: { cause } }
  return undefined
}

function refuse(walk: Walk, code: Code, message: string, help?: string): undefined {
  walk.problem = { code, message, help, path: [] }
  return undefined
}

/** Says on the way out where the problem was found. */
function within(walk: Walk, step: string | number): undefined {
  walk.problem?.path.unshift(step)
  return undefined
}
