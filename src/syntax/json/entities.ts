/**
 * Cedar's JSON for entities and contexts: `Json` → `EntityData` and records, by a schema where there is one, in which case
 * they conform to it too. Values are read by `values.ts`. Spec: Cedar's "Entities JSON", LANGUAGE section 5.
 */
import type { Diagnostics } from '../../text/diagnostic.ts'
import type { Source } from '../../text/source.ts'
import { printEntityUid } from '../../values/entity-uid.ts'
import type { EntityUid, RecordValue, Value } from '../../values/value.ts'
import type { Schema, SchemaType } from '../schema/schema.ts'
import { conformEntities, undeclaredAction } from './conform.ts'
import { distinctEntities, type EntityData, isActionType, type ReportEntity } from './entity-data.ts'
import { jsonFromJs } from './from-js.ts'
import { type Json, parseJson, shown } from './json.ts'
import { jsonLocator, type Locate } from './locate.ts'
import { plainEntities, plainEntitiesOfText } from './plain-entities.ts'
import { type JsonReading, refuse, uidFromJson, valueFromJson } from './values.ts'

/** Where JSON came from, and the schema that it is read by. */
export interface JsonOrigin {
  readonly diagnostics: Diagnostics
  readonly locate?: Locate
  readonly schema?: Schema
}

/** So many mistakes end the reading of entities. */
const MISTAKES_MAX = 100

/**
 * The entities that `json` lists, without repetition; `undefined` after a mistake. With a schema, action entities are
 * checked and then left out: those of the schema hold (`schemaActions`).
 */
export function entitiesFromJson(json: Json, origin: JsonOrigin): EntityData[] | undefined {
  const { diagnostics, locate, schema } = origin
  const reading: JsonReading = { diagnostics, path: [], subject: () => 'the entities', ...(locate && { locate }) }
  if (!Array.isArray(json)) return refuse(reading, 'R288', 'expected a list of entities')
  const before = diagnostics.count
  const entities: EntityData[] = []
  for (const [index, item] of json.entries()) {
    reading.path.push(index)
    const entity = entityFromJson(reading, item, schema)
    reading.path.pop()
    if (entity !== undefined) entities.push(entity)
    if (diagnostics.count - before >= MISTAKES_MAX) return undefined
  }
  return diagnostics.count > before ? undefined : checkedEntities(entities, origin)
}

/** As `entitiesFromJson`, for values of JavaScript; `what` is what messages call them. */
export function entitiesFromJs(given: unknown, what: string, origin: JsonOrigin): EntityData[] | undefined {
  const plain = origin.schema === undefined ? plainEntities(given) : undefined
  if (plain !== undefined) return checkedEntities(plain, origin)
  const json = jsonFromJs(given, what, origin.diagnostics)
  return json === undefined ? undefined : entitiesFromJson(json, origin)
}

/** As `entitiesFromJson`, for a text of JSON, with its places; and how many entities it lists, repetitions too. */
export function entitiesFromText(
  source: Source,
  { diagnostics, schema }: Omit<JsonOrigin, 'locate'>,
): { readonly entities: EntityData[]; readonly listed: number } | undefined {
  const origin = { diagnostics, locate: jsonLocator({ source }), ...(schema && { schema }) }
  const plain = schema === undefined ? plainEntitiesOfText(source.text) : undefined
  if (plain !== undefined) {
    const entities = checkedEntities(plain, origin)
    return entities && { entities, listed: plain.length }
  }
  const json = parseJson({ source }, diagnostics)
  const entities = json === undefined ? undefined : entitiesFromJson(json, origin)
  return entities && { entities, listed: Array.isArray(json) ? json.length : 0 }
}

function checkedEntities(
  entities: EntityData[],
  { diagnostics, locate, schema }: JsonOrigin,
): EntityData[] | undefined {
  const before = diagnostics.count
  const report: ReportEntity = ({ code, message, help, path }) => {
    if (diagnostics.count - before >= MISTAKES_MAX) return
    diagnostics.error(code, message, locate?.(path), help === undefined ? {} : { help })
  }
  const distinct = distinctEntities(entities, report)
  if (schema !== undefined) conformEntities(entities, schema, report)
  if (diagnostics.count > before) return undefined
  return schema === undefined ? distinct : distinct.filter((entity) => !isActionType(entity.uid.type))
}

