/**
 * What reading the JSON form needs everywhere: how mistakes are reported, objects with known fields, names, entities.
 * Every node gets the span of the whole JSON text, since JSON has no finer one; messages say the path inside of it.
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Span } from '../../text/source.ts'
import { type Json, shown } from '../json/json.ts'
import type { EntityLiteral } from './ast.ts'
import { isName } from './names.ts'

/** Where mistakes go, and the span that all nodes get. */
export interface EstReader {
  readonly span: Span
  readonly diagnostics: Diagnostics
}

/** A part of the JSON and the path to it: `conditions[0].body`. */
export interface Part {
  readonly json: Json | undefined
  readonly path: string
}

/** Reports a part. */
export function malformed(reader: EstReader, part: Part, problem: string, help?: string): undefined {
  const where = part.path === '' ? 'the policy' : shown(part.path)
  reader.diagnostics.error('R240', `${where}: ${problem}`, reader.span, help === undefined ? {} : { help })
  return undefined
}

/** Which fields an object has: `open` says that others are ignored, as Cedar does in some places. */
export interface Fields {
  readonly required: readonly string[]
  readonly optional?: readonly string[]
  readonly open?: boolean
}

/** The fields of an object as parts. */
export function objectWith(reader: EstReader, part: Part, fields: Fields): ReadonlyMap<string, Part> | undefined {
  const { json } = part
  if (!(json instanceof Map)) return malformed(reader, part, 'expected an object')
  const known = [...fields.required, ...(fields.optional ?? [])]
  for (const key of json.keys()) {
    if (!fields.open && !known.includes(key))
      return malformed(reader, part, `unknown field ${shown(key)}`, `it has ${list(known)}`)
  }
  for (const key of fields.required) {
    if (!json.has(key)) return malformed(reader, part, `the field \`${key}\` is missing`)
  }
  return new Map(known.flatMap((key) => (json.has(key) ? [[key, within(part, key)] as const] : [])))
}

/** The field `key` of an object. */
export function within(part: Part, key: string): Part {
  return {
    json: part.json instanceof Map ? part.json.get(key) : undefined,
    path: part.path === '' ? key : `${part.path}.${key}`,
  }
}

/** The elements of an array. */
export function elementsOf(reader: EstReader, part: Part): readonly Part[] | undefined {
  if (!Array.isArray(part.json)) return malformed(reader, part, 'expected an array')
  return part.json.map((json, i) => ({ json, path: `${part.path}[${i}]` }))
}

/** A string without half surrogate pairs. */
export function readString(reader: EstReader, part: Part): string | undefined {
  if (typeof part.json !== 'string') return malformed(reader, part, 'expected a string')
  return part.json.isWellFormed() ? part.json : malformed(reader, part, 'the string holds half of a surrogate pair')
}

/** One of `words`. */
export function readWord<T extends string>(reader: EstReader, part: Part, words: readonly T[]): T | undefined {
  const found = words.find((word) => word === part.json)
  return found ?? malformed(reader, part, `expected ${list(words)}`)
}

/** The name of an entity type, in normal form. */
export function readTypeName(reader: EstReader, part: Part): string | undefined {
  const type = readString(reader, part)
  if (type === undefined || isName(type)) return type
  return malformed(reader, part, `${shown(type)} is no name of an entity type`, 'a name is `User` or `Ns::User`')
}

/** `{ type, id }`, also inside of `{ __entity }`; other fields are ignored, as Cedar does. */
export function readEntity(reader: EstReader, part: Part): EntityLiteral | undefined {
  const escaped = part.json instanceof Map && part.json.size === 1 && part.json.has('__entity')
  const fields = objectWith(reader, escaped ? within(part, '__entity') : part, { required: ['type', 'id'], open: true })
  const type = fields && readTypeName(reader, fields.get('type') ?? part)
  const id = fields && readString(reader, fields.get('id') ?? part)
  if (type === undefined || id === undefined) return undefined
  return { kind: 'entity', uid: { kind: 'entity', type, id }, span: reader.span }
}

/** `a`, `b` or `c`. */
function list(words: readonly string[]): string {
  const quoted = words.map((word) => `\`${word}\``)
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted[quoted.length - 1]}`
}
