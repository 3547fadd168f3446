/**
 * Requests as callers give them, checked: uids read and normalised, context and entities converted, all of it compared with
 * the schema and with what the store holds. What is malformed is refused with a `RuneError`. Spec: LANGUAGE sections 5 to 7.
 */
import type { Image } from '../image/image.ts'
import { storedEntity } from '../image/stored-entity.ts'
import type { EntityRecord, ReaderProgram, Settings } from '../program/program.ts'
import { isRefusal, normaliseUid, normaliseValue } from '../program/uids.ts'
import { conformEntities, conformRequest, type Report } from '../syntax/json/conform.ts'
import { contextFromJson, entitiesFromJs, entitiesFromText, type JsonOrigin } from '../syntax/json/entities.ts'
import { distinctEntities, sameEntity } from '../syntax/json/entity-data.ts'
import { jsonFromJs } from '../syntax/json/from-js.ts'
import { type Json, parseJson } from '../syntax/json/json.ts'
import { jsonLocator, type Locate } from '../syntax/json/locate.ts'
import { printJson } from '../syntax/json/print.ts'
import { propertyOf } from '../text/argument.ts'
import { Diagnostics, type RuneError, runeError } from '../text/diagnostic.ts'
import { isTypeName, looksLikeEntityLiteral, parseEntityUid, printEntityUid } from '../values/entity-uid.ts'
import { printBriefly } from '../values/print.ts'
import { type EntityUid, entityUid, type Value } from '../values/value.ts'

/** An entity literal, a bare id, or both parts; a bare id or a missing type takes the default type of its place. */
export type EntityInput = string | { readonly type?: string; readonly id: string }

/** Where an entity stands in a request. */
export type Place = 'principal' | 'action' | 'resource'

/** A request. `context` and `entities` (Cedar's JSON form) are plain values or JSON text. */
export interface AuthorizeRequest {
  readonly principal: EntityInput
  readonly action: EntityInput
  readonly resource: EntityInput
  readonly context?: Readonly<Record<string, unknown>> | string
  readonly entities?: readonly unknown[] | string
}

/** A request that can be decided. */
export interface CheckedRequest {
  readonly principal: EntityUid
  readonly action: EntityUid
  readonly resource: EntityUid
  readonly context: ReadonlyMap<string, Value>
  /** Absent where the request brings none. */
  readonly entities?: readonly EntityRecord[]
}

/** What a request is checked against. */
export interface RequestTarget {
  readonly program: ReaderProgram
  readonly image: Image
}

/** Checks a request of the API. Throws a `RuneError` for what is malformed. */
export function checkRequest(request: AuthorizeRequest, target: RequestTarget): CheckedRequest {
  const { settings } = target.program
  if (typeof request !== 'object' || request === null) throw refuseRequest('a request is an object')
  const given = (name: keyof AuthorizeRequest) => propertyOf(request, name, `\`${name}\``)
  const principal = uidOf(given('principal'), 'principal', settings)
  const action = uidOf(given('action'), 'action', settings)
  const resource = uidOf(given('resource'), 'resource', settings)
  return checkRest({ principal, action, resource, context: given('context'), entities: given('entities') }, target)
}

/** A request whose uids are known. */
interface Rest extends Pick<CheckedRequest, 'principal' | 'action' | 'resource'> {
  readonly context: unknown
  readonly entities: unknown
}

/** Checks the rest of a request. Throws a `RuneError` for what is malformed. */
export function checkRest({ principal, action, resource, ...given }: Rest, target: RequestTarget): CheckedRequest {
  const { schema } = target.program
  const diagnostics = new Diagnostics()
  const origin = { diagnostics, ...(schema && { schema }) }
  const contextJson = jsonOf(given.context ?? {}, 'context', diagnostics)
  const context = contextJson && contextFromJson(contextJson.json, { ...origin, ...contextJson.place }, action)
  const entities = entitiesOf(given.entities ?? [], origin)
  diagnostics.throwIfErrors()
  return checkParts({ principal, action, resource, context: context!.fields, entities: entities! }, target)
}

function entitiesOf(given: unknown, origin: JsonOrigin): EntityRecord[] | undefined {
  if (typeof given !== 'string') return entitiesFromJs(given, 'entities', origin)
  return entitiesFromText({ path: '<entities>', text: given }, origin)?.entities
}

/** A context as JSON text, for who needs it more than once: it is read here. Throws a `RuneError` for what can be no context. */
export function contextText(input: unknown): string {
  const diagnostics = new Diagnostics()
  const read = jsonOf(input ?? {}, 'context', diagnostics)
  const context = read && contextFromJson(read.json, { diagnostics, ...read.place }, entityUid('Action', ''))
  diagnostics.throwIfErrors()
  if (context!.fields.has('facts')) throw refuseFacts()
  return printJson(read!.json)
}

/** Checks a request whose parts are values already. Throws a `RuneError` for what can't be decided. */
export function checkParts(request: Required<CheckedRequest>, target: RequestTarget): CheckedRequest {
  const { settings, schema } = target.program
  const { principal, action, resource } = request
  if (request.context.has('facts')) throw refuseFacts()
  const context = fieldsOf(request.context, settings)
  const entities = request.entities.map((entity) => normaliseEntity(entity, settings))
  checkEntities(entities, target.image)
  const checked = { principal, action, resource, context, ...(entities.length > 0 && { entities }) }
  if (schema) {
    const diagnostics = new Diagnostics()
    const report: Report = ({ code, message, help }) =>
      diagnostics.error(code, message, undefined, help === undefined ? {} : { help })
    conformRequest({ principal, action, resource, context: { kind: 'record', fields: context } }, schema, report)
    conformEntities(entities, schema, report)
    diagnostics.throwIfErrors()
  }
  return checked
}