/** The action entities that a schema declares. */
export function schemaActions(schema: Schema): EntityData[] {
  return [...schema.actions.values()].map(({ uid, memberOf }) => ({
    uid,
    attrs: new Map(),
    parents: memberOf,
    tags: new Map(),
  }))
}

/**
 * The record that `json` is as a context; `undefined` after a mistake. With a schema it is read by the type that it gives
 * to the context of `action`; whether it conforms is for `conformRequest`.
 */
export function contextFromJson(json: Json, origin: JsonOrigin, action: EntityUid): RecordValue | undefined {
  const { diagnostics, locate, schema } = origin
  const reading: JsonReading = { diagnostics, path: [], subject: () => 'the context', ...(locate && { locate }) }
  const declared = schema?.actions.get(printEntityUid(action))
  if (schema !== undefined && declared === undefined) {
    const { code, message } = undeclaredAction(action)
    diagnostics.error(code, message)
    return undefined
  }
  const value = valueFromJson(reading, json, declared?.context)
  if (value === undefined) return undefined
  return isRecord(value) ? value : refuse(reading, 'R293', 'expected an object')
}

function isRecord(value: Value): value is RecordValue {
  return typeof value === 'object' && value.kind === 'record'
}

function entityFromJson(reading: JsonReading, json: Json, schema: Schema | undefined): EntityData | undefined {
  reading.subject = () => 'an entity'
  if (!(json instanceof Map)) return refuse(reading, 'R288', 'expected an object with `uid`, `attrs` and `parents`')
  const fields = ['uid', 'attrs', 'parents'].filter((field) => !json.has(field))
  if (fields.length > 0) return refuse(reading, 'R288', `the field ${fields.map(shown).join(' and ')} is missing`)
  reading.path.push('uid')
  const uid = uidFromJson(reading, json.get('uid') ?? null)
  reading.path.pop()
  if (uid === undefined) return undefined
  const type = schema?.entityTypes.get(uid.type)
  const name = (): string => shown(printEntityUid(uid))
  const attrs = fieldsFromJson(reading, {
    json,
    field: 'attrs',
    one: 'attribute',
    name,
    typeOf: (key) => type?.attributes.attributes.get(key)?.type,
  })
  const tags = fieldsFromJson(reading, { json, field: 'tags', one: 'tag', name, typeOf: () => type?.tags })
  const parents = parentsFromJson(reading, json.get('parents') ?? null, name)
  return attrs && parents && tags && { uid, attrs, parents, tags }
}

interface Fields {
  readonly json: ReadonlyMap<string, Json>
  readonly field: 'attrs' | 'tags'
  readonly one: string
  /** The entity, as messages show it. */
  readonly name: () => string
  readonly typeOf: (key: string) => SchemaType | undefined
}

function fieldsFromJson(
  reading: JsonReading,
  { json, field, one, name, typeOf }: Fields,
): Map<string, Value> | undefined {
  const given = json.get(field)
  const values = new Map<string, Value>()
  if (given === undefined) return values
  reading.subject = () => `\`${field}\` of ${name()}`
  reading.path.push(field)
  if (!(given instanceof Map)) refuse(reading, 'R288', 'expected an object')
  else {
    for (const [key, item] of given) {
      reading.subject = () => `${one} ${shown(key)} on ${name()}`
      reading.path.push(key)
      const value = valueFromJson(reading, item, typeOf(key))
      reading.path.pop()
      if (value !== undefined) values.set(key, value)
    }
  }
  reading.path.pop()
  return given instanceof Map && values.size === given.size ? values : undefined
}

function parentsFromJson(reading: JsonReading, json: Json, name: () => string): EntityUid[] | undefined {
  reading.subject = () => `the parents of ${name()}`
  const parents: EntityUid[] = []
  reading.path.push('parents')
  if (!Array.isArray(json)) refuse(reading, 'R288', 'expected a list of entities')
  else {
    for (const [i, parent] of json.entries()) {
      reading.path.push(i)
      const uid = uidFromJson(reading, parent)
      reading.path.pop()
      if (uid !== undefined) parents.push(uid)
    }
  }
  reading.path.pop()
  return Array.isArray(json) && parents.length === json.length ? parents : undefined
}
