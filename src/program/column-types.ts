/**
 * Column types: unions of type names, and what analysis does with them. Within analysis `ANY_ENTITY` stands for entities of
 * types that are not known; it never leaves this folder. Spec: LANGUAGE section 2, "Types".
 */
import { isTypeName } from '../values/entity-uid.ts'
import { kindOf, type Value, type ValueKind } from '../values/value.ts'
import type { ColumnType, TypeName } from './program.ts'

/** Every entity type; `*` is the name of none. */
export const ANY_ENTITY: TypeName = 'entity:*'

/** Nothing can be in the column. */
export const NOTHING: ColumnType = new Set()

/** Types that `<` and its like, `min` and `max` are defined on. */
export const ORDERED: ReadonlySet<TypeName> = new Set<TypeName>(['Long', 'Float', 'String', 'datetime', 'duration'])

/** Types of arithmetic. */
export const NUMERIC: ColumnType = new Set<TypeName>(['Long', 'Float'])

/** A type alone; one object a type, so that unions are found equal quickly. */
export function only(type: TypeName): ColumnType {
  return SINGLE.get(type) ?? new Set([type])
}

/** The type of a value. */
export function typeOf(value: Value): TypeName {
  return typeof value === 'object' && value.kind === 'entity' ? `entity:${value.type}` : typeOfKind(kindOf(value))
}

/** The type of the values of a kind, entities of all types together. */
export function typeOfKind(kind: ValueKind): TypeName {
  return TYPE_OF_KIND[kind]
}

/** The types of `a` and those of `b`; `a` itself where `b` adds none. */
export function union(a: ColumnType, b: ColumnType): ColumnType {
  if (a === b || a === 'any' || b === 'any') return a === 'any' ? a : b
  if (a.size === 0) return b.size === 0 ? a : b
  let all: Set<TypeName> | undefined
  for (const type of b) {
    if (a.has(type) || (isEntity(type) && a.has(ANY_ENTITY))) continue
    all ??= new Set(a)
    if (type === ANY_ENTITY) for (const other of a) if (isEntity(other)) all.delete(other)
    all.add(type)
  }
  return all ?? a
}

/** The types that values of both `a` and `b` can have. */
export function intersect(a: ColumnType, b: ColumnType): ColumnType {
  if (a === b || b === 'any') return a
  if (a === 'any') return b
  const both = new Set<TypeName>()
  for (const type of a) if (b.has(type) || (isEntity(type) && b.has(ANY_ENTITY))) both.add(type)
  if (a.has(ANY_ENTITY)) for (const type of b) if (isEntity(type)) both.add(type)
  return both.size === a.size && !a.has(ANY_ENTITY) ? a : both
}

/** Whether something is known of both, and no value can be in both. */
export function areDisjoint(a: ColumnType, b: ColumnType): boolean {
  return !isNothing(a) && !isNothing(b) && isNothing(intersect(a, b))
}

/** Whether every value of `a` is one of `b`. */
export function isWithin(a: ColumnType, b: ColumnType): boolean {
  if (b === 'any') return true
  if (a === 'any') return false
  for (const type of a) if (!b.has(type) && !(isEntity(type) && b.has(ANY_ENTITY))) return false
  return true
}

/** Whether no value is of the type. */
export function isNothing(type: ColumnType): boolean {
  return type !== 'any' && type.size === 0
}

/** The type as others see it: entities of unknown types make it `any`. */
export function published(type: ColumnType): ColumnType {
  return type !== 'any' && type.has(ANY_ENTITY) ? 'any' : type
}

/** The type as messages name it. */
export function printType(type: ColumnType): string {
  if (type === 'any') return 'value of any type'
  const names = [...type].map(printTypeName)
  const shown = names.length > SHOWN_MAX ? [...names.slice(0, SHOWN_MAX), '…'] : names
  return shown.length === 0 ? 'nothing' : shown.join(' or ')
}

/** The type with its article: `a String`, `an ipaddr`. */
export function withArticle(type: ColumnType): string {
  const text = printType(type)
  // The letters that sound like `you` take `a`, as in `a User`.
  return `${/^(?!U|Eu)[AEIOUaeiou]/.test(text) ? 'an' : 'a'} ${text}`
}

/** `entity:User` is `User`. */
export function printTypeName(type: TypeName): string {
  return type === ANY_ENTITY ? 'entity' : type.replace(/^entity:/, '')
}

/** Whether `text` is a type name as the engine writes it. */
export function isTypeKey(text: string): text is TypeName {
  return NAMES.has(text) || text.startsWith('entity:')
}

/** Whether the type is that of entities. */
export function isEntity(type: TypeName): type is `entity:${string}` {
  return type.startsWith('entity:')
}

/** The type that a name in a declaration or in `types` means; a lower-case word that is near one of ours is a mistake, with `help`. */
export function typeOfName(name: string): TypeName | { readonly help?: string } {
  const own = NAMES.get(name)
  if (own) return own
  const meant = ALIASES.get(name.toLowerCase())
  if (meant !== undefined && !name.includes('::')) return { help: `did you mean \`${meant}\`?` }
  return isTypeName(name) ? `entity:${name}` : {}
}

const SHOWN_MAX = 6

const TYPE_OF_KIND: Readonly<Record<ValueKind, TypeName>> = {
  string: 'String',
  long: 'Long',
  bool: 'Bool',
  float: 'Float',
  ipaddr: 'ipaddr',
  decimal: 'decimal',
  datetime: 'datetime',
  duration: 'duration',
  set: 'Set',
  record: 'Record',
  entity: ANY_ENTITY,
}

const NAMES: ReadonlyMap<string, TypeName> = new Map(
  Object.values(TYPE_OF_KIND).flatMap((type) => (type === ANY_ENTITY ? [] : [[type, type]])),
)

const SINGLE: ReadonlyMap<TypeName, ColumnType> = new Map(
  Object.values(TYPE_OF_KIND).map((type) => [type, new Set([type])]),
)

/** What people write for our types, in lower case. */
const ALIASES: ReadonlyMap<string, TypeName> = new Map([
  ...Object.values(TYPE_OF_KIND).flatMap((type): [string, TypeName][] =>
    type === ANY_ENTITY ? [] : [[type.toLowerCase(), type]],
  ),
  ['str', 'String'],
  ['text', 'String'],
  ['symbol', 'String'],
  ['int', 'Long'],
  ['integer', 'Long'],
  ['number', 'Long'],
  ['unsigned', 'Long'],
  ['boolean', 'Bool'],
  ['double', 'Float'],
  ['ip', 'ipaddr'],
])
