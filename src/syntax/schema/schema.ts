/**
 * The resolved schema: entity types, actions and their types as data, all names full and common types expanded. Made from
 * the JSON that cedar-wasm resolves a schema to; owns neither that call (`read-schema.ts`) nor conformance
 * (`json/conform.ts`). Spec: Cedar's "JSON schema format".
 */
import { assert } from '../../text/assert.ts'
import { printEntityUid } from '../../values/entity-uid.ts'
import { type EntityUid, entityUid } from '../../values/value.ts'
import type { Json } from '../json/json.ts'

export interface Schema {
  /** By full name. */
  readonly entityTypes: ReadonlyMap<string, EntityType>
  /** By printed uid. */
  readonly actions: ReadonlyMap<string, Action>
}

export interface EntityType {
  readonly attributes: RecordType
  /** The type of every tag; entities have no tags if absent. */
  readonly tags?: SchemaType
  /** The types that parents may have, as declared: not closed transitively. */
  readonly memberOf: readonly string[]
  /** The ids of an enumerated type. */
  readonly enum?: readonly string[]
}

export interface Action {
  readonly uid: EntityUid
  /** Parents as declared: not closed transitively. */
  readonly memberOf: readonly EntityUid[]
  readonly principals: readonly string[]
  readonly resources: readonly string[]
  readonly context: RecordType
}

export type SchemaType =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: 'entity'; readonly name: string }
  | { readonly kind: 'set'; readonly element: SchemaType }
  | RecordType

export type PrimitiveKind = 'string' | 'long' | 'bool' | 'decimal' | 'ipaddr' | 'datetime' | 'duration'

export interface RecordType {
  readonly kind: 'record'
  readonly attributes: ReadonlyMap<string, { readonly type: SchemaType; readonly required: boolean }>
}

/** The schema that `json` states. INVARIANT: it is the resolved JSON of a schema that cedar-wasm accepts. */
export function schemaFromJson(json: Json): Schema {
  const namespaces = fieldsOf(json)
  const entityTypes = new Map<string, EntityType>()
  const actions = new Map<string, Action>()
  const resolver: Resolver = { declared: new Map(), resolved: new Map(), open: new Set() }
  for (const [namespace, definition] of namespaces) {
    for (const [name, type] of fieldsOf(fieldsOf(definition).get('commonTypes'))) {
      resolver.declared.set(qualify(namespace, name), type)
    }
  }
  for (const [namespace, definition] of namespaces) {
    const fields = fieldsOf(definition)
    for (const [name, type] of fieldsOf(fields.get('entityTypes'))) {
      entityTypes.set(qualify(namespace, name), entityTypeOf(type, resolver))
    }
    for (const [id, action] of fieldsOf(fields.get('actions'))) {
      const made = actionOf(id, action, namespace, resolver)
      actions.set(printEntityUid(made.uid), made)
    }
  }
  return { entityTypes, actions }
}

/** Whether the common types of a resolved schema stay within limits once they are written out. Linear in the schema. */
export function areTypesBounded(json: Json): boolean {
  const sizes = new Map<string, Size>()
  const declared = new Map<string, Json>()
  for (const [namespace, definition] of fieldsOf(json)) {
    for (const [name, type] of fieldsOf(fieldsOf(definition).get('commonTypes')))
      declared.set(qualify(namespace, name), type)
  }
  const measure = (type: Json, depth: number): Size => {
    if (depth > TYPE_DEPTH_MAX) return TOO_LARGE
    if (Array.isArray(type)) return sum(type, depth)
    if (!(type instanceof Map)) return { nodes: 1, depth: 0 }
    const name = type.get('type')
    const common = typeof name === 'string' ? declared.get(name) : undefined
    if (common === undefined || typeof name !== 'string') return sum(type.values(), depth)
    const known = sizes.get(name)
    if (known !== undefined) return known
    // Met again inside of itself, it counts as nothing: cedar-wasm reports the cycle.
    sizes.set(name, { nodes: 1, depth: 0 })
    const size = measure(common, depth + 1)
    sizes.set(name, size)
    return size
  }
  const sum = (parts: Iterable<Json>, depth: number): Size => {
    let nodes = 1
    let deepest = 0
    for (const part of parts) {
      const size = measure(part, depth + 1)
      nodes += size.nodes
      deepest = Math.max(deepest, size.depth + 1)
    }
    return nodes > TYPE_NODES_MAX || deepest > TYPE_DEPTH_MAX ? TOO_LARGE : { nodes, depth: deepest }
  }
  return measure(json, 0) !== TOO_LARGE
}