function refuseFacts(): RuneError {
  const message = 'the context has the key `facts`, which is where policies find what rules derive'
  return refuseRequest(message, 'R742', 'rename the key')
}

/** The uid that a caller means. Throws a `RuneError` where there is none. */
export function uidOf(input: unknown, place: Place, settings: Settings): EntityUid {
  const uid = normaliseUid(readUid(input, place, settings), settings.pathTypes)
  if ('error' in uid) throw refuseRequest(`${place}: ${uid.error}`, 'R741', uid.help)
  return uid
}

function readUid(input: unknown, place: Place, settings: Settings): EntityUid {
  if (typeof input === 'string') {
    const literal = parseEntityUid(input)
    if (literal) return literal
    if (looksLikeEntityLiteral(input)) {
      throw refuseRequest(
        `${place}: \`${printBriefly(input)}\` is no entity literal`,
        'R741',
        'pass `{ type, id }` for ids that others control',
      )
    }
    return withDefaultType(input, place, settings)
  }
  const isObject = typeof input === 'object' && input !== null
  // Each is read once: what was checked is what is used.
  const [type, id] = isObject ? ['type', 'id'].map((name) => propertyOf(input, name, `\`${place}.${name}\``)) : []
  if (typeof id !== 'string') {
    throw refuseRequest(`${place}: an entity is an entity literal, a bare id or \`{ type, id }\``, 'R741')
  }
  if (type === undefined) return withDefaultType(id, place, settings)
  if (typeof type !== 'string' || !isTypeName(type)) {
    const what = typeof type === 'string' ? `\`${printBriefly(type)}\`` : 'the type'
    throw refuseRequest(`${place}: ${what} is no name of a type`, 'R741')
  }
  return checkedUid(type, id, place)
}

function withDefaultType(id: string, place: Place, settings: Settings): EntityUid {
  const type = {
    principal: settings.defaultPrincipalType,
    action: settings.defaultActionType,
    resource: settings.defaultResourceType,
  }[place]
  if (type !== undefined) return checkedUid(type, id, place)
  throw refuseRequest(
    `${place}: \`${printBriefly(id)}\` has no type, and there is no \`default_${place}_type\``,
    'R741',
    `write the type too, as in \`User::${printBriefly(id)}\`, or set \`default_${place}_type\` in [options]`,
  )
}

function checkedUid(type: string, id: string, place: string): EntityUid {
  if (!id.isWellFormed()) throw refuseRequest(`${place}: the id is not well-formed Unicode`, 'R741')
  return entityUid(type, id)
}

/** Places are known of JSON text alone. */
function jsonOf(
  input: unknown,
  path: string,
  diagnostics: Diagnostics,
): { readonly json: Json; readonly place: { readonly locate?: Locate } } | undefined {
  const text = typeof input === 'string' ? { source: { path: `<${path}>`, text: input } } : undefined
  const json = text ? parseJson(text, diagnostics) : jsonFromJs(input, path, diagnostics)
  return json === undefined ? undefined : { json, place: text ? { locate: jsonLocator(text) } : {} }
}

function fieldsOf(fields: ReadonlyMap<string, Value>, settings: Settings): ReadonlyMap<string, Value> {
  const normal = normaliseValue({ kind: 'record', fields }, settings.pathTypes)
  if (isRefusal(normal)) throw refuseRequest(normal.error, 'R741', normal.help)
  return (normal as { fields: ReadonlyMap<string, Value> }).fields
}

/** The entity with its uids in normal form. Throws a `RuneError` where one has none. */
export function normaliseEntity(entity: EntityRecord, settings: Settings): EntityRecord {
  if (settings.pathTypes.size === 0) return entity
  const uid = (of: EntityUid): EntityUid => {
    const normal = normaliseUid(of, settings.pathTypes)
    if ('error' in normal) throw refuseRequest(`entities: ${normal.error}`, 'R741', normal.help)
    return normal
  }
  return {
    uid: uid(entity.uid),
    attrs: fieldsOf(entity.attrs, settings),
    tags: fieldsOf(entity.tags, settings),
    parents: entity.parents.map(uid),
  }
}

/** No entity may be given twice in different forms, or differ from what is stored under its uid. */
function checkEntities(entities: readonly EntityRecord[], image: Image): void {
  distinctEntities(entities, ({ message, help }) => {
    throw refuseRequest(`entities: ${message}`, 'R743', help)
  })
  for (const entity of entities) {
    const stored = storedEntity(image, entity.uid)
    if (stored === undefined || sameEntity(entity, stored)) continue
    const message = `entities: \`${printEntityUid(entity.uid)}\` is stored already, in another form`
    throw refuseRequest(message, 'R743', 'a request can add entities, and change none')
  }
}

/** That a request is refused. */
export function refuseRequest(message: string, code: 'R741' | 'R742' | 'R743' = 'R741', help?: string): RuneError {
  return runeError(code, message, help === undefined ? {} : { help })
}
