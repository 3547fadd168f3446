/**
 * What a value is where it meets a column: a string that meets a declared entity or extension type is read as that type,
 * and what the declaration excludes is refused. Serves facts of all kinds, literals of rules, queries and updates. Spec:
 * LANGUAGE section 2, "Types".
 */

import { looksLikeEntityLiteral, parseEntityUid } from '../values/entity-uid.ts'
import { callExtension, EXTENSION_FUNCTIONS } from '../values/extension.ts'
import { quote } from '../values/string-literal.ts'
import { type EntityUid, entityUid, type Value } from '../values/value.ts'
import { isEntity, printType, printTypeName, typeOf } from './column-types.ts'
import type { Column, ColumnType, TypeName } from './program.ts'
import { normaliseValue, type Refusal } from './uids.ts'

/** `value` as it is kept in `column`, uids normalised, or why it cannot be there. */
export function coerceValue(
  column: Pick<Column, 'declared'>,
  value: Value,
  pathTypes: ReadonlySet<string>,
): Value | Refusal {
  const { declared } = column
  if (declared === undefined || declared === 'any') return normaliseValue(value, pathTypes)
  if (typeof value !== 'string')
    return declared.has(typeOf(value)) ? normaliseValue(value, pathTypes) : refuse(value, declared)
  const read = readText(value, declared)
  return typeof read === 'object' && 'error' in read ? read : normaliseValue(read, pathTypes)
}

/** The value that `text` is for a column of the types `declared`. */
function readText(text: string, declared: ReadonlySet<TypeName>): Value | Refusal {
  const entities = [...declared].filter(isEntity)
  if (entities.length > 0 && looksLikeEntityLiteral(text)) return readLiteral(text, declared)
  if (declared.has('String')) return text
  const extensions = [...declared].filter((type) => CONSTRUCTORS.has(type))
  if (entities.length + extensions.length === 0) return refuse(text, declared)
  if (extensions.length === 0) {
    const [type, ...others] = entities
    if (type !== undefined && others.length === 0) return entityUid(type.slice('entity:'.length), text)
    const example = printTypeName(type ?? 'String')
    const help = `write the type too, as in \`${example}::"…"\``
    return { error: `${show(text)} can be any of ${printType(declared)}`, help }
  }
  const read = extensions.map((type) => ({ type, value: construct(type, text) }))
  const fits = read.flatMap(({ value }) => (typeof value === 'object' ? [value] : []))
  const [value] = fits
  if (value !== undefined && fits.length + entities.length === 1) return value
  if (fits.length + entities.length > 1) return { error: `${show(text)} can be any of ${printType(declared)}` }
  const why = read.map(({ type, value }) => `no ${type}${reasonOf(value)}`).join(' and ')
  return { error: `${show(text)} is ${why}` }
}

function readLiteral(text: string, declared: ColumnType): EntityUid | Refusal {
  const uid = parseEntityUid(text)
  if (uid === undefined) {
    return { error: `${show(text)} is no entity literal`, help: 'write for example `User::"alice"`, or the id alone' }
  }
  return declared === 'any' || declared.has(typeOf(uid)) ? uid : refuse(uid, declared)
}

function refuse(value: Value, declared: ColumnType): Refusal {
  const isInteger = typeof value === 'bigint' && declared !== 'any' && declared.has('Float')
  const error = `a ${printTypeName(typeOf(value))} stands where ${printType(declared)} is declared`
  return isInteger ? { error, help: `write \`${value}.0\`` } : { error }
}

const CONSTRUCTORS: ReadonlyMap<TypeName, string> = new Map([
  ['ipaddr', 'ip'],
  ['decimal', 'decimal'],
  ['datetime', 'datetime'],
  ['duration', 'duration'],
])

function construct(type: TypeName, text: string): Value {
  const found = EXTENSION_FUNCTIONS.get(CONSTRUCTORS.get(type) ?? '')
  return found ? callExtension(found, [text]) : text
}

/** The end of a message of `callExtension`. */
function reasonOf(message: Value): string {
  const reason = typeof message === 'string' ? message.replace(/^.* extension function: /, '') : ''
  return reason === '' ? '' : ` (${reason})`
}

function show(text: string): string {
  return `\`${quote(text.slice(0, SHOWN_MAX))}${text.length > SHOWN_MAX ? '…' : ''}\``
}

const SHOWN_MAX = 120