interface Size {
  readonly nodes: number
  readonly depth: number
}

const TYPE_NODES_MAX = 2_000_000
const TYPE_DEPTH_MAX = 500
const TOO_LARGE: Size = { nodes: Number.POSITIVE_INFINITY, depth: 0 }

const EMPTY_RECORD: RecordType = { kind: 'record', attributes: new Map() }

/** Common types, each resolved once and then shared. */
interface Resolver {
  readonly declared: Map<string, Json>
  readonly resolved: Map<string, SchemaType>
  readonly open: Set<string>
}

function entityTypeOf(json: Json, resolver: Resolver): EntityType {
  const fields = fieldsOf(json)
  const ids = fields.get('enum')
  if (ids !== undefined) return { attributes: EMPTY_RECORD, memberOf: [], enum: listOf(ids).map(textOf) }
  const tags = fields.get('tags')
  return {
    attributes: recordOf(fields.get('shape'), resolver),
    memberOf: listOf(fields.get('memberOfTypes')).map((name) => textOf(name)),
    ...(tags !== undefined && { tags: typeOf(tags, resolver) }),
  }
}

function actionOf(id: string, json: Json, namespace: string, resolver: Resolver): Action {
  const fields = fieldsOf(json)
  const appliesTo = fieldsOf(fields.get('appliesTo'))
  return {
    uid: entityUid(qualify(namespace, 'Action'), id),
    memberOf: listOf(fields.get('memberOf')).map((parent) => {
      const uid = fieldsOf(parent)
      return entityUid(textOf(uid.get('type') ?? qualify(namespace, 'Action')), textOf(uid.get('id')))
    }),
    principals: listOf(appliesTo.get('principalTypes')).map(textOf),
    resources: listOf(appliesTo.get('resourceTypes')).map(textOf),
    context: recordOf(appliesTo.get('context'), resolver),
  }
}

function recordOf(json: Json | undefined, resolver: Resolver): RecordType {
  if (json === undefined) return EMPTY_RECORD
  const type = typeOf(json, resolver)
  assert(type.kind === 'record', 'a shape is a record')
  return type
}

const PRIMITIVES: ReadonlyMap<string, PrimitiveKind> = new Map([
  ['String', 'string'],
  ['Long', 'long'],
  ['Bool', 'bool'],
  ['Boolean', 'bool'],
  ['decimal', 'decimal'],
  ['ipaddr', 'ipaddr'],
  ['datetime', 'datetime'],
  ['duration', 'duration'],
])

function typeOf(json: Json, resolver: Resolver): SchemaType {
  const fields = fieldsOf(json)
  const name = textOf(fields.get('type'))
  switch (name) {
    case 'Set':
      return { kind: 'set', element: typeOf(fields.get('element') ?? null, resolver) }
    case 'Record':
      return {
        kind: 'record',
        attributes: new Map(
          [...fieldsOf(fields.get('attributes'))].map(([key, attribute]) => {
            const required = fieldsOf(attribute).get('required') !== false
            return [key, { type: typeOf(attribute, resolver), required }]
          }),
        ),
      }
    case 'Entity':
      return { kind: 'entity', name: textOf(fields.get('name')) }
    case 'Extension':
      return primitive(textOf(fields.get('name')))
    default:
      return namedType(name, resolver)
  }
}

/** The type that a full name means: a common type, or else a primitive one. */
function namedType(name: string, resolver: Resolver): SchemaType {
  const declared = resolver.declared.get(name)
  if (declared === undefined) return primitive(name)
  const known = resolver.resolved.get(name)
  if (known !== undefined) return known
  assert(!resolver.open.has(name), 'common types do not hold themselves')
  resolver.open.add(name)
  const type = typeOf(declared, resolver)
  resolver.open.delete(name)
  resolver.resolved.set(name, type)
  return type
}

function primitive(name: string): SchemaType {
  const kind = PRIMITIVES.get(name.replace(/^__cedar::/, ''))
  assert(kind !== undefined, `a type of a resolved schema is unknown: ${name}`)
  return { kind }
}

function qualify(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}::${name}`
}

function fieldsOf(json: Json | undefined): ReadonlyMap<string, Json> {
  if (json === undefined) return new Map()
  assert(json instanceof Map, 'an object stands here in a resolved schema')
  return json
}

function listOf(json: Json | undefined): readonly Json[] {
  if (json === undefined) return []
  assert(Array.isArray(json), 'a list stands here in a resolved schema')
  return json
}

function textOf(json: Json | undefined): string {
  assert(typeof json === 'string', 'a string stands here in a resolved schema')
  return json
}
